using System.Buffers;
using NatActors.Fuzz.Engine;
using NatActors.Protocols.Ping;

namespace NatActors.Fuzz.Entries.Protocols.Ping;

/// <summary>The echoing side: whatever comes goes back, in whole pings only.</summary>
public sealed class PingResponderEntry : ChunkedEntry
{
    /// <inheritdoc />
    public override string Name => "protocols.ping.responder";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.Bytes;

    // The echo is kept here to be compared: an array that doubles.
    /// <inheritdoc />
    public override FuzzBounds Bounds => new(AllocatedPerByte: 16, AllocatedConstant: 4 * 1024, StepsPerByte: 16, StepsConstant: 1024);

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() => [new byte[32], new byte[33], new byte[320], [1]];

    /// <inheritdoc />
    protected override IChunkReader Begin() => new Reader();

    private sealed class Reader : IChunkReader
    {
        private readonly PingResponder _responder = new(new PingOptions(), TimeSpan.Zero);
        private readonly ArrayBufferWriter<byte> _echo = new();
        private readonly ArrayBufferWriter<byte> _came = new();

        public void Take(ReadOnlySpan<byte> chunk)
        {
            _came.Write(chunk);
            _responder.OnBytes(chunk, _echo, TimeSpan.FromSeconds(_came.WrittenCount));
        }

        public FuzzOutcome End()
        {
            var whole = _came.WrittenCount / PingProtocol.PayloadLength * PingProtocol.PayloadLength;
            Require.Same(_came.WrittenSpan[..whole], _echo.WrittenSpan, "the echo is not what came");
            var inOrder = _responder.OnEnded();
            Require.That(inOrder == (whole == _came.WrittenCount), "an end in the middle of a ping is not told");
            var digest = default(FuzzDigest);
            digest.Add(whole);
            return new FuzzOutcome(inOrder, digest.Value);
        }
    }
}
