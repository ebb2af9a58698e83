using System.Diagnostics;
using System.Net;
using Akka.Actor;
using Akka.TestKit;
using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Multiformats;
using NatActors.Node.Port;
using NatActors.Testing;
using NatActors.Transports;
using NatActors.Transports.Port;
using NatActors.Transports.Security;
using Xunit.Abstractions;

namespace NatActors.Node.Tests.Port;

/// <summary>The ports of two nodes behind kernel routers, with nothing above them: what one dial made known is enough to punch.</summary>
public sealed class PunchThroughRoutersTests(LabFixture fixture, ITestOutputHelper output) : PortTestKit, IClassFixture<LabFixture>
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(4);
    private static int _lastPort = 4200;

    [SkippableTheory]
    [InlineData(RouterType.PortRestricted, RouterType.PortRestricted, false, 0)]
    [InlineData(RouterType.PortRestricted, RouterType.PortRestricted, false, 40)]
    [InlineData(RouterType.PortRestricted, RouterType.PortRestricted, true, 0)]
    [InlineData(RouterType.PortRestricted, RouterType.PortRestricted, true, 20)]
    [InlineData(RouterType.PortRestricted, RouterType.PortRestricted, true, 40)]
    [InlineData(RouterType.Firewall, RouterType.Cgnat, true, 20)]
    [InlineData(RouterType.Symmetric, RouterType.FullCone, false, 0)]
    [InlineData(RouterType.FullCone, RouterType.Symmetric, false, 0)]
    [InlineData(RouterType.Symmetric, RouterType.AddrRestricted, true, 20)]
    [InlineData(RouterType.AddrRestricted, RouterType.Symmetric, true, 20)]
    [InlineData(RouterType.None, RouterType.PortRestricted, true, 20)]
    public async Task Two_ports_meet_whatever_the_routers_do_with_strays(RouterType routerA, RouterType routerB, bool refusing, int skewMs)
    {
        var (modifiers, port) = (refusing ? RouterModifiers.Rst : RouterModifiers.None, Interlocked.Increment(ref _lastPort));
        fixture.Lab.Router("NA").SetKind(new RouterKind(routerA, modifiers) { ForwardedPort = port });
        fixture.Lab.Router("NB").SetKind(new RouterKind(routerB, modifiers) { ForwardedPort = port });
        var (r, a, b) = (InLab("R", port), InLab("A", port), InLab("B", port));
        var (seenA, seenB) = (Observed(a, r), Observed(b, r));
        var atA = CreateTestProbe();
        var clock = Stopwatch.StartNew();

        a.Ports.Tell(new PortMessages.Punch(1, [seenB], Window, ConnectionRole.Dialer, atA.Ref));
        b.Ports.Tell(new PortMessages.Punch(1, [seenA], Window, ConnectionRole.Listener, b.Sink.Ref)
        {
            Delay = TimeSpan.FromMilliseconds(skewMs),
        });

        var conduitA = atA.ExpectMsg<PortMessages.Punched>(Guard).Conduit;
        output.WriteLine($"{clock.ElapsedMilliseconds} ms");
        await conduitA.WriteAsync(new byte[] { 42 });
        var conduitB = AtTheListener(b.Sink);
        var heard = new byte[1];
        Assert.Equal(1, await conduitB.ReadAsync(heard).AsTask().WaitAsync(Guard));
        Assert.Equal(42, heard[0]);
    }

    /// <summary>The listener's side may get it as an ordinary accept, when the dialer's router chose a port nobody foresaw.</summary>
    private static IConduit AtTheListener(TestProbe sinkAndPunch) => sinkAndPunch.FishForMessage(
        message => message is PortMessages.Accepted or PortMessages.Punched, Guard) switch
    {
        PortMessages.Accepted accepted => accepted.Conduit,
        PortMessages.Punched punched => punched.Conduit,
        var other => throw new InvalidOperationException($"{other}"),
    };

    private Multiaddr Observed(PortsUnderTest node, PortsUnderTest observer)
    {
        node.Ports.Tell(new PortMessages.Dial(1, observer.Listen[0], DialPort.Shared, Guard, node.Node.Ref));
        Assert.True(node.Node.ExpectMsg<PortMessages.Dialed>(Guard).PortReused);
        return observer.Sink.ExpectMsg<PortMessages.Accepted>(Guard).Conduit.RemoteAddress;
    }

    private PortsUnderTest InLab(string name, int port)
    {
        var host = fixture.Lab.Host(name);
        var address = Multiaddr.FromTcp(new IPEndPoint(host.Address, port)).ToString();
        var node = Create(new TcpTransport(new LabSockets(host)), new FakeInterfaces(), name == "R" ? address : $"/ip4/0.0.0.0/tcp/{port}");
        node.Listen = node.Node.ExpectMsg<PortMessages.Bound>(Guard).Listen;
        return node;
    }
}
