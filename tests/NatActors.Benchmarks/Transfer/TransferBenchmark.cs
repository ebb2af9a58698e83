using NatActors.Benchmarks.Suite;

namespace NatActors.Benchmarks.Transfer;

/// <summary>
/// Upload, download and ping between two processes on loopback, next to the yardstick in the same run: what counts is the ratio, for
/// machines differ and so do their neighbours.
/// </summary>
internal sealed class TransferBenchmark : IBenchmark
{
    private const string MibSize = "transfer.mib";
    private const string Server = "transfer-server";
    private const double Mebibyte = 1024 * 1024;

    /// <summary>Of what two .NET processes reach with the same AEAD over a bare socket.</summary>
    private const double RatioGoal = 0.6;

    public string Verb => "transfer";

    public string Summary => "one stream over TCP + Noise + yamux, beside a bare socket with the same AEAD in 64 KiB frames";

    public IReadOnlyList<Size> Sizes =>
        [new(MibSize, "MiB of one transfer", 256, 32)];

    public IReadOnlyList<Role> Roles => [new(Server, ServeAsync)];

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchRun run)
    {
        await using var server = OtherProcess.Start(Server);
        var ports = (await server.HearAsync()).Split(' ').Select(int.Parse).ToArray();
        var stack = await Stack.ConnectAsync(ports[1]);
        var bytes = run.Size(MibSize) * (long)Mebibyte;
        var (bareUp, up, bareDown, down) = (new Series(), new Series(), new Series(), new Series());
        foreach (var round in run.Rounds())
        {
            bareUp.Add(round, Rate(bytes, BareSocket.Upload(ports[0], bytes)));
            up.Add(round, Rate(bytes, await stack.UploadAsync(bytes)));
            bareDown.Add(round, Rate(bytes, BareSocket.Download(ports[0], bytes)));
            down.Add(round, Rate(bytes, await stack.DownloadAsync(bytes)));
        }

        await stack.CloseAsync();
        return
        [
            new Figure("transfer.upload", "one stream, upload", "MiB/s", up)
            {
                Goal = Goal.RatioAtLeast(RatioGoal),
                Beside = [Yardstick.Of("bare socket", bareUp)],
            },
            new Figure("transfer.download", "one stream, download", "MiB/s", down)
            {
                Goal = Goal.RatioAtLeast(RatioGoal),
                Beside = [Yardstick.Of("bare socket", bareDown)],
            },
        ];
    }

    private static async Task ServeAsync(RoleTalk talk)
    {
        await talk.TellAsync($"{BareSocket.Listen()} {Stack.Listen()}");
        await talk.UntilEndAsync();
    }

    private static double Rate(long bytes, TimeSpan time) => bytes / Mebibyte / time.TotalSeconds;
}
