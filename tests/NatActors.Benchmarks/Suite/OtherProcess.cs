using System.Diagnostics;

namespace NatActors.Benchmarks.Suite;

/// <summary>
/// A second process of this very program, for the other end of a measurement: it plays a <see cref="Role"/> of some benchmark, until this
/// process disposes it or dies.
/// </summary>
internal sealed class OtherProcess : IAsyncDisposable
{
    /// <summary>The word by which the program knows that it is such a process.</summary>
    public const string Word = "--play";

    /// <summary>A guard, far above what any answer takes.</summary>
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(5);

    /// <summary>How long one may take to end by itself.</summary>
    private static readonly TimeSpan EndGuard = TimeSpan.FromSeconds(20);

    private readonly Process _process;

    private OtherProcess(Process process) => _process = process;

    public int Id => _process.Id;

    /// <summary>Processor time that it has used so far.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Bytes of its memory that are resident.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Starts one in that role.</summary>
    /// <param name="role">One of the <see cref="IBenchmark.Roles"/>.</param>
    /// <param name="arguments">What <see cref="RoleTalk.Arguments"/> says there.</param>
    public static OtherProcess Start(string role, params IEnumerable<string> arguments) => StartWith([], role, arguments);

    /// <summary>Starts one with environment variables set besides, as <c>DOTNET_gcServer</c>.</summary>
    public static OtherProcess StartWith(
        IReadOnlyDictionary<string, string> environment, string role, params IEnumerable<string> arguments) =>
        StartWith([.. environment], role, arguments);

    private static OtherProcess StartWith(KeyValuePair<string, string>[] environment, string role, IEnumerable<string> arguments)
    {
        var start = Again([Word, role, .. arguments]);
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new OtherProcess(Process.Start(start) ?? throw new IOException("The other process did not start."));
    }

    /// <summary>How this very program is started once more, its standard input and output in our hands.</summary>
    public static ProcessStartInfo Again(IEnumerable<string> words)
    {
        // Under the dotnet command the program is its first argument; an executable of its own is the whole command.
        var isHosted = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
        string[] program = isHosted ? [typeof(OtherProcess).Assembly.Location] : [];
        return new ProcessStartInfo(Environment.ProcessPath!, [.. program, .. words])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
    }

    public async Task TellAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Its next line; it has to say one.</summary>
    public async Task<string> HearAsync() =>
        await _process.StandardOutput.ReadLineAsync().WaitAsync(Guard) ?? throw new IOException("The other process has ended.");

    public async Task<string> AskAsync(string line)
    {
        await TellAsync(line);
        return await HearAsync();
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync().WaitAsync(EndGuard);
        }
        catch (TimeoutException)
        {
            _process.Kill();
        }
        catch (IOException)
        {
            // It has ended already.
        }

        _process.Dispose();
    }
}
