using System.Net;
using NatActors.Lab.Nat;
using NatActors.Testing;

namespace NatActors.Lab.Tests;

/// <summary>What each router type does to UDP from port 4001: the port that others see, and who may come in.</summary>
public sealed class UdpObservationTests(LabFixture fixture) : IClassFixture<LabFixture>
{
    private const int Port = 4001;
    private const int OtherPort = 4002;
    private const byte Hello = 1;
    private const byte Probe = 2;
    private const byte Fence = 3;

    [SkippableTheory]
    [InlineData(RouterType.None, true)]
    [InlineData(RouterType.Firewall, true)]
    [InlineData(RouterType.FullCone, true)]
    [InlineData(RouterType.AddrRestricted, true)]
    [InlineData(RouterType.PortForward, true)]
    [InlineData(RouterType.PortRestricted, true)]
    [InlineData(RouterType.Symmetric, false)]
    [InlineData(RouterType.Cgnat, true)]
    [InlineData(RouterType.CgnatSym, false)]
    public async Task The_world_sees_the_hosts_own_port_unless_the_router_is_symmetric(RouterType type, bool keepsPort)
    {
        fixture.Lab.Router("NA").SetKind(type);
        using var a = fixture.Lab.Host("A").Udp(Port);
        var seen = new List<IPEndPoint>();
        foreach (var name in (string[])["R", "S", "T", "U"])
        {
            var observer = fixture.Lab.Host(name);
            using var socket = observer.Udp(Port);
            a.Send(Hello, observer.At(Port));
            seen.Add((await socket.NextAsync()).From);
        }

        var expected = ((RouterKind)type).IsRouted ? fixture.Lab.Host("A").Address : fixture.Lab.Router("NA").PublicAddress;
        Assert.All(seen, from => Assert.Equal(expected, from.Address));
        if (keepsPort)
        {
            Assert.All(seen, from => Assert.Equal(Port, from.Port));
        }
        else
        {
            // Four random ports of 64,512: that all agree would happen once in 10^14 runs.
            Assert.True(seen.Select(from => from.Port).Distinct().Count() > 1);
        }
    }

    [SkippableTheory]
    [InlineData(RouterType.None, true, true, true)]
    [InlineData(RouterType.Firewall, false, false, true)]
    [InlineData(RouterType.FullCone, true, true, true)]
    [InlineData(RouterType.AddrRestricted, false, true, true)]
    [InlineData(RouterType.PortForward, true, true, true)]
    [InlineData(RouterType.PortRestricted, false, false, true)]
    [InlineData(RouterType.Symmetric, false, false, true)]
    [InlineData(RouterType.Cgnat, false, false, true)]
    [InlineData(RouterType.CgnatSym, false, false, true)]
    public async Task Lets_in_whom_its_type_says(RouterType type, bool stranger, bool otherPort, bool contacted)
    {
        fixture.Lab.Router("NA").SetKind(type);
        Assert.Equal((stranger, otherPort, contacted), await WhoComesInAsync(Port));
    }

    [SkippableFact]
    public async Task A_port_forward_lets_strangers_in_to_its_port_only()
    {
        fixture.Lab.Router("NA").SetKind(RouterType.PortForward);
        Assert.Equal((false, false, true), await WhoComesInAsync(OtherPort));
        fixture.Lab.Router("NA").SetKind(new RouterKind(RouterType.PortForward) { ForwardedPort = OtherPort });
        Assert.Equal((true, true, true), await WhoComesInAsync(OtherPort));
    }

    [SkippableFact]
    public async Task A_forward_made_by_hand_opens_its_port_until_it_is_removed()
    {
        var router = fixture.Lab.Router("NA");
        router.SetKind(RouterType.PortRestricted);
        router.Forward(Port, fixture.Lab.Host("A"));
        Assert.Equal((true, true, true), await WhoComesInAsync(Port));
        router.Unforward(Port);
        router.ForgetMappings();
        Assert.Equal((false, false, true), await WhoComesInAsync(Port));
    }

    [SkippableFact]
    public async Task Traffic_that_came_too_early_does_not_spoil_the_port()
    {
        // A router that accepted the packet itself would remember it, and give A's own flow to S another port.
        fixture.Lab.Router("NA").SetKind(RouterType.PortRestricted);
        using var a = fixture.Lab.Host("A").Udp(Port);
        using var r = fixture.Lab.Host("R").Udp(Port);
        using var s = fixture.Lab.Host("S").Udp(Port);
        s.Send(Probe, new IPEndPoint(fixture.Lab.Router("NA").PublicAddress, Port));
        a.Send(Hello, fixture.Lab.Host("R").At(Port));
        r.Send(Hello, (await r.NextAsync()).From);
        await a.NextAsync();
        a.Send(Hello, fixture.Lab.Host("S").At(Port));
        Assert.Equal(Port, (await s.NextAsync()).From.Port);
    }

    /// <summary>
    /// A contacts R from a port. Then a stranger, R from another port, and R from the contacted one send to where R saw A. All cross
    /// the core in order, so that what has not come before the last one never will.
    /// </summary>
    private async Task<(bool Stranger, bool OtherPort, bool Contacted)> WhoComesInAsync(int port)
    {
        using var a = fixture.Lab.Host("A").Udp(port);
        using var contacted = fixture.Lab.Host("R").Udp(Port);
        using var otherPort = fixture.Lab.Host("R").Udp(OtherPort);
        using var stranger = fixture.Lab.Host("S").Udp(Port);
        a.Send(Hello, fixture.Lab.Host("R").At(Port));
        var seen = (await contacted.NextAsync()).From;
        stranger.Send(Probe, seen);
        otherPort.Send(Probe, seen);
        contacted.Send(Fence, seen);
        var came = new List<IPEndPoint>();
        while (true)
        {
            var (word, from) = await a.NextAsync();
            came.Add(from);
            if (word == Fence)
            {
                var (r, s) = (fixture.Lab.Host("R"), fixture.Lab.Host("S"));
                return (came.Contains(s.At(Port)), came.Contains(r.At(OtherPort)), came.Contains(r.At(Port)));
            }
        }
    }
}
