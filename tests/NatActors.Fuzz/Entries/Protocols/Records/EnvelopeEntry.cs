using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.Records;

namespace NatActors.Fuzz.Entries.Protocols.Records;

/// <summary>Signed envelopes as strangers send them: as peer records of both domains, and as vouchers.</summary>
public sealed class EnvelopeEntry : FuzzEntry
{
    /// <inheritdoc />
    public override string Name => "protocols.records.envelope";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.Protobuf;

    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 128, AllocatedConstant: 16 * 1024, StepsPerByte: 512, StepsConstant: 16 * 1024);

    /// <inheritdoc />
    public override int Cost => 100;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds()
    {
        yield return new PeerRecord(Samples.Key.PeerId, 5, [.. Samples.Addresses.Take(3)]).Seal(Samples.Key);
        yield return new ReservationVoucher(Samples.Key.PeerId, Samples.Peers[1],
            DateTimeOffset.FromUnixTimeSeconds(2_000_000_000)).Seal(Samples.Key);
        yield return Envelope.Seal(Samples.Key, RecordKind.RoutingRecord, [1, 2, 3]);
    }

    /// <inheritdoc />
    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var digest = default(FuzzDigest);
        var opened = false;
        foreach (var kind in (RecordKind[])[RecordKind.PeerRecord, RecordKind.RoutingRecord, RecordKind.ReservationVoucher])
        {
            var good = Envelope.TryOpen(input, kind, out var envelope, out var failure);
            Require.That(
                good == (failure == DecodeFailure.None) && good == (envelope is not null),
                "an envelope and a failure at once, or neither");
            if (envelope is not null)
            {
                Require.That(envelope.Signer == PeerId.FromPublicKey(envelope.Key), "an envelope is signed by another than its key");
                Require.That(envelope.Payload.Length < input.Length, "a payload is longer than its envelope");
                digest.Add(envelope.Payload.Span);
            }

            digest.Add((int)failure);
            opened |= good;
        }

        Require.That(
            !PeerRecord.TryOpen(input, out var record, out _) || record.Addresses.Count <= PeerRecord.MaxAddresses,
            "too many addresses are kept");
        Require.That(!ReservationVoucher.TryOpen(input, out var voucher, out _) || opened, "a voucher of no envelope");
        digest.Add(voucher?.Expiration.Ticks ?? 0);
        return new FuzzOutcome(opened, digest.Value);
    }
}
