using Google.Protobuf;
using NatActors.Multiformats;
using WireType = NatActors.Protocols.KeepAlive.Proto.Lifetime.Types.Type;

namespace NatActors.Protocols.KeepAlive;

/// <summary>Bytes to <see cref="LifetimeMessage"/>s and back: one message, without its length prefix.</summary>
public static class LifetimeCodec
{
    /// <summary>The longest message accepted, in bytes: the longest that is sent has about 150.</summary>
    public const int MaxMessageSize = 1024;

    /// <summary>Mappings in one message at most. Ours: from one second to the longest silence doubling takes eight.</summary>
    public const int MaxMappings = 8;

    /// <summary>Reads a message.</summary>
    public static LifetimeDecoded Decode(ReadOnlySpan<byte> message)
    {
        // LifetimeProtocol: the size is checked before anything is allocated.
        if (!ProtobufMessage.TryParse(Proto.Lifetime.Parser, message, MaxMessageSize, out var wire, out var failure))
        {
            return new LifetimeDecoded(null, failure == DecodeFailure.TooLarge ? LifetimeFault.TooLong : LifetimeFault.NotProtobuf);
        }

        return wire.Type switch
        {
            WireType.Ask => Counted(wire.Silences.Count, () => new LifetimeMessage.Ask([.. wire.Silences.Select(s => TimeSpan.FromMilliseconds(s))])),
            WireType.Grant when wire.Tokens.Any(token => token.Length != LifetimeProtocol.TokenLength) =>
                new LifetimeDecoded(null, LifetimeFault.TokenLength),
            WireType.Grant => Counted(wire.Tokens.Count, () => new LifetimeMessage.Grant([.. wire.Tokens.Select(token => token.Memory)])),
            WireType.Refuse => new LifetimeDecoded(new LifetimeMessage.Refuse(Known(wire.Refusal)), LifetimeFault.None),
            WireType.Sent when wire.Mapping >= MaxMappings => new LifetimeDecoded(null, LifetimeFault.MappingCount),
            WireType.Sent => new LifetimeDecoded(new LifetimeMessage.Sent((int)wire.Mapping), LifetimeFault.None),
            _ => new LifetimeDecoded(null, LifetimeFault.UnknownType),
        };
    }

    /// <summary>Writes a message.</summary>
    public static byte[] Encode(LifetimeMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var wire = new Proto.Lifetime();
        switch (message)
        {
            case LifetimeMessage.Ask ask:
                wire.Type = WireType.Ask;
                wire.Silences.AddRange(ask.Silences.Select(silence => (uint)silence.TotalMilliseconds));
                break;
            case LifetimeMessage.Grant grant:
                wire.Type = WireType.Grant;
                wire.Tokens.AddRange(grant.Tokens.Select(token => ByteString.CopyFrom(token.Span)));
                break;
            case LifetimeMessage.Refuse refuse:
                wire.Type = WireType.Refuse;
                wire.Refusal = (uint)refuse.Reason;
                break;
            case LifetimeMessage.Sent sent:
                wire.Type = WireType.Sent;
                wire.Mapping = (uint)sent.Mapping;
                break;
        }

        return wire.ToByteArray();
    }

    private static LifetimeDecoded Counted(int count, Func<LifetimeMessage> message) => count is > 0 and <= MaxMappings
        ? new LifetimeDecoded(message(), LifetimeFault.None)
        : new LifetimeDecoded(null, LifetimeFault.MappingCount);

    private static LifetimeRefusal Known(uint refusal) =>
        refusal <= (uint)LifetimeRefusal.TooOften ? (LifetimeRefusal)refusal : LifetimeRefusal.None;
}
