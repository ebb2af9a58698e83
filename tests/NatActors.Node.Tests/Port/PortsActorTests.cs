using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Port;
using NatActors.Transports.Network;
using NatActors.Transports.Port;
using NatActors.Transports.Security;

namespace NatActors.Node.Tests.Port;

public sealed class PortsActorTests : PortTestKit
{
    private const string V4 = "/ip4/127.0.0.1/tcp/0";
    private const string V6 = "/ip6/::1/tcp/0";

    [Fact]
    public void All_listen_addresses_are_bound_before_they_are_announced()
    {
        var node = Bound(V4, V6);

        Assert.Equal(2, node.Listen.Count);
        Assert.All(node.Listen, address => Assert.DoesNotContain("/tcp/0", address.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void Wildcards_are_resolved_to_the_interfaces_but_not_to_link_local_addresses()
    {
        var interfaces = new FakeInterfaces("127.0.0.1", "192.0.1.5", "::1", "fe80::1", "2001:db8::5");
        string[] listen = ["/ip4/0.0.0.0/tcp/4001", "/ip6/::/tcp/4002", "/ip4/10.0.0.9/tcp/4003"];
        var node = Create(new FakePortTransport(_ => null), interfaces, listen);

        var bound = node.Node.ExpectMsg<PortMessages.Bound>(Guard);

        Assert.Equal(
            [
                "/ip4/192.0.1.5/tcp/4001", "/ip4/127.0.0.1/tcp/4001",
                "/ip6/2001:db8::5/tcp/4002", "/ip6/::1/tcp/4002",
                "/ip4/10.0.0.9/tcp/4003",
            ],
            bound.Resolved.Select(address => address.ToString()));
    }

    [Fact]
    public void A_port_that_another_holds_ends_in_one_line_and_closes_the_others()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        other.Listen(1);
        var held = $"/ip4/127.0.0.1/tcp/{((IPEndPoint)other.LocalEndPoint!).Port}";

        var node = Create(new TcpTransport(), SystemNetworkInterfaces.Instance, V4, held);

        var failed = node.Node.ExpectMsg<PortMessages.BindFailed>(Guard);
        Assert.Equal(BindFailureKind.PortHeld, failed.Kind);
        Assert.Equal(held, failed.Address.ToString());
        Assert.DoesNotContain('\n', failed.Detail);
        node.Ports.Tell(new PortMessages.GetBound(), TestActor);
        Assert.Empty(ExpectMsg<PortMessages.Bound>(Guard).Listen);
    }

    [Fact]
    public void A_machine_without_ipv6_listens_on_ipv4_alone()
    {
        var transport = new FakePortTransport(address => address.ToString().StartsWith("/ip6", StringComparison.Ordinal)
            ? new BindResult(null, BindFailureKind.NotSupported, "no such family")
            : null);
        var node = Create(transport, new FakeInterfaces(), "/ip6/::/tcp/4001", "/ip4/0.0.0.0/tcp/4001");

        var bound = node.Node.ExpectMsg<PortMessages.Bound>(Guard);

        Assert.Equal("/ip4/0.0.0.0/tcp/4001", Assert.Single(bound.Listen).ToString());
    }

    [Fact]
    public void A_machine_with_neither_family_cannot_listen()
    {
        var transport = new FakePortTransport(_ => new BindResult(null, BindFailureKind.NotSupported, "no such family"));
        var node = Create(transport, new FakeInterfaces(), "/ip6/::/tcp/4001", "/ip4/0.0.0.0/tcp/4001");

        node.Node.ExpectMsg<PortMessages.BindFailed>(Guard);
    }

    [Fact]
    public void A_node_that_listens_nowhere_is_bound_at_once()
    {
        var node = Create(new FakePortTransport(_ => null), new FakeInterfaces());

        Assert.Empty(node.Node.ExpectMsg<PortMessages.Bound>(Guard).Listen);
    }

    [Theory]
    [InlineData(V4)]
    [InlineData(V6)]
    public async Task A_dial_leaves_from_the_listen_port_and_arrives_at_the_others_sink(string listen)
    {
        var (a, b) = (Bound(listen), Bound(listen));

        a.Ports.Tell(new PortMessages.Dial(1, b.Listen[0], DialPort.Shared, Guard, TestActor));

        var dialed = ExpectMsg<PortMessages.Dialed>(Guard);
        var accepted = b.Sink.ExpectMsg<PortMessages.Accepted>(Guard);
        Assert.True(dialed.PortReused);
        Assert.Equal(a.Listen[0], accepted.Conduit.RemoteAddress);
        Assert.Equal(ConnectionRole.Listener, accepted.Role);
        await dialed.Conduit.WriteAsync(new byte[] { 5 });
        var buffer = new byte[1];
        Assert.Equal(1, await accepted.Conduit.ReadAsync(buffer).AsTask().WaitAsync(Guard));
        await dialed.Conduit.DisposeAsync();
    }

    [Fact]
    public void A_remote_of_a_family_without_listener_is_dialed_from_a_port_that_is_not_called_shared()
    {
        var (a, b) = (Bound(V4), Bound(V6));

        a.Ports.Tell(new PortMessages.Dial(1, b.Listen[0], DialPort.Shared, Guard, TestActor));

        var dialed = ExpectMsg<PortMessages.Dialed>(Guard);
        Assert.False(dialed.PortReused);
        dialed.Conduit.Abort();
    }

    [Theory]
    [InlineData("/dns4/example.org/tcp/4001")]
    [InlineData("/ip4/127.0.0.1/udp/4001/quic-v1")]
    [InlineData("/ip4/127.0.0.1/tcp/0")]
    public void What_no_port_can_dial_is_refused_at_once(string address)
    {
        var node = Create(new FakePortTransport(_ => null), new FakeInterfaces(), "/ip4/0.0.0.0/tcp/4001");

        node.Ports.Tell(new PortMessages.Dial(4, Multiaddr.Parse(address), DialPort.Shared, Guard, TestActor));
        Assert.Equal(4, ExpectMsg<PortMessages.DialFailed>(Guard).Id);

        node.Ports.Tell(new PortMessages.Punch(5, [Multiaddr.Parse(address)], Guard, ConnectionRole.Dialer, TestActor));
        Assert.Equal(5, ExpectMsg<PortMessages.PunchFailed>(Guard).Id);
    }

    [Fact]
    public void Two_nodes_punch_and_each_takes_its_own_role()
    {
        var (a, b) = (Bound(V4), Bound(V4));
        var (atA, atB) = (CreateTestProbe(), CreateTestProbe());
        b.Ports.Tell(new PortMessages.Punch(1, [a.Listen[0]], Guard, ConnectionRole.Dialer, atB.Ref) { Delay = Guard });

        // The answer to this comes after the punch has gone to the port's owner.
        b.Ports.Tell(new PortMessages.GetBound(), atB.Ref);
        atB.ExpectMsg<PortMessages.Bound>(Guard);
        a.Ports.Tell(new PortMessages.Punch(2, [b.Listen[0]], Guard, ConnectionRole.Listener, atA.Ref));

        var punchedA = atA.ExpectMsg<PortMessages.Punched>(Guard);
        var punchedB = atB.ExpectMsg<PortMessages.Punched>(Guard);
        Assert.Equal((ConnectionRole.Listener, false), (punchedA.Role, punchedA.Accepted));
        Assert.Equal((ConnectionRole.Dialer, true), (punchedB.Role, punchedB.Accepted));
        Assert.Equal(a.Listen[0], punchedB.Remote);
        Assert.Equal(b.Listen[0], punchedA.Remote);
    }

    [Fact]
    public void A_delayed_punch_starts_when_it_is_told_to()
    {
        var (a, b) = (Bound(V4), Bound(V4));
        a.Ports.Tell(new PortMessages.Punch(3, [b.Listen[0]], Guard, ConnectionRole.Dialer, TestActor) { Delay = TimeSpan.FromHours(1) });

        a.Ports.Tell(new PortMessages.StartPunch(3, TestActor));

        Assert.Equal(3, ExpectMsg<PortMessages.Punched>(Guard).Id);
    }

    [Fact]
    public async Task A_punch_over_both_families_is_one_request_with_one_answer()
    {
        var transport = new FakePortTransport(_ => null);
        var node = Create(transport, new FakeInterfaces(), "/ip4/0.0.0.0/tcp/4001", "/ip6/::/tcp/4001");
        node.Node.ExpectMsg<PortMessages.Bound>(Guard);
        var remotes = new[] { Multiaddr.Parse("/ip4/192.0.1.7/tcp/4001"), Multiaddr.Parse("/ip6/2001:db8::7/tcp/4001") };

        node.Ports.Tell(new PortMessages.Punch(8, remotes, Guard, ConnectionRole.Dialer, TestActor));

        var connects = new[] { transport.Bindings.Take().NextConnect(), transport.Bindings.Take().NextConnect() };
        connects[0].Succeed();
        var punched = ExpectMsg<PortMessages.Punched>(Guard);
        Assert.Equal(8, punched.Id);
        var loser = await connects[1].Result.WaitAsync(Guard);
        Assert.Equal(ConnectFailureKind.Aborted, loser.Failure?.Kind);
    }

    [Fact]
    public void A_punch_over_both_families_that_is_cancelled_is_answered_once()
    {
        var transport = new FakePortTransport(_ => null);
        var node = Create(transport, new FakeInterfaces(), "/ip4/0.0.0.0/tcp/4001", "/ip6/::/tcp/4001");
        var remotes = new[] { Multiaddr.Parse("/ip4/192.0.1.7/tcp/4001"), Multiaddr.Parse("/ip6/2001:db8::7/tcp/4001") };
        node.Ports.Tell(new PortMessages.Punch(8, remotes, Guard, ConnectionRole.Dialer, TestActor));

        node.Ports.Tell(new PortMessages.CancelDial(8, TestActor));

        Assert.Equal(ConnectFailureKind.Aborted, ExpectMsg<PortMessages.PunchFailed>(Guard).Failure.Kind);
        node.Ports.Tell(new PortMessages.GetBound(), TestActor);
        ExpectMsg<PortMessages.Bound>(Guard);
    }

    [Fact]
    public void A_port_that_can_accept_no_more_is_bound_anew()
    {
        var transport = new FakePortTransport(_ => null);
        var node = Create(transport, new FakeInterfaces(), "/ip4/0.0.0.0/tcp/4001");
        node.Node.ExpectMsg<PortMessages.Bound>(Guard);
        var first = transport.Bindings.Take();
        for (var i = 0; i < 11; i++)
        {
            first.FailAccept("too many open files");
        }

        Assert.True(transport.Bindings.TryTake(out var second, Guard));

        Assert.True(first.Disposed);
        second.AcceptSoon(new FakeConduit(Multiaddr.Parse("/ip4/192.0.1.7/tcp/4001")));
        node.Sink.ExpectMsg<PortMessages.Accepted>(Guard);
    }

    [Fact]
    public void A_port_that_cannot_be_bound_anew_ends_the_node()
    {
        var binds = 0;
        var transport = new FakePortTransport(_ => ++binds == 1 ? null : new BindResult(null, BindFailureKind.PortHeld, "held"));
        var node = Create(transport, new FakeInterfaces(), "/ip4/0.0.0.0/tcp/4001");
        node.Node.ExpectMsg<PortMessages.Bound>(Guard);
        var first = transport.Bindings.Take();
        for (var i = 0; i < 11; i++)
        {
            first.FailAccept("too many open files");
        }

        Assert.Equal(BindFailureKind.PortHeld, node.Node.ExpectMsg<PortMessages.BindFailed>(Guard).Kind);
    }
}
