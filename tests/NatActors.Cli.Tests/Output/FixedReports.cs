using System.Net;
using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Node.Addresses;
using NatActors.Node.AutoNat;
using NatActors.Node.Connections;
using NatActors.Node.Relay;
using NatActors.Node.Report;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.AutoNat;
using NatActors.Testing;
using NatActors.Transports.Network;
using NatActors.Transports.Security;

namespace NatActors.Cli.Tests.Output;

/// <summary>Reports that are the same on every machine and at all times.</summary>
internal static class FixedReports
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Clock = TimeSpan.FromHours(5);

    private static readonly PrivateKey Self = Key(1);
    private static readonly PrivateKey Relay = Key(2);
    private static readonly PrivateKey Peer = Key(3);
    private static readonly Multiaddr RelayAt = Multiaddr.Parse("/ip4/30.0.0.9/tcp/4001");
    private static readonly Multiaddr PeerAt = Multiaddr.Parse("/ip4/40.0.0.9/tcp/4001");
    private static readonly Multiaddr Seen = Multiaddr.Parse("/ip4/20.0.0.7/tcp/4001");

    /// <summary>A node that was told of nobody, in no network.</summary>
    public static NodeReport Alone => new()
    {
        Self = Self.PeerId,
        Agent = "natactors/1",
        Time = Noon,
        Clock = Clock,
        Options = new NodeOptions(),
        Listening = [Multiaddr.Parse("/ip4/127.0.0.1/tcp/4001").WithPeerId(Self.PeerId)],
        Network = new NetworkState { Interfaces = [new("lo", [IPAddress.Loopback])] },
        Advice =
        [
            new(AdviceTopic.NoPeers, "No peer is connected: name some."),
            new(AdviceTopic.NotListening, "This node listens on loopback only, so no other machine can dial it: listen on all interfaces."),
        ],
        Unanswered = ["port mapping"],
    };

    /// <summary>A node behind a home router that lets nobody in, with a relay and a connection that stays on it.</summary>
    public static NodeReport BehindNat => Alone with
    {
        Options = new NodeOptions { Bootstrap = [RelayAt.WithPeerId(Relay.PeerId)] },
        Listening = [Multiaddr.Parse("/ip4/192.168.1.20/tcp/4001").WithPeerId(Self.PeerId), Multiaddr.Parse("/ip6/fe80::1/tcp/4001").WithPeerId(Self.PeerId)],
        Network = new NetworkState
        {
            Interfaces = [new("lo", [IPAddress.Loopback]), new("eth0", [IPAddress.Parse("192.168.1.20"), IPAddress.Parse("fe80::1")])],
            Gateways = [new("eth0", IPAddress.Parse("192.168.1.1"))],
        },
        KeepAlive = ["TCP mappings live for 5 min at least; they are refreshed every 2 min"],
        Addresses = AddressSet.Empty with { ForHolePunch = [Seen] },
        Witnesses =
        [
            new(Relay.PeerId, RelayAt, Seen, ""),
            new(Peer.PeerId, PeerAt, Multiaddr.Parse("/ip4/20.0.0.7/tcp/50001"), "the connection left from another port"),
        ],
        Nat =
        [
            new NatReport
            {
                Family = IpFamily.Ip4,
                Protocol = IpProtocol.Tcp,
                Mapping = NatMapping.EndpointIndependent,
                Filtering = NatFiltering.AddressAndPortDependent,
                PortPreserved = Known.Yes,
                Hairpin = Known.No,
                Reasons = ["2 peers at different addresses see the same port"],
            },
        ],
        MappingProtocols = [new("nat-pmp", "192.168.1.1", "miniupnpd", "100.64.0.3", "its outside address is a carrier's")],
        Mappings = [new("nat-pmp", Multiaddr.Parse("/ip4/192.168.1.20/tcp/4001"), Multiaddr.Parse("/ip4/100.64.0.3/tcp/4001"), TimeSpan.FromHours(2))],
        Reachability = Private(),
        AutoNatServers = [new AutoNatMessages.ServerState(Relay.PeerId, "v2", "it could not dial back")],
        Relays = [Held()],
        RelayCandidates = [$"{Peer.PeerId} offers no relay"],
        Connections =
        [
            Connection(2, Peer, RelayAt.WithPeerId(Relay.PeerId).Append("/p2p-circuit"), relayed: true, "the peer's router takes another port for each contact"),
            Connection(1, Relay, RelayAt, relayed: false, ""),
        ],
        Punches =
        [
            new(Peer.PeerId, PunchOutcome.Relayed, 3, TimeSpan.FromSeconds(7.2), "the peer's router takes another port for each contact") { Time = Noon.AddMinutes(-5) },
            new(Relay.PeerId, PunchOutcome.Direct, 1, TimeSpan.FromMilliseconds(83), "") { Time = Noon.AddDays(-3) },
        ],
        Advice = [new(AdviceTopic.StaysRelayed, $"The connection with {Peer.PeerId} stays on its relay: the peer's router takes another port for each contact.")],
        Unanswered = [],
    };

    private static NodeVerdict Private() => new()
    {
        Verdict = Reachability.Private,
        Reasons = ["all addresses that were tested cannot be dialed"],
        Addresses =
        [
            new AddressVerdict
            {
                Address = Seen,
                Verdict = Reachability.Private,
                Reasons = ["3 servers could not dial it"],
                Witnesses =
                [
                    new(Relay.PeerId, RelayAt, WitnessOutcome.NotReached, "could not dial it", Clock - TimeSpan.FromSeconds(12)),
                    new(Peer.PeerId, PeerAt, WitnessOutcome.NotReached, "could not dial it", Clock - TimeSpan.FromSeconds(15)),
                ],
                History =
                [
                    new(Reachability.Private, Clock - TimeSpan.FromMinutes(3), "3 servers could not dial it"),
                    new(Reachability.Public, Clock - TimeSpan.FromHours(2), "a peer came in"),
                ],
            },
        ],
    };

    private static RelayClientMessages.RelayState Held() => new()
    {
        Relay = Relay.PeerId,
        Address = RelayAt,
        Configured = false,
        Expires = Noon.AddMinutes(59),
        Latency = TimeSpan.FromMilliseconds(41.6),
        CircuitBytes = 128 * 1024,
        CircuitDuration = TimeSpan.FromMinutes(2),
    };

    private static ReportedConnection Connection(long id, PrivateKey peer, Multiaddr address, bool relayed, string why)
    {
        var info = new ConnectionInfo
        {
            Id = id,
            Peer = peer.PeerId,
            PeerKey = peer.PublicKey,
            LocalAddress = Multiaddr.Parse("/ip4/192.168.1.20/tcp/4001"),
            RemoteAddress = address,
            Direction = relayed ? ConnectionDirection.Inbound : ConnectionDirection.Outbound,
            Role = ConnectionRole.Dialer,
            Relayed = relayed,
            PortReused = true,
            Actor = ActorRefs.Nobody,
        };
        var status = new ConnectionsMessages.ConnectionStatus(info, TimeSpan.FromMilliseconds(relayed ? 95.3 : 4.25), 1)
        {
            Budget = relayed ? new ConnectionsMessages.CircuitBudget(100 * 1024, 90 * 1024, TimeSpan.FromSeconds(70)) : null,
        };
        return new ReportedConnection(status, why);
    }

    private static PrivateKey Key(ulong seed) => PrivateKey.GenerateEd25519(new SeededRandomSource(seed));
}
