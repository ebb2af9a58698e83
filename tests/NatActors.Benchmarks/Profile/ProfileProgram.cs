using System.Diagnostics;
using System.Globalization;
using NatActors.Benchmarks.Suite;

namespace NatActors.Benchmarks.Profile;

/// <summary>
/// Where the time of a benchmark goes: runs it over and over in processes of its own, has Linux's <c>perf</c> sample their stacks, managed,
/// native and kernel, and adds the samples up by function.
/// </summary>
internal static class ProfileProgram
{
    public const string Word = "profile";

    public const string Usage = """
        usage: ./build.sh bench profile BENCHMARK [SECONDS [WARMUP]]

        Runs the benchmark without js-libp2p for so many seconds (default 10) after a warm-up (default 10), and prints for each
        of its processes the functions in which the most samples of the processor were taken: alone, and with what they called.
        Needs Linux's perf (Debian: linux-perf) and the right to use it: root, or kernel.perf_event_paranoid at 1 or less.
        """;

    /// <summary>For both: in so long code is compiled for good on an idle machine, and there are samples enough.</summary>
    private const int DefaultSeconds = 10;

    private const string Frequency = "997";

    public static async Task<int> RunAsync(IReadOnlyList<IBenchmark> benchmarks, IReadOnlyList<string> words)
    {
        if (words is ["--help" or "-h" or "help"])
        {
            Console.WriteLine(Usage);
            return SuiteProgram.Success;
        }

        var (verb, seconds, warmUp) = (words.FirstOrDefault(), DefaultSeconds, DefaultSeconds);
        var areCounts = (words.Count < 2 || TryCount(words[1], out seconds)) && (words.Count < 3 || TryCount(words[2], out warmUp));
        if (verb is null || words.Count > 3 || !areCounts || benchmarks.All(one => one.Verb != verb))
        {
            Console.Error.WriteLine(verb is null ? "bench: profile takes the name of a benchmark"
                : benchmarks.All(one => one.Verb != verb) ? $"bench: there is no benchmark '{verb}': ./build.sh bench --list shows them"
                : "bench: profile takes two numbers of seconds from 1 at most");
            Console.Error.WriteLine(Usage);
            return SuiteProgram.Misused;
        }

        var data = Path.GetTempFileName();
        try
        {
            var roles = await RecordAsync(verb, seconds, TimeSpan.FromSeconds(warmUp), data);
            await PrintAsync(data, roles);
            return SuiteProgram.Success;
        }
        catch (IOException stopped)
        {
            Console.Error.WriteLine($"bench: {stopped.Message}");
            return SuiteProgram.Failed;
        }
        finally
        {
            File.Delete(data);
        }
    }

    private static bool TryCount(string text, out int count) => int.TryParse(text, CultureInfo.InvariantCulture, out count) && count > 0;

    private static async Task<IReadOnlyDictionary<int, string>> RecordAsync(string verb, int seconds, TimeSpan warmUp, string data)
    {
        using var run = Start(verb);
        try
        {
            Console.Error.WriteLine($"profile: {verb}, {warmUp.TotalSeconds:0} s of warm-up, then {seconds} s");
            if (run.WaitForExit(warmUp))
            {
                throw new IOException($"'{verb}' ended before it could be sampled: run it by itself to see why.");
            }

            var roles = ProcessTree.Below(run.Id, verb);
            var processes = string.Join(',', roles.Keys);
            await PerfAsync(
                _ => { }, "record", "-q", "-e", "cpu-clock", "-F", Frequency, "--call-graph", "fp", "-o", data, "-p", processes,
                "--", "sleep", seconds.ToString(CultureInfo.InvariantCulture));
            return roles;
        }
        finally
        {
            run.Kill(entireProcessTree: true);
            await run.WaitForExitAsync();
        }
    }

    /// <summary>The benchmark with names for what is compiled at run time, and far more rounds than it will come to.</summary>
    private static Process Start(string verb)
    {
        var start = OtherProcess.Again([verb, "--rounds", "100000", "--no-js"]);
        start.RedirectStandardError = true;
        start.Environment["DOTNET_PerfMapEnabled"] = "3";

        // Else compiled code is mapped from a file in memory, and perf looks for its names there.
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        var process = Process.Start(start) ?? throw new IOException("The benchmark did not start.");
        _ = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        return process;
    }

    private static async Task PrintAsync(string data, IReadOnlyDictionary<int, string> roles)
    {
        var samples = new PerfSamples();
        await PerfAsync(samples.Take, "script", "-i", data, "-F", "pid,ip,sym,dso");
        samples.TakeEnd();
        foreach (var (pid, role) in roles)
        {
            foreach (var line in samples.Of(pid).Lines(role))
            {
                Console.WriteLine(line);
            }
        }
    }

    private static async Task PerfAsync(Action<string> take, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("perf", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        Process perf;
        try
        {
            perf = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new IOException("there is no 'perf' here; on Debian: apt-get install linux-perf");
        }

        using (perf)
        {
            var complaint = perf.StandardError.ReadToEndAsync();
            while (await perf.StandardOutput.ReadLineAsync() is { } line)
            {
                take(line);
            }

            await perf.WaitForExitAsync();
            if (perf.ExitCode != 0)
            {
                throw new IOException($"perf failed: {(await complaint).Trim()}");
            }
        }
    }
}
