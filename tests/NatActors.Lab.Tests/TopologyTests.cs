using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NatActors.Lab.Nat;
using NatActors.Testing;

namespace NatActors.Lab.Tests;

/// <summary>Paths, delays, cables and addresses of a laboratory.</summary>
public sealed class TopologyTests(LabFixture fixture) : IClassFixture<LabFixture>
{
    private const int Port = 4001;
    private const byte Hello = 1;

    private Laboratory Lab => fixture.Lab;

    [SkippableFact]
    public void Public_hosts_stand_in_four_different_first_octets() =>
        Assert.Equal(4, Lab.Hosts.Where(host => host.Router is null).Select(host => host.Address.GetAddressBytes()[0]).Distinct().Count());

    [SkippableTheory]
    [InlineData("A", "R")]
    [InlineData("A", "B")]
    [InlineData("R", "S")]
    public async Task A_round_trip_between_any_two_hosts_takes_twice_the_path_delay(string from, string to)
    {
        Lab.Router("NA").SetKind(RouterType.None);
        Lab.Router("NB").SetKind(RouterType.None);
        using var near = Lab.Host(from).Udp(Port);
        using var far = Lab.Host(to).Udp(Port);
        var elapsed = await PingAsync(near, far, Lab.Host(to).At(Port));
        Assert.Equal(LabPlan.DefaultPathDelay, Lab.PathDelay);
        Assert.True(elapsed >= 2 * Lab.PathDelay, $"{elapsed}");
    }

    [SkippableFact]
    public async Task A_host_can_stand_further_away()
    {
        RequiresLab.OrSkip();
        var extra = TimeSpan.FromMilliseconds(35);
        var plan = new LabPlan
        {
            Hosts = [new("R"), new("S") { ExtraDelay = extra }, new("A", "NA")],
            Routers = [new("NA", RouterType.PortRestricted) { ExtraDelay = extra }],
            PathDelay = TimeSpan.Zero,
        };
        await using var lab = Laboratory.Create(plan);
        using var r = lab.Host("R").Udp(Port);
        using var s = lab.Host("S").Udp(Port);
        using var a = lab.Host("A").Udp(Port);
        Assert.True(await PingAsync(r, s, lab.Host("S").At(Port)) >= 2 * extra);
        Assert.True(await PingAsync(a, s, lab.Host("S").At(Port)) >= 4 * extra);
    }

    [SkippableFact]
    public async Task Packets_of_a_path_stay_in_order_and_whole()
    {
        const int Bytes = 20_000_000;
        Lab.Router("NA").SetKind(RouterType.Cgnat);
        using var listener = Lab.Host("R").TcpListener(Port);
        using var near = Lab.Host("A").Tcp(Port);
        await near.ConnectAsync(Lab.Host("R").At(Port)).OrFail();
        using var far = await listener.AcceptAsync().OrFail();
        var sent = new byte[Bytes];
        new Random(1).NextBytes(sent);
        var received = new byte[Bytes];
        var sending = near.SendAsync(sent);
        for (var got = 0; got < Bytes;)
        {
            var count = await far.ReceiveAsync(received.AsMemory(got)).AsTask().OrFail();
            Assert.True(count > 0);
            got += count;
        }

        await sending.OrFail();
        Assert.True(sent.AsSpan().SequenceEqual(received));
    }

    [SkippableFact]
    public async Task A_cable_that_is_out_loses_packets_and_keeps_the_mapping()
    {
        Lab.Router("NA").SetKind(RouterType.PortRestricted);
        using var a = Lab.Host("A").Udp(Port);
        using var r = Lab.Host("R").Udp(Port);
        a.Send(Hello, Lab.Host("R").At(Port));
        var seen = (await r.NextAsync()).From;
        Lab.Router("NA").CableOut();
        r.Send(Hello + 1, seen);

        // A round trip through the core later, the datagram has met the dead cable.
        using var s = Lab.Host("S").Udp(Port);
        await PingAsync(r, s, Lab.Host("S").At(Port));
        Lab.Router("NA").CableIn();
        Lab.Host("R").CableOut();
        Lab.Host("R").CableIn();
        r.Send(Hello + 2, seen);
        Assert.Equal(Hello + 2, (await a.NextAsync()).Word);
    }

