using System.Globalization;
using System.Text.Json;

namespace NatActors.Benchmarks.Transfer;

/// <summary>
/// Upload, download and ping between two processes on loopback, next to the yardstick in the same run: what counts is the ratio, for
/// machines differ and so do their neighbours.
/// </summary>
internal static class TransferBenchmark
{
    public const string Verb = "transfer";
    public const string Usage = "Usage: NatActors.Benchmarks [transfer] [--mib N] [--rounds N] [--pings N] [--json FILE] [--soak SECONDS]";

    private const double Mebibyte = 1024 * 1024;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static async Task<int> RunAsync(string[] args)
    {
        if (TransferOptions.Parse(args) is not { } options)
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        await using var server = await ServerProcess.StartAsync();
        var stack = await Stack.ConnectAsync(server.StackPort);
        if (options.Seconds > 0)
        {
            await SoakAsync(stack, options);
            return 0;
        }

        var samples = await MeasureAsync(server, stack, options);
        var pings = await stack.PingAsync(options.Pings);
        await stack.CloseAsync();
        Report(samples, Median(pings.Select(p => p.TotalMicroseconds)), await JsComparison.RunAsync(options), options);
        return 0;
    }

    private static async Task<Samples> MeasureAsync(ServerProcess server, Stack stack, TransferOptions options)
    {
        var samples = new Samples([], [], [], []);

        // The first round warms up: code is compiled, windows grow, buffers fill the pools.
        for (var round = 0; round <= options.Rounds; round++)
        {
            var bareUp = await SampleAsync(server, options, () => Task.FromResult(BareSocket.Upload(server.BarePort, options.Bytes)));
            var up = await SampleAsync(server, options, () => stack.UploadAsync(options.Bytes));
            var bareDown = await SampleAsync(server, options, () => Task.FromResult(BareSocket.Download(server.BarePort, options.Bytes)));
            var down = await SampleAsync(server, options, () => stack.DownloadAsync(options.Bytes));
            if (round > 0)
            {
                samples.BareUp.Add(bareUp);
                samples.Up.Add(up);
                samples.BareDown.Add(bareDown);
                samples.Down.Add(down);
            }
        }

        return samples;
    }

    private static async Task<Sample> SampleAsync(ServerProcess server, TransferOptions options, Func<Task<TimeSpan>> transfer)
    {
        var before = server.ProcessorTime;
        var time = await transfer();
        return new Sample(Rate(options.Bytes, time), (server.ProcessorTime - before).TotalMilliseconds / (options.Bytes / Mebibyte));
    }

    private static async Task SoakAsync(Stack stack, TransferOptions options)
    {
        var elapsed = TimeSpan.Zero;
        while (elapsed < TimeSpan.FromSeconds(options.Seconds))
        {
            var up = await stack.UploadAsync(options.Bytes);
            var down = await stack.DownloadAsync(options.Bytes);
            elapsed += up + down;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"up {Rate(options.Bytes, up):0} down {Rate(options.Bytes, down):0} MiB/s"));
        }
    }

    private static void Report(Samples samples, double pingMicroseconds, JsRates? js, TransferOptions options)
    {
        var upload = Row.Of("upload", samples.BareUp, samples.Up);
        var download = Row.Of("download", samples.BareDown, samples.Down);
        Console.WriteLine("TCP + Noise + yamux between two processes, medians; bare: a socket and the same AEAD in 64 KiB frames.");
        Console.WriteLine(
            $"{"",-10}{"bare MiB/s",12}{"stack MiB/s",13}{"ratio",8}{"bare CPU ms/MiB",18}{"stack CPU ms/MiB",18}{"ratio",8}");
        foreach (var row in new[] { upload, download })
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{row.What,-10}{row.BareMiBps,12:0}{row.StackMiBps,13:0}{row.Ratio,8:0.00}"
                + $"{row.BareCpu,18:0.00}{row.StackCpu,18:0.00}{row.CpuRatio,8:0.00}"));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"ping p50",-10}{pingMicroseconds,12:0} us"));
        Console.WriteLine(js is null
            ? "js-libp2p: not installed; run 'npm ci' in tests/interop to compare."
            : string.Create(
                CultureInfo.InvariantCulture,
                $"js-libp2p, MiB/s up and down: js to js {js.JsUp:0} {js.JsDown:0}; this stack to js {js.StackUp:0} {js.StackDown:0}"));
        if (options.JsonFile is { } file)
        {
            var result = new
            {
                benchmark = Verb,
                bytes = options.Bytes,
                rounds = options.Rounds,
                upload,
                download,
                pingP50Microseconds = pingMicroseconds,
                js,
            };
            File.WriteAllText(file, JsonSerializer.Serialize(result, Json));
        }
    }

    internal static double Rate(long bytes, TimeSpan time) => bytes / Mebibyte / time.TotalSeconds;

    internal static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <param name="MiBps">Payload over time.</param>
    /// <param name="Cpu">Processor milliseconds of both processes for one MiB: hardly moved by what else the machine does.</param>
    private sealed record Sample(double MiBps, double Cpu);

    private sealed record Samples(List<Sample> BareUp, List<Sample> Up, List<Sample> BareDown, List<Sample> Down);

    private sealed record Row(string What, double BareMiBps, double StackMiBps, double BareCpu, double StackCpu)
    {
        public double Ratio => StackMiBps / BareMiBps;

        public double CpuRatio => StackCpu / BareCpu;

        public static Row Of(string what, List<Sample> bare, List<Sample> stack) => new(
            what,
            Median(bare.Select(s => s.MiBps)),
            Median(stack.Select(s => s.MiBps)),
            Median(bare.Select(s => s.Cpu)),
            Median(stack.Select(s => s.Cpu)));
    }
}
