using Google.Protobuf;
using NatActors.Multiformats;

namespace NatActors.Protocols.AutoNat;

/// <summary>Why a dial-back is in order, by the dial-data rule of autonat-v2.md ("Amplification Attack Prevention").</summary>
public enum DialBackBasis
{
    /// <summary>Not said: such an ask is refused.</summary>
    Unstated = 0,

    /// <summary>The client comes from the IP address that is to be dialed.</summary>
    ObservedIp = 1,

    /// <summary>The client has paid the dial data.</summary>
    DataPaid = 2,
}

/// <summary>A server asks a partner to dial back for it.</summary>
/// <param name="Peer">The client, which must prove itself at the address.</param>
/// <param name="Address">The address to dial.</param>
/// <param name="Nonce">What the client waits for.</param>
/// <param name="Basis">Why it is in order.</param>
public sealed record DialBackAsk(PeerId Peer, Multiaddr Address, ulong Nonce, DialBackBasis Basis);

/// <summary>What a partner answers. A code that is none of these is kept as its number, and counts as not tried.</summary>
public enum DialBackPartnerStatus
{
    /// <summary>Not said; no partner of ours does this.</summary>
    Unstated = 0,

    /// <summary>Not dialed: a limit, or an address that is never dialed.</summary>
    Refused = 1,

    /// <summary>Not dialed: the partner could not, by a fault on its side.</summary>
    Failed = 2,

    /// <summary>Dialed, and no connection to that peer came about.</summary>
    DialError = 100,

    /// <summary>Connected, but the nonce could not be handed over.</summary>
    DialBackError = 101,

    /// <summary>The nonce was handed over.</summary>
    Ok = 200,
}

/// <summary>A decoded ask, or why there is none.</summary>
public readonly record struct DialBackAskDecoded(DialBackAsk? Ask, AutoNatMessageFault Fault);

/// <summary>A decoded reply, or why there is none.</summary>
public readonly record struct DialBackReplyDecoded(DialBackPartnerStatus Status, AutoNatMessageFault Fault);

/// <summary>
/// Bytes to the two messages of <see cref="AutoNatProtocol.Partner"/> and back (src/README.md, "The dial-back partner protocol"): one
/// message, without its length prefix.
/// </summary>
public static class DialBackPartnerCodec
{
    /// <summary>The longest message accepted, in bytes, length prefix excluded: an ask is a peer id, an address and a few numbers.</summary>
    public const int MaxMessageSize = 1024;

    /// <summary>Reads an ask.</summary>
    public static DialBackAskDecoded DecodeAsk(ReadOnlySpan<byte> message)
    {
        // Partner protocol, "Messages": judged before anything is allocated.
        if (!ProtobufMessage.TryParse(Proto.Partner.Ask.Parser, message, MaxMessageSize, out var wire, out var failure))
        {
            return new DialBackAskDecoded(null, FaultOf(failure));
        }

        if (wire.Peer.IsEmpty)
        {
            return new DialBackAskDecoded(null, AutoNatMessageFault.NoPeer);
        }

        if (!PeerId.TryDecode(wire.Peer.Span, out var peer))
        {
            return new DialBackAskDecoded(null, AutoNatMessageFault.BadPeerId);
        }

        return Multiaddr.TryDecodeForeign(wire.Address.Span, out var address)
            ? new DialBackAskDecoded(new DialBackAsk(peer, address, wire.Nonce, (DialBackBasis)(int)wire.Basis), AutoNatMessageFault.None)
            : new DialBackAskDecoded(null, AutoNatMessageFault.BadAddress);
    }

    /// <summary>Reads a reply.</summary>
    public static DialBackReplyDecoded DecodeReply(ReadOnlySpan<byte> message)
    {
        if (!ProtobufMessage.TryParse(Proto.Partner.Reply.Parser, message, MaxMessageSize, out var wire, out var failure))
        {
            return new DialBackReplyDecoded(DialBackPartnerStatus.Unstated, FaultOf(failure));
        }

        var status = (DialBackPartnerStatus)(int)wire.Status;
        return new DialBackReplyDecoded(
            status, status == DialBackPartnerStatus.Unstated ? AutoNatMessageFault.NoStatus : AutoNatMessageFault.None);
    }

    /// <summary>Writes an ask.</summary>
    public static byte[] Encode(DialBackAsk ask)
    {
        ArgumentNullException.ThrowIfNull(ask);
        return new Proto.Partner.Ask
        {
            Peer = ByteString.CopyFrom(ask.Peer.Bytes.Span),
            Address = ByteString.CopyFrom(ask.Address.Bytes.Span),
            Nonce = ask.Nonce,
            Basis = (Proto.Partner.Ask.Types.Basis)(int)ask.Basis,
        }.ToByteArray();
    }

    /// <summary>Writes a reply.</summary>
    public static byte[] Encode(DialBackPartnerStatus status) =>
        new Proto.Partner.Reply { Status = (Proto.Partner.Reply.Types.Status)(int)status }.ToByteArray();

    private static AutoNatMessageFault FaultOf(DecodeFailure failure) =>
        failure == DecodeFailure.TooLarge ? AutoNatMessageFault.TooLong : AutoNatMessageFault.NotProtobuf;
}
