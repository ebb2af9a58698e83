using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.Connections;

namespace NatActors.Fuzz.Entries.Protocols.Connections;

/// <summary>
/// The order in which a peer's addresses are dialed, and its course: few addresses, none of this node or through it, each tried once,
/// never more in
/// flight than allowed, and to the end.
/// </summary>
public sealed class DialOrderEntry : MachineEntry
{
    private const int MaxInFlight = 3;

    private static readonly DialRankRules Rules = new() { MaxAddresses = 8 };

    private static readonly DialTarget[] Targets =
    [
        new(Samples.Peers[2], Samples.Peers[3], [Samples.Addresses[0], Samples.Addresses[6]], address => address.IsTcp
            || address.IsQuic, false),
        new(Samples.Peers[1], null, [Samples.Addresses[2]], address => address.IsTcp, true),
    ];

    /// <inheritdoc />
    public override string Name => "protocols.connections.order";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } = ["begin", "more", "failed", "due"];

    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 4096, AllocatedConstant: 128 * 1024, StepsPerByte: 4096, StepsConstant: 128 * 1024);

    /// <inheritdoc />
    public override int MaxLength => 400;

    /// <inheritdoc />
    public override int Cost => 40;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 0, 9, 1, 2, 3, 6, 16, 19, 22, 34, 35).On(3).After(EventClock.Milliseconds(60), 3).On(2, 0).On(1, 2, 4, 5)
            .After(EventClock.Seconds(1), 3).ToArray(),
        new EventScript().On(0, 1, 3, 10, 23, 38).On(3).On(2, 0).On(2, 0).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new OrderRun(now);

    private sealed class OrderRun(TimeSpan start) : IMachineRun
    {
        private DialTarget _target = Targets[0];
        private DialSchedule _schedule = new([], start, MaxInFlight);
        private readonly List<Multiaddr> _flying = [];
        private readonly HashSet<Multiaddr> _tried = [];
        private int _known;

        public void On(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            switch (kind)
            {
                case 0:
                    _target = arguments.Pick(Targets);
                    var ranked = Rank(Samples.AddressList(ref arguments, 30));
                    _schedule = new DialSchedule(ranked, now, MaxInFlight);
                    _known = ranked.Count;
                    _flying.Clear();
                    _tried.Clear();
                    break;
                case 1:
                    var more = Rank(Samples.AddressList(ref arguments, 10));
                    _known += more.Count;
                    _schedule.OnAdded(more, now);
                    break;
                case 2 when _flying.Count > 0:
                    var failed = arguments.Pick(_flying);
                    _flying.Remove(failed);
                    _schedule.OnFailed(failed);
                    break;
            }

            Due(now, ref digest);
        }

        public void End(TimeSpan now, ref FuzzDigest digest)
        {
            for (var i = 0; i <= _known && !_schedule.IsExhausted; i++)
            {
                foreach (var address in _flying)
                {
                    _schedule.OnFailed(address);
                }

                _flying.Clear();
                Due(now, ref digest);
            }

            Require.That(_schedule.IsExhausted, "a dial whose addresses all failed goes on");
        }

        private IReadOnlyList<RankedAddress> Rank(List<Multiaddr> addresses)
        {
            var ranked = DialRanker.Rank(addresses, _target, Rules);
            Require.That(ranked.Count <= Rules.MaxAddresses, "more addresses are dialed than allowed");
            var last = TimeSpan.Zero;
            foreach (var (address, delay) in ranked)
            {
                Require.That(delay >= last, "addresses are out of order");
                last = delay;
                Require.That(!_target.OwnAddresses.Contains(address.WithoutPeerId()), "this node dials itself");
                Require.That(
                    !address.IsRelayed || (!_target.DirectOnly && address.TrySplitCircuit(out _, out var relay, out _)
                        && relay != _target.Self),
                    "a circuit through this node, or an unwanted one, is dialed");
                Require.That(address.PeerId is null || _target.Peer is null || address.PeerId == _target.Peer, "another peer is dialed");
            }

            return ranked;
        }

        private void Due(TimeSpan now, ref FuzzDigest digest)
        {
            foreach (var address in _schedule.Due(now))
            {
                Require.That(_tried.Add(address), "an address is tried twice");
                _flying.Add(address);
                digest.Add(address.Bytes.Span);
            }

            Require.That(_flying.Count <= MaxInFlight, "more attempts are in flight than allowed");
            Require.That(_flying.Count > 0 || _schedule.IsExhausted, "nothing is in flight though addresses are left");
            Require.That(_schedule.Deadline is not { } deadline || deadline > now, "a turn that has come is not taken");
        }
    }
}
