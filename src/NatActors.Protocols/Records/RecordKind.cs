using System.Text;

namespace NatActors.Protocols.Records;

/// <summary>
/// What an envelope may hold: the domain that its signature is bound to, and the payload's type (libp2p/specs RFC 0002, "Domain separation").
/// </summary>
public sealed class RecordKind
{
    private readonly byte[] _domain;
    private readonly byte[] _payloadType;

    /// <summary>A kind of record.</summary>
    /// <param name="domain">The signature domain, never empty.</param>
    /// <param name="payloadType">The type of the payload, a multicodec or a path.</param>
    public RecordKind(string domain, ReadOnlySpan<byte> payloadType)
    {
        ArgumentException.ThrowIfNullOrEmpty(domain);
        _domain = Encoding.UTF8.GetBytes(domain);
        _payloadType = payloadType.ToArray();
    }

    /// <summary>Peer records as go, js and most others make them (go-libp2p core/peer/record.go).</summary>
    public static RecordKind PeerRecord { get; } = new("libp2p-peer-record", [0x03, 0x01]);

    /// <summary>Peer records as RFC 0003 has it and rust-libp2p makes them by default (core/src/peer_record.rs).</summary>
    public static RecordKind RoutingRecord { get; } = new("libp2p-routing-state", "/libp2p/routing-state-record"u8);

    /// <summary>Reservation vouchers (libp2p/specs relay/circuit-v2.md, "Reservation Vouchers").</summary>
    public static RecordKind ReservationVoucher { get; } = new("libp2p-relay-rsvp", [0x03, 0x02]);

    /// <summary>The signature domain as UTF-8.</summary>
    public ReadOnlySpan<byte> Domain => _domain;

    /// <summary>The payload's type.</summary>
    public ReadOnlySpan<byte> PayloadType => _payloadType;
}
