using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.Records;

namespace NatActors.Fuzz.Entries.Protocols.Records;

/// <summary>What a stranger who signs properly puts into a record or a voucher: the input is the payload, sealed here.</summary>
public sealed class RecordPayloadEntry : FuzzEntry
{
    /// <inheritdoc />
    public override string Name => "protocols.records.payload";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.Protobuf;

    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 256, AllocatedConstant: 24 * 1024, StepsPerByte: 1024, StepsConstant: 16 * 1024);

    /// <inheritdoc />
    public override int Cost => 1000;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds()
    {
        var record = new PeerRecord(Samples.Key.PeerId, ulong.MaxValue, [.. Samples.Addresses.Take(5)]).Seal(Samples.Key);
        Envelope.TryOpen(record, RecordKind.PeerRecord, out var opened, out _);
        yield return opened!.Payload.ToArray();
        var voucher = new ReservationVoucher(Samples.Key.PeerId, Samples.Peers[1],
            DateTimeOffset.FromUnixTimeSeconds(2_000_000_000)).Seal(Samples.Key);
        Envelope.TryOpen(voucher, RecordKind.ReservationVoucher, out opened, out _);
        yield return opened!.Payload.ToArray();
    }

    /// <inheritdoc />
    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var digest = default(FuzzDigest);
        var asRecord = PeerRecord.TryOpen(Envelope.Seal(Samples.Key, RecordKind.PeerRecord, input), out var record, out var failure);
        digest.Add((int)failure);
        Require.That(asRecord == (failure == DecodeFailure.None), "a record and a failure at once, or neither");
        if (record is not null)
        {
            Require.That(
                record.Peer == Samples.Key.PeerId && record.Addresses.Count <= PeerRecord.MaxAddresses,
                "a record of another, or too long");
            digest.Add(record.Sequence);
            Require.That(PeerRecord.TryOpen(record.Seal(Samples.Key), out var again, out _), "a record that was read cannot be written");
            Require.That(
                again!.Sequence == record.Sequence && again.Addresses.SequenceEqual(record.Addresses),
                "a record is written otherwise than it was read");
        }

        var asVoucher = ReservationVoucher.TryOpen(
            Envelope.Seal(Samples.Key, RecordKind.ReservationVoucher, input), out var voucher, out failure);
        digest.Add((int)failure);
        if (voucher is not null)
        {
            Require.That(voucher.Relay == Samples.Key.PeerId, "a voucher of another relay than its signer");
            Require.That(
                ReservationVoucher.TryOpen(voucher.Seal(Samples.Key), out var again, out _) && again == voucher,
                "a voucher is written otherwise than it was read");
        }

        return new FuzzOutcome(asRecord || asVoucher, digest.Value);
    }
}
