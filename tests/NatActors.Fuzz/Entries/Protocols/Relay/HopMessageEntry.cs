using NatActors.Fuzz.Engine;
using NatActors.Protocols.Relay;

namespace NatActors.Fuzz.Entries.Protocols.Relay;

/// <summary>Messages of the hop protocol, and what both sides make of them: the client of a reservation and of a circuit.</summary>
public sealed class HopMessageEntry : FuzzEntry
{
    private static readonly DateTimeOffset WallNow = DateTimeOffset.FromUnixTimeSeconds(1_900_000_000);

    /// <inheritdoc />
    public override string Name => "protocols.relay.hop";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.Protobuf;

    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 512, AllocatedConstant: 16 * 1024, StepsPerByte: 512, StepsConstant: 16 * 1024);

    /// <inheritdoc />
    public override int Cost => 10;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds()
    {
        var granted = new RelayReservation(WallNow.AddHours(1), [.. Samples.Addresses.Take(4), Samples.Addresses[37]],
            new byte[] { 1, 2, 3 });
        yield return RelayCodec.Encode(new HopMessage.Reserve());
        yield return RelayCodec.Encode(new HopMessage.Connect(Samples.Peers[1]));
        yield return RelayCodec.Encode(new HopMessage.Status(RelayStatus.Ok, granted, new RelayLimits(TimeSpan.FromMinutes(2), 1 << 17)));
        yield return RelayCodec.Encode(new HopMessage.Status(RelayStatus.Ok, granted with { Voucher = null }, RelayLimits.None));
        yield return RelayCodec.Encode(new HopMessage.Status(RelayStatus.NoReservation, null, RelayLimits.None));
    }

    /// <inheritdoc />
    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var decoded = RelayCodec.DecodeHop(input);
        Require.That(decoded.Message is null == (decoded.Fault != RelayMessageFault.None), "a message and a fault at once, or neither");
        var grant = ReservationGrant.Judge(decoded, Samples.Peers[0], Samples.Peers[1], WallNow);
        var circuit = CircuitAnswers.OfRelay(decoded);
        Require.That(grant.Failure is not null || grant.Lifetime > TimeSpan.Zero, "a reservation without a time is taken");
        if (decoded.Message is not { } message)
        {
            Require.That(grant.Failure is not null && circuit.Failure is not null, "an unreadable answer grants something");
            return FuzzOutcome.Refused(decoded.Fault);
        }

        var digest = default(FuzzDigest);
        var again = RelayCodec.DecodeHop(RelayCodec.Encode(message));
        switch (message, again.Message)
        {
            case (HopMessage.Status status, HopMessage.Status written):
                HoldStatus(status, written);
                digest.Add((int)status.Code);
                digest.Add(status.Reservation?.Addresses.Count ?? -1);
                break;
            default:
                Require.That(message == again.Message, "a message is written otherwise than it was read");
                break;
        }

        digest.Add(grant.Failure);
        return FuzzOutcome.Taken(digest);
    }

    private static void HoldStatus(HopMessage.Status status, HopMessage.Status written)
    {
        Require.That(status.Code == written.Code && status.Limits == written.Limits, "a status is written otherwise than it was read");
        Require.That(
            status.Limits.Duration is not { Ticks: <= 0 } && status.Limits.BytesPerDirection is not <= 0,
            "a limit is not above zero");
        if (status.Reservation is not { } reservation)
        {
            Require.That(written.Reservation is null, "a reservation appears");
            return;
        }

        Require.That(reservation.Addresses.Count <= RelayCodec.MaxAddresses, "too many addresses are kept");
        Require.That(reservation.Voucher is not { Length: > RelayCodec.MaxVoucherSize }, "too long a voucher is kept");
        Require.That(
            written.Reservation is { } same && same.Expires == reservation.Expires,
            "an end is written otherwise than it was read");
        Require.That(
            written.Reservation!.Addresses.SequenceEqual(reservation.Addresses),
            "addresses are written otherwise than they were read");
        foreach (var address in ReservationAddresses.Of(reservation.Addresses, Samples.Peers[0], Samples.Addresses[37], Samples.Peers[1]))
        {
            Require.That(address.TrySplitCircuit(out _, out var relay, out var target), "an address of a reservation is no circuit");
            Require.That(relay == Samples.Peers[0] && target == Samples.Peers[1], "an address of a reservation leads elsewhere");
        }
    }
}
