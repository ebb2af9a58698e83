using System.Buffers;
using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.Identify;
using NatActors.Protocols.Records;

namespace NatActors.Fuzz.Entries.Protocols.Identify;

/// <summary>Answers and pushes of one peer over several connections, with good, old, foreign and broken records, written and read on the
/// way.</summary>
public sealed class IdentifyMergeEntry : MachineEntry
{
    private static readonly byte[][] Records =
    [
        .. new ulong[] { 1, 2, 3 }.Select(i =>
            new PeerRecord(Samples.Key.PeerId, i, [.. Samples.Addresses.Skip((int)i * 4).Take(4)]).Seal(Samples.Key)),
        [1, 2, 3],
        [],
    ];

    private static readonly IdentifyConnection[] Connections =
    [
        new(Samples.Key.PeerId, Samples.Key.PublicKey, Samples.Addresses[0], Relayed: false),
        new(Samples.Key.PeerId, Samples.Key.PublicKey, Samples.Addresses[6], Relayed: false),
        new(Samples.Key.PeerId, Samples.Key.PublicKey, Multiaddr.Parse("/ip4/127.0.0.1/tcp/1"), Relayed: false),
        new(Samples.Key.PeerId, Samples.Key.PublicKey, Samples.Addresses[34], Relayed: true),
    ];

    /// <inheritdoc />
    public override string Name => "protocols.identify.merge";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } = ["answer", "push"];

    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 4096, AllocatedConstant: 64 * 1024, StepsPerByte: 4096, StepsConstant: 64 * 1024);

    /// <inheritdoc />
    public override int Cost => 2000;

    /// <inheritdoc />
    public override int MaxLength => 100;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 0, 1, 3, 0, 1, 2, 7, 1).On(1, 0, 2, 2, 3, 4, 0, 0).On(1, 1, 0, 1, 3).On(0, 3, 3, 0).ToArray(),
        new EventScript().On(0, 0, 2, 1, 5).On(0, 0, 0, 1, 6).On(1, 2, 1).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new MergeRun();

    private sealed class MergeRun : IMachineRun
    {
        private IdentifyInfo? _known;

        public void On(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            var connection = arguments.Pick(Connections);
            var sent = Sent(ref arguments, connection);
            var before = _known;
            var outcome = kind == 0 ? IdentifyMerge.Answer(_known, sent, connection) : IdentifyMerge.Push(_known, sent, connection);
            digest.Add((int)outcome.Failure);
            digest.Add((int)outcome.Record);
            if (outcome.Info is not { } info)
            {
                Require.That(outcome.Failure != IdentifyFailure.None, "nothing is known and nothing is wrong");
                return;
            }

            Require.That(info.Peer == connection.Peer, "another peer is known than the one that spoke");
            Require.That(
                info.RecordSequence >= before?.RecordSequence || before?.RecordSequence is null,
                "an older record replaces a newer one");
            Require.That(info.ListenAddresses.Count <= IdentifyProtocol.MaxAddresses, "too many addresses are known");
            Require.That(info.ObservedAddress is not { IsRelayed: true }, "a relayed address is taken for an observation");
            Require.That(
                !connection.Relayed || info.ObservedAddress is null || info.ObservedAddress == before?.ObservedAddress,
                "an observation over a relay counts");
            foreach (var address in info.ListenAddresses)
            {
                Require.That(address.Components.Count == 1 || address.PeerId is null, "a listen address keeps a peer id");
            }

            _known = info;
            digest.Add(info.ListenAddresses.Count);
        }

        public void End(TimeSpan now, ref FuzzDigest digest) => digest.Add(_known?.RecordSequence ?? 0);

        private static IdentifyUpdate Sent(ref EventArguments arguments, IdentifyConnection connection)
        {
            var record = arguments.Pick(Records);
            var addresses = Samples.AddressList(ref arguments, 6);
            var key = arguments.Byte();
            var self = new IdentifySelf(
                key == 1 ? new byte[] { 1, 2 } : connection.Key.ToProtobuf(),
                "agent",
                addresses,
                ["/a", "/b"],
                arguments.Flag() ? Samples.Address(ref arguments) : null,
                record);
            var output = new ArrayBufferWriter<byte>();
            IdentifyEncoder.Write(self, output);
            var decoder = new IdentifyDecoder();
            decoder.OnBytes(output.WrittenSpan);
            var read = decoder.OnEnd();
            Require.That(read is not null, "what this node says of itself is refused");
            Require.That(read!.Protocols?.SequenceEqual(self.Protocols) == true, "protocols are written otherwise than they are read");
            Require.That(
                (read.ListenAddresses?.Count ?? 0) <= IdentifyEncoder.Fit(addresses).Count,
                "more addresses are read than were written");
            return read;
        }
    }
}
