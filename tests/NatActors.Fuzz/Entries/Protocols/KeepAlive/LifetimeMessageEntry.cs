using NatActors.Fuzz.Engine;
using NatActors.Protocols.KeepAlive;

namespace NatActors.Fuzz.Entries.Protocols.KeepAlive;

/// <summary>Messages of the lifetime protocol.</summary>
public sealed class LifetimeMessageEntry : FuzzEntry
{
    /// <inheritdoc />
    public override string Name => "protocols.keepalive.message";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.Protobuf;

    /// <inheritdoc />
    public override FuzzBounds Bounds => new(AllocatedPerByte: 128, AllocatedConstant: 8 * 1024, StepsPerByte: 128, StepsConstant: 4096);

    /// <inheritdoc />
    public override int MaxLength => LifetimeCodec.MaxMessageSize + 16;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        LifetimeCodec.Encode(new LifetimeMessage.Ask([TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(8)])),
        LifetimeCodec.Encode(new LifetimeMessage.Grant([new byte[16], new byte[16]])),
        LifetimeCodec.Encode(new LifetimeMessage.Refuse(LifetimeRefusal.Busy)),
        LifetimeCodec.Encode(new LifetimeMessage.Sent(3)),
    ];

    /// <inheritdoc />
    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var decoded = LifetimeCodec.Decode(input);
        Require.That(decoded.Message is null == (decoded.Fault != LifetimeFault.None), "a message and a fault at once, or neither");
        if (decoded.Message is not { } message)
        {
            return FuzzOutcome.Refused(decoded.Fault);
        }

        var again = LifetimeCodec.Decode(LifetimeCodec.Encode(message)).Message;
        var digest = default(FuzzDigest);
        switch (message, again)
        {
            case (LifetimeMessage.Ask ask, LifetimeMessage.Ask written):
                Require.That(ask.Silences.Count is > 0 and <= LifetimeCodec.MaxMappings, "a number of mappings out of bounds");
                Require.That(ask.Silences.SequenceEqual(written.Silences), "an ask is written otherwise than it was read");
                digest.Add(ask.Silences[0]);
                break;
            case (LifetimeMessage.Grant grant, LifetimeMessage.Grant written):
                Require.That(grant.Tokens.Count is > 0 and <= LifetimeCodec.MaxMappings, "a number of mappings out of bounds");
                Require.That(
                    grant.Tokens.All(t => t.Length == LifetimeProtocol.TokenLength) && written.Tokens.Count == grant.Tokens.Count,
                    "a token of another length");
                digest.Add(grant.Tokens.Count);
                break;
            default:
                Require.That(message == again, "a message is written otherwise than it was read");
                break;
        }

        return FuzzOutcome.Taken(digest);
    }
}
