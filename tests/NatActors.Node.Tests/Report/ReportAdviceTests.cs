using System.Net;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Report;
using NatActors.Protocols.Addresses;
using NatActors.Transports.Network;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Report;

/// <summary>A report as the facts that advice is made from; the advice itself is tested where it is made.</summary>
public sealed class ReportAdviceTests
{
    private static readonly Multiaddr Seen = Multiaddr.Parse("/ip4/20.0.0.7/tcp/4001");
    private readonly PrivateKey _peer = MakeNode(2).Key;
    private readonly NodeReport _report;

    public ReportAdviceTests() => _report = ReportActor.Empty(MakeNode(1), TimeSpan.Zero) with
    {
        Network = new NetworkState
        {
            Interfaces = [new("eth0", [IPAddress.Parse("10.0.0.2")])],
            Gateways = [new("eth0", IPAddress.Parse("10.0.0.1"))],
        },
        Listening = [Multiaddr.Parse("/ip4/10.0.0.2/tcp/4001")],
    };

    [Fact]
    public void Observers_of_one_network_count_once_and_those_that_do_not_count_not_at_all()
    {
        var facts = ReportAdvice.Facts(_report with
        {
            Witnesses =
            [
                new(_peer.PeerId, Multiaddr.Parse("/ip4/30.0.0.1/tcp/1"), Seen, ""),
                new(_peer.PeerId, Multiaddr.Parse("/ip4/30.0.0.1/tcp/2"), Seen, ""),
                new(_peer.PeerId, Multiaddr.Parse("/ip4/30.0.0.2/tcp/2"), Seen, "a reason why not"),
                new(_peer.PeerId, Multiaddr.Parse("/ip4/10.0.0.9/tcp/2"), Multiaddr.Parse("/ip4/10.0.0.2/tcp/4001"), ""),
            ],
        });

        Assert.Equal(1, facts.Observers);
        Assert.Equal([Seen], facts.Observed);
    }

    [Fact]
    public void A_peer_with_a_direct_connection_too_does_not_stay_relayed()
    {
        var other = MakeNode(3).Key;
        var facts = ReportAdvice.Facts(_report with
        {
            Connections = [Reported(_peer, relayed: true), Reported(_peer, relayed: false), Reported(other, relayed: true)],
        });

        Assert.Equal((other.PeerId, "why"), Assert.Single(facts.Relayed));
        Assert.Equal(2, facts.Peers);
    }

    [Theory]
    [InlineData(true, true, false)]
    [InlineData(true, false, false)]
    [InlineData(false, false, true)]
    public void Connections_leave_from_other_ports_when_all_of_them_do(bool first, bool second, bool leaves)
    {
        var facts = ReportAdvice.Facts(_report with
        {
            Connections = [Reported(_peer, relayed: false, first), Reported(_peer, relayed: false, second)],
        });

        Assert.Equal(leaves, facts.LeavesFromOtherPorts);
    }

    [Fact]
    public void Where_the_network_did_not_answer_nothing_is_said_of_gateways()
    {
        Assert.True(ReportAdvice.Facts(_report with { Network = NetworkState.None }).HasGateway);
        Assert.False(ReportAdvice.Facts(_report with { Network = _report.Network with { Gateways = [] } }).HasGateway);
    }

    [Fact]
    public void A_node_that_knows_nobody_is_told_so() =>
        Assert.Contains(ReportAdvice.For(_report), line => line.Topic == AdviceTopic.NoPeers);

    private static ReportedConnection Reported(PrivateKey peer, bool relayed, bool portReused = true) => new(
        new ConnectionsMessages.ConnectionStatus(Connection(1, peer, "/ip4/30.0.0.1/tcp/4001", relayed, portReused), null, 0), relayed ? "why" : "");
}
