using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using NatActors.Multiformats;
using NatActors.Protocols.Records.Proto;

namespace NatActors.Protocols.Records;

/// <summary>A peer's own word on its addresses (libp2p/specs RFC 0003); newer ones have a higher sequence number.</summary>
/// <param name="Peer">Whose addresses they are.</param>
/// <param name="Sequence">Grows with each record of that peer; most take the nanoseconds of the Unix time.</param>
/// <param name="Addresses">The addresses, as the peer wrote them.</param>
public sealed record PeerRecord(PeerId Peer, ulong Sequence, IReadOnlyList<Multiaddr> Addresses)
{
    /// <summary>Addresses taken from one record; the rest is dropped. Ours: go-libp2p keeps up to 500 of a connected peer, no peer has so many.</summary>
    public const int MaxAddresses = 256;

    /// <summary>Signs the record and gives the envelope's bytes. The key must be the peer's.</summary>
    /// <exception cref="ArgumentException">It is somebody else's.</exception>
    public byte[] Seal(PrivateKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.PeerId != Peer)
        {
            throw new ArgumentException($"A record of {Peer} cannot be signed by {key.PeerId}.", nameof(key));
        }

        var message = new PeerRecordMessage { PeerId = UnsafeByteOperations.UnsafeWrap(Peer.Bytes), Seq = Sequence };
        foreach (var address in Addresses)
        {
            message.Addresses.Add(new AddressInfo { Multiaddr = UnsafeByteOperations.UnsafeWrap(address.Bytes) });
        }

        return Envelope.Seal(key, RecordKind.PeerRecord, message.ToByteArray());
    }

    /// <summary>
    /// Opens a signed record: good signature, signed by the peer it is about. Takes both signature domains in use. Addresses that are empty or
    /// have components unknown here are dropped, the others kept.
    /// </summary>
    /// <param name="bytes">The envelope.</param>
    /// <param name="record">The record.</param>
    /// <param name="failure">Why it is refused; <see cref="DecodeFailure.Mismatch"/> when another peer signed it.</param>
    public static bool TryOpen(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out PeerRecord? record, out DecodeFailure failure) =>
        TryOpen(bytes, null, out record, out failure);

    /// <summary>As the other overload, without checking again a signature that was found good before.</summary>
    public static bool TryOpen(
        ReadOnlySpan<byte> bytes, VerifiedSignatures? verified, [NotNullWhen(true)] out PeerRecord? record, out DecodeFailure failure)
    {
        record = null;
        if (!Envelope.TryOpen(bytes, RecordKind.PeerRecord, verified, out var envelope, out failure)
            && (failure != DecodeFailure.Mismatch
                || !Envelope.TryOpen(bytes, RecordKind.RoutingRecord, verified, out envelope, out failure)))
        {
            return false;
        }

        if (!ProtobufMessage.TryParse(PeerRecordMessage.Parser, envelope!.Payload.Span, Envelope.MaxLength, out var message, out failure)
            || !TryReadPeer(message, out var peer, out failure))
        {
            return false;
        }

        // RFC 0003: the record must be about the peer whose key sealed the envelope.
        if (peer != envelope.Signer)
        {
            failure = DecodeFailure.Mismatch;
            return false;
        }

        record = new PeerRecord(peer, message.Seq, ReadAddresses(message));
        return true;
    }

    private static bool TryReadPeer(PeerRecordMessage message, [NotNullWhen(true)] out PeerId? peer, out DecodeFailure failure)
    {
        peer = null;
        failure = DecodeFailure.MissingField;
        return message.HasPeerId && PeerId.TryDecode(message.PeerId.Span, out peer, out failure);
    }

    private static List<Multiaddr> ReadAddresses(PeerRecordMessage message)
    {
        var addresses = new List<Multiaddr>(Math.Min(message.Addresses.Count, MaxAddresses));
        foreach (var info in message.Addresses.Take(MaxAddresses))
        {
            if (Multiaddr.TryDecodeForeign(info.Multiaddr.Span, out var address))
            {
                addresses.Add(address);
            }
        }

        return addresses;
    }
}
