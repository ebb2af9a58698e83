using System.Buffers;
using NatActors.Fuzz.Engine;
using NatActors.Wire.Negotiation;

namespace NatActors.Fuzz.Entries.Wire;

/// <summary>Multistream-select from the side that proposes.</summary>
public sealed class MultistreamDialerEntry : ChunkedEntry
{
    private static readonly string[] Proposals = ["/noise", "/tls/1.0.0", "/plaintext/2.0.0"];

    public override string Name => "wire.multistream.dialer";

    public override InputShape Shape => InputShape.LengthPrefixed;

    public override FuzzBounds Bounds => new(AllocatedPerByte: 48, AllocatedConstant: 4 * 1024, StepsPerByte: 48, StepsConstant: 512);

    public override int Cost => 6;

    public override IReadOnlyList<byte[]> Words { get; } =
        [.. ((string[])[Multistream.Header, "na", .. Proposals, "/yamux/1.0.0", "ls"]).Select(word => FuzzKeys.Text(word + "\n"))];

    public override IEnumerable<byte[]> Seeds() =>
        [MultistreamSeeds.Of(Multistream.Header, "/noise"), MultistreamSeeds.Of(Multistream.Header, "na", "/tls/1.0.0"),
        MultistreamSeeds.Of(Multistream.Header, "na", "na", "na")];

    protected override IChunkReader Begin() => new Reader();

    private sealed class Reader : IChunkReader
    {
        private readonly MultistreamDialer _dialer = new(Proposals);
        private readonly ArrayBufferWriter<byte> _output = new(256);
        private FuzzDigest _digest;

        public Reader() => _dialer.Start(_output);

        public void Take(ReadOnlySpan<byte> chunk) =>
            MultistreamSeeds.Judge(_dialer.OnBytes(chunk, _output, out var consumed), chunk, consumed, ref _digest);

        public FuzzOutcome End()
        {
            _dialer.OnEnd();
            Require.That(_dialer.Protocol is null || (Proposals.Contains(_dialer.Protocol) && _dialer.Failure == NegotiationFailure.None),
                "agreed and failed, or on nothing proposed");
            _digest.Add(_dialer.Protocol);
            _digest.Add((int)_dialer.Failure);
            _digest.Add(_output.WrittenSpan);
            return new FuzzOutcome(_dialer.Protocol is not null, _digest.Value);
        }
    }
}

/// <summary>Multistream-select from the side that answers.</summary>
public sealed class MultistreamListenerEntry : ChunkedEntry
{
    private static readonly string[] Supported = ["/noise", "/yamux/1.0.0", "/ipfs/id/1.0.0"];

    public override string Name => "wire.multistream.listener";

    public override InputShape Shape => InputShape.LengthPrefixed;

    public override FuzzBounds Bounds => new(AllocatedPerByte: 64, AllocatedConstant: 4 * 1024, StepsPerByte: 48, StepsConstant: 512);

    public override int Cost => 20;

    public override IReadOnlyList<byte[]> Words { get; } =
        [.. ((string[])[Multistream.Header, "na", "ls", .. Supported, "/x"]).Select(word => FuzzKeys.Text(word + "\n"))];

    public override IEnumerable<byte[]> Seeds() =>
    [
        MultistreamSeeds.Of(Multistream.Header, "/noise"), MultistreamSeeds.Of(Multistream.Header, "/a", "/b", "/yamux/1.0.0"),
        MultistreamSeeds.Of(Multistream.Header, "ls"),
        MultistreamSeeds.Of([Multistream.Header, .. Enumerable.Repeat("/x", Multistream.MaxRounds + 2)]),
    ];

    protected override IChunkReader Begin() => new Reader();

    private sealed class Reader : IChunkReader
    {
        private readonly MultistreamListener _listener = new(Supported.Contains);
        private readonly ArrayBufferWriter<byte> _output = new(256);
        private FuzzDigest _digest;

        public void Take(ReadOnlySpan<byte> chunk) =>
            MultistreamSeeds.Judge(_listener.OnBytes(chunk, _output, out var consumed), chunk, consumed, ref _digest);

        public FuzzOutcome End()
        {
            _listener.OnEnd();
            Require.That(_listener.Protocol is null
                || (Supported.Contains(_listener.Protocol) && _listener.Failure == NegotiationFailure.None),
                    "agreed and failed, or on nothing supported");
            Require.That(_output.WrittenCount <= 40 + (Multistream.MaxRounds * 20), "an endless negotiation is answered endlessly");
            _digest.Add(_listener.Protocol);
            _digest.Add((int)_listener.Failure);
            _digest.Add(_output.WrittenSpan);
            return new FuzzOutcome(_listener.Protocol is not null, _digest.Value);
        }
    }
}

/// <summary>What both have in common.</summary>
internal static class MultistreamSeeds
{
    public static byte[] Of(params string[] lines)
    {
        var output = new ArrayBufferWriter<byte>();
        foreach (var line in lines)
        {
            Multistream.WriteMessage(output, line);
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>What is behind the negotiation belongs to somebody else: it is only counted.</summary>
    public static void Judge(NegotiationStatus status, ReadOnlySpan<byte> chunk, int consumed, ref FuzzDigest digest)
    {
        Require.That(status != NegotiationStatus.NeedMoreData || consumed == chunk.Length, "more is needed and some is left");
        digest.AddStream(status == NegotiationStatus.Agreed ? chunk[consumed..] : []);
    }
}
