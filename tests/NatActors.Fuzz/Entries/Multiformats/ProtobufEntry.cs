using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Wire.Security.Proto;

namespace NatActors.Fuzz.Entries.Multiformats;

/// <summary>The outline of protobuf messages against the parser: what passes the first must not surprise the second.</summary>
public sealed class ProtobufEntry : FuzzEntry
{
    private const int Longest = 4096;

    public override string Name => "multiformats.protobuf";

    public override InputShape Shape => InputShape.Protobuf;

    public override FuzzBounds Bounds => new(AllocatedPerByte: 80, AllocatedConstant: 2 * 1024, StepsPerByte: 64, StepsConstant: 512);

    public override int Cost => 25;

    public override IEnumerable<byte[]> Seeds() =>
    [
        new NoiseHandshakePayload
        {
            IdentityKey = Google.Protobuf.ByteString.CopyFrom(1, 2, 3),
            IdentitySig = Google.Protobuf.ByteString.CopyFrom(new byte[64]),
            Extensions = new NoiseExtensions { StreamMuxers = { "/yamux/1.0.0", "/mplex/6.7.0" },
                WebtransportCerthashes = { Google.Protobuf.ByteString.CopyFrom(9) } },
        }.ToSeed(),
        [0x08, 0x96, 0x01], [0x12, 0x00], [0x1d, 1, 2, 3, 4], [0x19, 1, 2, 3, 4, 5, 6, 7, 8], [0x22, 2, 0x0a, 0],
    ];

    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        if (!ProtobufMessage.TryParse(NoiseHandshakePayload.Parser, input, Longest, out var message, out var failure))
        {
            return FuzzOutcome.Refused(failure);
        }

        var written = message.ToSeed();
        Require.That(
            ProtobufMessage.TryParse(NoiseHandshakePayload.Parser, written, Longest, out var again, out _) && again.Equals(message),
            "a message is another one by its own bytes");
        var digest = default(FuzzDigest);
        digest.Add(written);
        return FuzzOutcome.Taken(digest);
    }
}

/// <summary>Seeds of generated messages.</summary>
public static class ProtobufSeeds
{
    /// <summary>The message's bytes.</summary>
    public static byte[] ToSeed(this Google.Protobuf.IMessage message) => Google.Protobuf.MessageExtensions.ToByteArray(message);
}
