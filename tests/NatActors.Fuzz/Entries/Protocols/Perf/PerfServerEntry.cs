using NatActors.Fuzz.Engine;
using NatActors.Protocols.Perf;

namespace NatActors.Fuzz.Entries.Protocols.Perf;

/// <summary>The answering side of a measurement, with small limits: it never sends more than asked for and allowed, nor after a
/// failure.</summary>
public sealed class PerfServerEntry : ChunkedEntry
{
    private const ulong Most = 1000;

    /// <inheritdoc />
    public override string Name => "protocols.perf.server";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.Bytes;

    /// <inheritdoc />
    public override FuzzBounds Bounds => new(AllocatedPerByte: 2, AllocatedConstant: 1024, StepsPerByte: 16, StepsConstant: 2048);

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
        [[0, 0, 0, 0, 0, 0, 1, 0, 9, 9], [0, 0, 0, 0, 0, 0, 3, 232], [0, 0, 0, 0, 0, 0, 3, 233], new byte[1009], [1, 2]];

    /// <inheritdoc />
    protected override IChunkReader Begin() => new Reader();

    private sealed class Reader : IChunkReader
    {
        private readonly PerfServer _server = new(new PerfOptions { MaxDownload = Most, MaxUpload = Most });

        public void Take(ReadOnlySpan<byte> chunk)
        {
            var good = _server.OnBytes(chunk);
            Require.That(good == (_server.Failure is null), "a failed measurement goes on");
            Require.That(_server.NextDownload(100) == 0, "it answers before the client has finished");
        }

        public FuzzOutcome End()
        {
            var good = _server.OnEnded();
            Require.That(good == (_server.Failure is null), "a failed measurement ends well");
            while (_server.NextDownload(64) is var next and > 0)
            {
                Require.That(next <= 64 && good, "it sends more than the buffer has, or after a failure");
                _server.OnSent(next);
            }

            Require.That(_server.Sent <= Most && (_server.Failure is not null || _server.Received <= Most), "it moves more than allowed");
            var digest = default(FuzzDigest);
            digest.Add(_server.Sent);
            return good ? FuzzOutcome.Taken(digest) : FuzzOutcome.Refused(_server.Failure!.Value);
        }
    }
}
