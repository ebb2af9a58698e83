using System.Net;
using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.Connections;

namespace NatActors.Fuzz.Entries.Protocols.Connections;

/// <summary>
/// Which connections a node keeps, with small limits: handshakes, connections, peers and networks are counted as they are; each connection
/// is
/// refused or closed once; a peer comes up with its first connection and goes with its last; of several one stays.
/// </summary>
public sealed class ConnectionTableEntry : MachineEntry
{
    private static readonly ConnectionRules Rules = new() { MaxConnections = 8, MaxConnectionsPerPeer = 3, MaxPendingInbound = 3,
        MaxPendingPerNetwork = 2, MaxInboundPerNetwork = 4 };

    /// <inheritdoc />
    public override string Name => "protocols.connections.table";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } =
        ["inbound", "inbound failed", "up", "down", "closing", "streams", "protect", "unprotect", "tick"];

    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 2048, AllocatedConstant: 64 * 1024, StepsPerByte: 4096, StepsConstant: 64 * 1024);

    /// <inheritdoc />
    public override int MaxLength => 500;

    /// <inheritdoc />
    public override int Cost => 40;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 0).On(2, 0, 1, 0).On(2, 200, 1, 1).After(EventClock.Seconds(11), 8).On(3, 0)
            .After(EventClock.Minutes(2), 8).ToArray(),
        new EventScript().On(0, 0).On(0, 0).On(0, 1).On(1, 0).On(2, 0, 1, 2).On(4, 0).On(8).On(3, 0).ToArray(),
        new EventScript().On(2, 200, 1, 4).On(6, 0, 1).On(2, 200, 1, 0).On(5, 1, 2).After(EventClock.Seconds(61), 8).On(7, 0, 1)
            .After(EventClock.Minutes(1), 8).ToArray(),
        new EventScript().On(2, 200, 1, 0).On(2, 200, 2, 0).On(2, 200, 3, 0).On(2, 200, 4, 0).On(2, 200, 5, 0).On(2, 200, 6, 0)
            .On(2, 200, 7, 0).On(2, 200, 8, 0)
            .After(EventClock.Seconds(20), 2, 200, 9, 0).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new TableRun();

    private sealed class TableRun : IMachineRun
    {
        private readonly ConnectionTable _table = new(Samples.Peers[6], Rules);
        private readonly Dictionary<long, IPAddress?> _pending = [];
        private readonly Dictionary<long, PeerId> _up = [];
        private readonly HashSet<long> _closed = [];
        private readonly HashSet<PeerId> _peers = [];
        private readonly Dictionary<long, IPAddress?> _inbound = [];
        private long _last;

        public void On(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            switch (kind)
            {
                case 0: Inbound(Samples.Host(ref arguments), now, ref digest); break;
                case 1 when _pending.Count > 0:
                    var failed = Known(_pending.Keys, ref arguments);
                    _pending.Remove(failed);
                    _inbound.Remove(failed);
                    _table.OnInboundFailed(failed);
                    _table.OnInboundFailed(failed);
                    break;
                case 2: Up(ref arguments, now, ref digest); break;
                case 3 when _up.Count > 0: Down(Known(_up.Keys, ref arguments), now, ref digest); break;
                case 4 when _up.Count > 0:
                    var closing = Known(_up.Keys, ref arguments);
                    _closed.Add(closing);
                    _table.OnClosing(closing, now);
                    break;
                case 5 when _up.Count > 0: _table.OnStreams(Known(_up.Keys, ref arguments), arguments.Below(4), now); break;
                case 6 when _up.Count > 0:
                    _table.OnProtect(Known(_up.Keys, ref arguments), arguments.Below(3).ToString(), arguments.Flag());
                    break;
                case 7 when _up.Count > 0: _table.OnUnprotect(Known(_up.Keys, ref arguments), arguments.Below(3).ToString(), now); break;
                default: Take(_table.OnTick(now), now, ref digest); break;
            }

            Hold();
        }

        public void End(TimeSpan now, ref FuzzDigest digest)
        {
            // An hour later without streams or protection all is closed; what is closed goes down.
            foreach (var id in _up.Keys.ToArray())
            {
                _table.OnStreams(id, 0, now);
                for (var tag = 0; tag < 3; tag++)
                {
                    _table.OnUnprotect(id, tag.ToString(), now);
                }
            }

            Take(_table.OnTick(now + TimeSpan.FromHours(1)), now, ref digest);
            Require.That(_up.Keys.All(_closed.Contains), "an idle connection stays open");
            foreach (var id in _up.Keys.ToArray())
            {
                Down(id, now, ref digest);
            }

            Require.That(_table.Count == 0 && _table.PeerCount == 0 && _peers.Count == 0, "something is left of connections that are gone");
        }

        private static long Known(ICollection<long> ids, ref EventArguments arguments) => ids.ElementAt(arguments.Below(ids.Count));

        private void Inbound(IPAddress host, TimeSpan now, ref FuzzDigest digest)
        {
            var id = ++_last;
            var decision = _table.OnInbound(id, host, now);
            digest.Add((int)decision.Refusal);
            if (decision.Displaced is { } displaced)
            {
                Require.That(_pending.Remove(displaced) && _inbound.Remove(displaced), "a connection is displaced that is in no handshake");
                Require.That(decision.Refusal == ConnectionRefusal.None, "a connection is displaced for one that is refused");
            }

            if (decision.Refusal == ConnectionRefusal.None)
            {
                _pending[id] = host;
                _inbound[id] = host;
            }
        }

        private void Up(ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            var which = arguments.Byte();
            var id = which < 128 && _pending.Count > 0 ? _pending.Keys.ElementAt(which % _pending.Count) : ++_last;
            var (peer, flags) = (Samples.Peer(ref arguments), arguments.Byte());
            _pending.Remove(id);
            var facts = new ConnectionFacts(id, peer, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0);
            _up[id] = peer;
            Take(_table.OnUp(facts, now), now, ref digest);
        }

        private void Down(long id, TimeSpan now, ref FuzzDigest digest)
        {
            _up.Remove(id, out var peer);
            _inbound.Remove(id);
            var effects = _table.OnDown(id, now);
            Require.That(effects.Count > 0 == !_up.ContainsValue(peer!), "a peer does not go with its last connection");
            Take(effects, now, ref digest);
            Require.That(_table.OnDown(id, now).Count == 0, "a connection goes down twice");
        }

        private void Take(IReadOnlyList<ConnectionEffect> effects, TimeSpan now, ref FuzzDigest digest)
        {
            foreach (var effect in effects)
            {
                switch (effect)
                {
                    case ConnectionEffect.Refuse refuse:
                        Require.That(_up.Remove(refuse.Id), "a connection is refused that was admitted");
                        _inbound.Remove(refuse.Id);
                        digest.Add((int)refuse.Reason);
                        break;
                    case ConnectionEffect.Close close:
                        Require.That(
                            _up.ContainsKey(close.Id) && _closed.Add(close.Id),
                            "a connection is closed twice, or one that is gone");
                        digest.Add((int)close.Reason);
                        break;
                    case ConnectionEffect.PeerUp up: Require.That(_peers.Add(up.Peer), "a peer comes up twice"); break;
                    case ConnectionEffect.PeerDown down: Require.That(_peers.Remove(down.Peer), "a peer goes down twice"); break;
                }
            }
        }

        private void Hold()
        {
            Require.That(_table.Count == _up.Count && _table.PeerCount == _peers.Count, "connections or peers are miscounted");
            Require.That(_up.Keys.Count(id => !_closed.Contains(id)) <= Rules.MaxConnections, "more connections are up than allowed");
            Require.That(_pending.Count <= Rules.MaxPendingInbound, "more handshakes run than allowed");
            foreach (var network in _pending.Values.Where(h => !IPAddress.IsLoopback(h!)).GroupBy(h => AddressPrefix.Observer(h!)))
            {
                Require.That(network.Count() <= Rules.MaxPendingPerNetwork, "a network has more handshakes than allowed");
            }

            foreach (var network in _inbound.Values.Where(h => h is not null
                && !IPAddress.IsLoopback(h)).GroupBy(h => AddressPrefix.Observer(h!)))
            {
                Require.That(network.Count() <= Rules.MaxInboundPerNetwork, "a network has more connections than allowed");
            }

            foreach (var peer in _peers)
            {
                var ids = _table.Of(peer);
                Require.That(ids.Count <= Rules.MaxConnectionsPerPeer, "a peer has more connections than allowed");
                var best = _table.Best(peer, allowLimited: true);
                Require.That(best is not null || ids.All(_closed.Contains), "a peer with a connection has no best one");
                Require.That(
                    best is not { } id || (!_closed.Contains(id) && !_table.IsLesser(id)),
                    "the best connection is closing, or there is a better one");
            }
        }
    }
}
