using NatActors.Multiformats;
using NatActors.Protocols.Records;

namespace NatActors.Protocols.Relay;

/// <summary>A judged answer to RESERVE: what was granted, or why nothing was.</summary>
public sealed record ReservationGrant
{
    /// <summary>How long the slot lasts from now.</summary>
    public TimeSpan Lifetime { get; private init; }

    /// <summary>The relay's addresses as it sent them.</summary>
    public IReadOnlyList<Multiaddr> Addresses { get; private init; } = [];

    /// <summary>What the relay allows circuits.</summary>
    public RelayLimits Limits { get; private init; } = RelayLimits.None;

    /// <summary>Why nothing was granted, in words for a person; null when it was.</summary>
    public string? Failure { get; private init; }

    /// <summary>Judges the relay's answer (circuit-v2.md, "Reservation" and "Reservation Vouchers").</summary>
    public static ReservationGrant Judge(HopDecoded answer, PeerId relay, PeerId self, DateTimeOffset wallNow)
    {
        if (answer.Fault != RelayMessageFault.None)
        {
            return Refuse($"the relay's answer was refused: {answer.Fault}");
        }

        if (answer.Message is not HopMessage.Status status)
        {
            return Refuse("the relay answered with something else than STATUS");
        }

        if (status.Code != RelayStatus.Ok)
        {
            return Refuse(status.Code.InWords());
        }

        if (status.Reservation is not { Expires: { } expires } reservation)
        {
            return Refuse("the relay granted a reservation without saying until when");
        }

        if (expires <= wallNow)
        {
            return Refuse($"the relay's reservation ended at {expires:u}, before it began: check this machine's clock and the relay's");
        }

        if (reservation.Voucher is { } voucher && !VoucherHolds(voucher.Span, relay, self))
        {
            return Refuse("the relay's voucher does not hold: it is not signed by the relay for this node");
        }

        return new ReservationGrant
        {
            Lifetime = expires - wallNow,
            Addresses = reservation.Addresses,
            Limits = status.Limits,
        };
    }

    private static ReservationGrant Refuse(string why) => new() { Failure = why };

    private static bool VoucherHolds(ReadOnlySpan<byte> bytes, PeerId relay, PeerId self) =>
        ReservationVoucher.TryOpen(bytes, out var voucher, out _) && voucher.Relay == relay && voucher.Peer == self;
}
