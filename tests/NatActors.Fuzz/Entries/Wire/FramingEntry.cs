using NatActors.Fuzz.Engine;
using NatActors.Wire.Framing;

namespace NatActors.Fuzz.Entries.Wire;

/// <summary>Length-prefixed messages.</summary>
public sealed class FramingEntry : ChunkedEntry
{
    private const int MaxMessageSize = 1024;

    public override string Name => "wire.framing.scanner";

    public override InputShape Shape => InputShape.LengthPrefixed;

    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 48, AllocatedConstant: MaxMessageSize + 512, StepsPerByte: 48, StepsConstant: 256);

    public override int Cost => 40;

    public override IEnumerable<byte[]> Seeds() =>
        [[3, 1, 2, 3, 0, 1, 9], [.. MessageWriter.Frame(new byte[300]), .. MessageWriter.Frame([7])], [0x80, 0],
        [0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80], MessageWriter.Frame(new byte[MaxMessageSize])];

    protected override IChunkReader Begin() => new Reader();

    private sealed class Reader : IChunkReader
    {
        private readonly MessageScanner _scanner = new(MaxMessageSize);
        private FuzzDigest _digest;

        public void Take(ReadOnlySpan<byte> chunk)
        {
            while (_scanner.Failure == FramingFailure.None && !chunk.IsEmpty)
            {
                var status = _scanner.Read(chunk, out var consumed);
                Require.That(consumed > 0, "bytes are there and none is taken");
                if (status == ScanStatus.Message)
                {
                    Require.That(_scanner.Message.Length <= MaxMessageSize, "a message is longer than allowed");
                    _digest.Add(_scanner.Message.Span);
                }

                Require.That(status != ScanStatus.NeedMoreData || consumed == chunk.Length, "more is needed and some is left");
                chunk = chunk[consumed..];
            }
        }

        public FuzzOutcome End()
        {
            _digest.Add((int)_scanner.Failure);
            _digest.Add(_scanner.IsInsideMessage);
            return new FuzzOutcome(_scanner.Failure == FramingFailure.None && !_scanner.IsInsideMessage, _digest.Value);
        }
    }
}
