using Akka.Actor;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.AutoNat;
using NatActors.Node.Connections;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.AutoNat;

/// <summary>A server that serves from the start, before there is a port.</summary>
public sealed class ServerStartTests : TestKit
{
    [Fact]
    public void Partners_are_dialed_once_this_node_listens_and_not_before()
    {
        var partner = Multiaddr.Parse("/ip4/11.0.0.1/tcp/4001").WithPeerId(MakeNode(2).Self);
        var node = MakeNode(1);
        node = node with { Options = node.Options with { AutoNat = new AutoNatOptions { Serve = AutoNatServing.Always, Partners = [partner] } } };
        var connections = CreateTestProbe();
        node.Refs.Connections = connections.Ref;
        var server = Sys.ActorOf(Props.Create(typeof(AutoNatServerActor), node));
        connections.ExpectMsg<ConnectionsMessages.Subscribe>(Patience);

        server.Tell(new AddressMessages.Changed(AddressSet.Empty));
        server.Tell(new AutoNatServerMessages.AskPartners(null!, new(partner.PeerId!, partner, Relayed: false), TestActor));
        ExpectMsg<AutoNatServerMessages.PartnersAsked>(Patience);
        connections.ExpectNoMsg(TimeSpan.Zero);

        server.Tell(new AddressMessages.Changed(new AddressSet { Bound = [Multiaddr.Parse("/ip4/0.0.0.0/tcp/4001")] }));

        connections.ExpectMsg<ConnectionsMessages.Subscribe>(Patience);
        Assert.Equal([partner], connections.ExpectMsg<ConnectionsMessages.Dial>(Patience).Addresses);
    }
}