    [SkippableFact]
    public async Task A_restarted_router_passes_packets_again()
    {
        Lab.Router("NA").SetKind(RouterType.Firewall);
        await Lab.Router("NA").RestartAsync(TimeSpan.FromMilliseconds(1));
        using var a = Lab.Host("A").Udp(Port);
        using var r = Lab.Host("R").Udp(Port);
        a.Send(Hello, Lab.Host("R").At(Port));
        r.Send(Hello, (await r.NextAsync()).From);
        Assert.Equal(Hello, (await a.NextAsync()).Word);
    }

    [SkippableTheory]
    [InlineData(RouterType.PortRestricted)]
    [InlineData(RouterType.Cgnat)]
    [InlineData(RouterType.Firewall)]
    public async Task A_renumbered_router_shows_another_address(RouterType type)
    {
        Lab.Router("NA").SetKind(type);
        using var a = Lab.Host("A").Udp(Port);
        using var r = Lab.Host("R").Udp(Port);
        a.Send(Hello, Lab.Host("R").At(Port));
        var before = (await r.NextAsync()).From;
        Lab.Router("NA").Renumber();
        a.Send(Hello, Lab.Host("R").At(Port));
        var after = (await r.NextAsync()).From;
        Assert.NotEqual(before.Address, after.Address);
        r.Send(Hello, after);
        Assert.Equal(Hello, (await a.NextAsync()).Word);
    }

    [SkippableFact]
    public async Task IPv6_hosts_behind_firewalls_reach_out_and_are_not_reached()
    {
        Lab.Router("NA").SetKind(new RouterKind(RouterType.Firewall, RouterModifiers.NoIpv4 | RouterModifiers.Rst));
        Assert.Equal(AddressFamily.InterNetworkV6, Assert.Single(Lab.Host("A").Addresses).AddressFamily);
        using var outer = Lab.Host("R").TcpListener(Port, AddressFamily.InterNetworkV6);
        using var inner = Lab.Host("A").TcpListener(Port, AddressFamily.InterNetworkV6);
        using var near = Lab.Host("A").Tcp(Port, AddressFamily.InterNetworkV6);
        await near.ConnectAsync(new IPEndPoint(Lab.Host("R").AddressV6, Port)).OrFail();
        using var far = await outer.AcceptAsync().OrFail();
        Assert.Equal(new IPEndPoint(Lab.Host("A").AddressV6, Port), far.RemoteEndPoint);
        using var stranger = Lab.Host("S").Tcp(Port, AddressFamily.InterNetworkV6);
        await Assert.ThrowsAsync<SocketException>(() => stranger.ConnectAsync(new IPEndPoint(Lab.Host("A").AddressV6, Port)).OrFail());
    }

    [SkippableFact]
    public void NAT_types_give_no_IPv6_unless_asked()
    {
        Lab.Router("NA").SetKind(RouterType.PortRestricted);
        Assert.Equal(AddressFamily.InterNetwork, Assert.Single(Lab.Host("A").Addresses).AddressFamily);
        Lab.Router("NA").SetKind(((RouterKind)RouterType.PortRestricted).With(RouterModifiers.Ipv6));
        Assert.Equal(2, Lab.Host("A").Addresses.Count);
    }

    [SkippableFact]
    public async Task A_router_may_stand_behind_another()
    {
        RequiresLab.OrSkip();
        var plan = new LabPlan
        {
            Hosts = [new("R"), new("A", "NA"), new("B", "NB")],
            Routers = [new("C", RouterType.PortRestricted), new("NA", RouterType.FullCone, "C"), new("NB", RouterType.Symmetric, "C")],
        };
        await using var lab = Laboratory.Create(plan);
        using var r = lab.Host("R").Udp(Port);
        foreach (var name in (string[])["A", "B"])
        {
            using var socket = lab.Host(name).Udp(Port);
            socket.Send(Hello, lab.Host("R").At(Port));
            var seen = (await r.NextAsync()).From;
            Assert.Equal(lab.Router("C").PublicAddress, seen.Address);
            r.Send(Hello, seen);
            Assert.Equal(Hello, (await socket.NextAsync()).Word);
        }
    }

    private static async Task<TimeSpan> PingAsync(Socket near, Socket far, IPEndPoint to)
    {
        var start = Stopwatch.GetTimestamp();
        near.Send(Hello, to);
        far.Send(Hello, (await far.NextAsync()).From);
        await near.NextAsync();
        return Stopwatch.GetElapsedTime(start);
    }
}
