using System.Net;
using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.Connections;

namespace NatActors.Fuzz.Entries.Protocols.AutoNat;

/// <summary>
/// What a server grants to clients, to other servers and for second ports, with small limits: within any minute never more than each of
/// them, and
/// nothing but what was granted is remembered.
/// </summary>
public sealed class ServerRulesEntry : MachineEntry
{
    private static readonly AutoNatServerOptions Options = new()
    {
        RequestsPerMinute = 6, RequestsPerPeer = 3, RequestsPerNetwork = 4, DialDataPerMinute = 2, V1RequestsPerMinute = 4,
            V1RequestsPerPeer = 2,
        V1RequestsPerNetwork = 3, PartnerDialsPerMinute = 6, PartnerDialsPerTarget = 2, StrangerDialsPerMinute = 3,
            StrangerDialsPerServer = 2,
        SecondPortsPerMinute = 5, SecondPortsPerPeer = 2, SecondPortsPerNetwork = 3, ConcurrentSecondPorts = 2,
    };

    /// <inheritdoc />
    public override string Name => "protocols.autonat.server";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } =
        ["request 2", "request 1", "ended", "choose", "partner ask", "second port", "second port ended", "own addresses"];

    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 2048, AllocatedConstant: 64 * 1024, StepsPerByte: 2048, StepsConstant: 64 * 1024);

    /// <inheritdoc />
    public override int Cost => 30;

    /// <inheritdoc />
    public override int MaxLength => 500;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 1, 0).On(0, 2, 0).On(3, 1, 0, 3, 0, 2, 6).On(2, 1).After(EventClock.Seconds(61), 0, 1, 0).ToArray(),
        new EventScript().On(1, 1, 0).On(1, 1, 1).On(1, 1, 2).After(EventClock.Seconds(59), 1, 2, 2).ToArray(),
        new EventScript().On(4, 0, 0, 3, 1, 1).On(4, 5, 1, 3, 1, 1).On(4, 5, 1, 3, 2, 2).On(4, 5, 1, 3, 1, 2).ToArray(),
        new EventScript().On(5, 1, 0).On(5, 2, 1).On(6).On(5, 1, 0).On(7, 2).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new RulesRun(random);

    private sealed class RulesRun : IMachineRun
    {
        private readonly AutoNatServerPolicy _policy = new(allowPrivate: false, address => address.IsTcp);
        private readonly AutoNatServerRules _rules;
        private readonly DialBackPartnerRules _partner;
        private readonly SecondPortServerRules _second = new(Options);
        private readonly Dictionary<PeerId, int> _underWay = [];
        private readonly Granted _v2 = new(Options.RequestsPerMinute, Options.RequestsPerPeer, Options.RequestsPerNetwork);
        private readonly Granted _v1 = new(Options.V1RequestsPerMinute, Options.V1RequestsPerPeer, Options.V1RequestsPerNetwork);
        private readonly Granted _data = new(Options.DialDataPerMinute, Options.DialDataPerMinute, int.MaxValue);
        private readonly Granted _asks = new(Options.PartnerDialsPerMinute, int.MaxValue, Options.PartnerDialsPerTarget);
        private readonly Granted _strangers = new(Options.StrangerDialsPerMinute, Options.StrangerDialsPerServer,
            Options.PartnerDialsPerTarget);
        private readonly Granted _ports = new(Options.SecondPortsPerMinute, Options.SecondPortsPerPeer, Options.SecondPortsPerNetwork);
        private int _open;

        public RulesRun(RandomSource random)
        {
            _policy.SetOwn([Samples.Hosts[5], Samples.Hosts[13]], [Samples.Hosts[4]]);
            _rules = new AutoNatServerRules(Options, _policy, random);
            _partner = new DialBackPartnerRules(Options, _policy, new HashSet<PeerId> { Samples.Peers[0] });
        }

        public void On(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            var client = new AutoNatClient(Samples.Peer(ref arguments), Samples.Address(ref arguments), arguments.Byte() == 99);
            switch (kind)
            {
                case 0 or 1: Request(client, kind == 0, now, ref digest); break;
                case 2: End(client.Peer); break;
                case 3: Choose(Samples.AddressList(ref arguments, 8), client, now, ref digest); break;
                case 4:
                    Ask(new DialBackAsk(Samples.Peer(ref arguments), Samples.Address(ref arguments), 1,
                        (DialBackBasis)arguments.Below(4)), client, now, ref digest);
                    break;
                case 5 when _second.OnAsk(client, now):
                    _ports.Add(client.Peer, client.Ip!, now);
                    Require.That(++_open <= Options.ConcurrentSecondPorts, "more second ports are open than allowed");
                    break;
                case 6 when _open > 0:
                    _open--;
                    _second.OnEnded();
                    break;
                case 7: _policy.SetOwn([Samples.Hosts[5]], [Samples.Host(ref arguments)]); break;
            }

            var most = Options.RequestsPerMinute + Options.V1RequestsPerMinute + Options.DialDataPerMinute + _underWay.Count;
            Require.That(_rules.Remembered <= most, "more is remembered than was granted");
            Require.That(
                _partner.Remembered <= Options.PartnerDialsPerMinute + Options.StrangerDialsPerMinute,
                "more dials are remembered than were granted");
            Require.That(_second.Remembered <= Options.SecondPortsPerMinute, "more second ports are remembered than were granted");
        }

        public void End(TimeSpan now, ref FuzzDigest digest) => digest.Add(_rules.Remembered);

        private void Request(AutoNatClient client, bool isV2, TimeSpan now, ref FuzzDigest digest)
        {
            var granted = _rules.OnRequest(client, isV2, now);
            digest.Add(granted);
            if (granted)
            {
                Require.That(client.Ip is not null, "a request over a relay is served");
                (isV2 ? _v2 : _v1).Add(client.Peer, client.Ip!, now);
                var open = _underWay[client.Peer] = _underWay.GetValueOrDefault(client.Peer) + 1;
                Require.That(open <= Options.ConcurrentPerPeer, "a peer has more requests under way than allowed");
            }
        }

        private void End(PeerId peer)
        {
            // Each that was taken ends once.
            if (_underWay.Remove(peer, out var open))
            {
                _rules.OnEnded(peer);
                if (open > 1)
                {
                    _underWay[peer] = open - 1;
                }
            }
        }

        private void Choose(List<Multiaddr> addresses, AutoNatClient client, TimeSpan now, ref FuzzDigest digest)
        {
            var choice = _rules.Choose(addresses, client, now);
            digest.Add((int)choice.Status);
            Require.That(
                (choice.Address is not null) == (choice.Status == AutoNatV2Status.Ok),
                "an address that is refused, or none that is granted");
            if (choice.Address is not { } chosen)
            {
                return;
            }

            Require.That(
                AddressScope.IsPublic(chosen) && !chosen.IsRelayed,
                "an address inside a network, or behind a relay, is dialed for a stranger");
            Require.That(
                chosen.Host is null || !_policy.Own.Contains(AutoNatServerPolicy.Plain(chosen.Host)),
                "this node is made to dial itself");
            Require.That(addresses[(int)choice.Index].WithoutPeerId() == chosen, "another address is chosen than the one it names");
            if (choice.DataBytes == 0)
            {
                Require.That(Equals(chosen.Host, client.Ip), "another host than the client's is dialed for nothing");
                return;
            }

            Require.That(choice.DataBytes >= Options.MinDialData && choice.DataBytes <= Options.MaxDialData, "the price is out of bounds");
            _data.Add(client.Peer, IPAddress.Loopback, now);
        }

        private void Ask(DialBackAsk ask, AutoNatClient server, TimeSpan now, ref FuzzDigest digest)
        {
            var granted = _partner.OnAsk(ask, server, now);
            digest.Add(granted);
            if (!granted)
            {
                return;
            }

            Require.That(
                server.Ip is not null && ask.Basis is DialBackBasis.ObservedIp or DialBackBasis.DataPaid,
                "an ask over a relay, or without a basis, is carried out");
            Require.That(AddressScope.IsPublic(ask.Address), "a partner dials inside a network");
            _asks.Add(server.Peer, ask.Address.Host!, now);
            if (server.Peer != Samples.Peers[0])
            {
                _strangers.Add(server.Peer, ask.Address.Host!, now);
            }
        }
    }

    /// <summary>What was granted, counted anew each time: slower than the machine, and plain to see.</summary>
    private sealed class Granted(int total, int perPeer, int perNetwork)
    {
        private readonly List<(TimeSpan At, PeerId Peer, AddressPrefix? Network)> _all = [];

        public void Add(PeerId peer, IPAddress host, TimeSpan now)
        {
            AddressPrefix? network = IPAddress.IsLoopback(host) ? null : AddressPrefix.Observer(host);
            _all.RemoveAll(g => g.At <= now - AutoNatServerWindow.Length);
            _all.Add((now, peer, network));
            Require.That(_all.Count <= total, "more is granted within a minute than allowed");
            Require.That(_all.Count(g => g.Peer == peer) <= perPeer, "a peer is granted more within a minute than allowed");
            Require.That(
                network is null || _all.Count(g => g.Network == network) <= perNetwork,
                "a network is granted more within a minute than allowed");
        }
    }
}
