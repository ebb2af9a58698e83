using Google.Protobuf;
using NatActors.Multiformats;

namespace NatActors.Protocols.HolePunch;

/// <summary>Bytes to DCUtR messages and back: one message, without its length prefix.</summary>
public static class HolePunchCodec
{
    /// <summary>The protocol's name.</summary>
    public const string Protocol = "/libp2p/dcutr";

    /// <summary>The longest message accepted, in bytes, length prefix excluded (DCUtR.md: refuse larger than 4 KiB).</summary>
    public const int MaxMessageSize = 4096;

    /// <summary>
    /// The most addresses read of a message; what is punched to is bounded again by <see cref="PunchOptions.MaxCandidates"/>.
    /// </summary>
    public const int MaxAddresses = 64;

    /// <summary>Reads a message. An unreadable or unknown address is dropped, not the message.</summary>
    public static HolePunchDecoded Decode(ReadOnlySpan<byte> message)
    {
        // DCUtR.md, "RPC messages": the size is checked before anything is allocated.
        if (!ProtobufMessage.TryParse(Proto.HolePunch.Parser, message, MaxMessageSize, out var wire, out var failure))
        {
            return new HolePunchDecoded(null, failure == DecodeFailure.TooLarge ? HolePunchFault.TooLong : HolePunchFault.NotProtobuf);
        }

        return (wire.HasType ? wire.Type : default) switch
        {
            Proto.HolePunch.Types.Type.Connect =>
                new HolePunchDecoded(new HolePunchMessage.Connect(ReadAddresses(wire)), HolePunchFault.None),
            Proto.HolePunch.Types.Type.Sync => new HolePunchDecoded(new HolePunchMessage.Sync(), HolePunchFault.None),
            _ => new HolePunchDecoded(null, HolePunchFault.UnknownType),
        };
    }

    /// <summary>Writes a message.</summary>
    public static byte[] Encode(HolePunchMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var wire = new Proto.HolePunch();
        if (message is HolePunchMessage.Connect connect)
        {
            wire.Type = Proto.HolePunch.Types.Type.Connect;
            wire.ObsAddrs.AddRange(connect.ObservedAddresses.Select(a => ByteString.CopyFrom(a.Bytes.Span)));
        }
        else
        {
            wire.Type = Proto.HolePunch.Types.Type.Sync;
        }

        return wire.ToByteArray();
    }

    private static List<Multiaddr> ReadAddresses(Proto.HolePunch wire)
    {
        var addresses = new List<Multiaddr>();
        foreach (var bytes in wire.ObsAddrs.Take(MaxAddresses))
        {
            if (bytes.Length > 0 && Multiaddr.TryDecodeForeign(bytes.Span, out var address))
            {
                addresses.Add(address);
            }
        }

        return addresses;
    }
}
