using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.Perf;

namespace NatActors.Fuzz.Entries.Protocols.Perf;

/// <summary>The asking side of a measurement against a server that answers early, too much, too little or not.</summary>
public sealed class PerfClientEntry : MachineEntry
{
    private const ulong Upload = 100;
    private const ulong Download = 200;

    /// <inheritdoc />
    public override string Name => "protocols.perf.client";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } = ["upload", "finish upload", "bytes", "ended", "progress"];

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 60).On(0, 60).On(1).After(EventClock.Seconds(2), 2, 100).On(4).On(2, 100)
            .After(EventClock.Seconds(1), 3).ToArray(),
        new EventScript().On(2, 1).On(3).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) =>
        new PerfRun(new PerfClient(Upload, Download, new PerfOptions(), now));

    private sealed class PerfRun(PerfClient client) : IMachineRun
    {
        private ulong _reported;
        private bool _ended;

        public void On(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            // Its driver ends with the stream, and with the first failure.
            if (_ended)
            {
                return;
            }

            switch (kind)
            {
                case 0: client.OnUploaded(client.NextUpload(arguments.Byte())); break;
                case 1 when client.NextUpload(1) == 0: client.OnUploadFinished(); break;
                case 2: _ended = !client.OnDownloaded(arguments.Byte(), now); break;
                case 3:
                    client.OnEnded(now);
                    Require.That(client.Result is null != client.Failure is null, "it ends with a result and a failure, or with neither");
                    _ended = true;
                    break;
                case 4 when client.TakeProgress(now) is { } progress:
                    _reported += progress.Bytes;
                    Require.That(progress.Time >= TimeSpan.Zero, "time goes back");
                    break;
            }

            Require.That(client.Uploaded <= Upload && client.Downloaded <= Download, "more is moved than asked for");
            Require.That(_reported <= client.Uploaded + client.Downloaded, "more is reported than was moved");
            Require.That(client.Failure is null || client.Result is null, "a failed measurement has a result");
        }

        public void End(TimeSpan now, ref FuzzDigest digest)
        {
            if (client.Result is { } result)
            {
                Require.That(result is { UploadBytes: Upload, DownloadBytes: Download }, "a result is not what was asked for");
                Require.That(result.UploadTime >= TimeSpan.Zero && result.DownloadTime >= TimeSpan.Zero, "a time is negative");
            }

            digest.Add((int)(client.Failure ?? 0));
            digest.Add(client.Downloaded);
        }
    }
}
