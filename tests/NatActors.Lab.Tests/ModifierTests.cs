using System.Net;
using System.Net.Sockets;
using NatActors.Lab.Nat;
using NatActors.Testing;

namespace NatActors.Lab.Tests;

/// <summary>What a router's modifiers do (rst stands with the TCP observations).</summary>
public sealed class ModifierTests(LabFixture fixture) : IClassFixture<LabFixture>
{
    private const int Port = 4001;
    private const byte Hello = 1;
    private const int Patience = 4;

    private Laboratory Lab => fixture.Lab;

    [SkippableTheory]
    [InlineData(RouterType.None)]
    [InlineData(RouterType.FullCone)]
    [InlineData(RouterType.PortRestricted)]
    public async Task With_udpblocked_TCP_passes_and_UDP_does_not(RouterType type)
    {
        Lab.Router("NA").SetKind(((RouterKind)type).With(RouterModifiers.UdpBlocked));
        using var r = Lab.Host("R").Udp(Port);
        using var a = Lab.Host("A").Udp(Port);
        using var s = Lab.Host("S").Udp(Port);
        a.Send(Hello, Lab.Host("R").At(Port));
        await AssertTcpPassesAsync();

        // The connection took longer than A's datagram would have; S's comes after it, by the same core.
        s.Send(Hello, Lab.Host("R").At(Port));
        Assert.Equal(Lab.Host("S").At(Port), (await r.NextAsync()).From);
    }

    [SkippableFact]
    public async Task With_short_a_silent_mapping_is_gone_within_seconds()
    {
        Lab.Router("NA").SetKind(((RouterKind)RouterType.Symmetric).With(RouterModifiers.Short));
        using var a = Lab.Host("A").Udp(Port);
        using var r = Lab.Host("R").Udp(Port);
        a.Send(Hello, Lab.Host("R").At(Port));
        var first = (await r.NextAsync()).From;
        var next = first;

        // Each packet renews the mapping, so the pauses must outlast its two seconds: this is the kernel's clock, no virtual one.
        using var pause = new PeriodicTimer(TimeSpan.FromSeconds(2.5));
        for (var i = 0; i < Patience && next.Equals(first); i++)
        {
            await pause.WaitForNextTickAsync();
            a.Send(Hello, Lab.Host("R").At(Port));
            next = (await r.NextAsync()).From;
        }

        Assert.NotEqual(first, next);
    }

    [SkippableFact]
    public async Task Without_short_a_mapping_outlives_other_traffic()
    {
        Lab.Router("NA").SetKind(RouterType.Symmetric);
        using var a = Lab.Host("A").Udp(Port);
        using var r = Lab.Host("R").Udp(Port);
        a.Send(Hello, Lab.Host("R").At(Port));
        var first = (await r.NextAsync()).From;
        await AssertTcpPassesAsync();
        a.Send(Hello, Lab.Host("R").At(Port));
        Assert.Equal(first, (await r.NextAsync()).From);
    }

    [SkippableFact]
    public async Task Forgotten_mappings_are_made_anew()
    {
        Lab.Router("NA").SetKind(RouterType.CgnatSym);
        using var a = Lab.Host("A").Udp(Port);
        using var r = Lab.Host("R").Udp(Port);
        a.Send(Hello, Lab.Host("R").At(Port));
        var first = (await r.NextAsync()).From;
        Lab.Router("NA").ForgetMappings();
        a.Send(Hello, Lab.Host("R").At(Port));
        Assert.NotEqual(first, (await r.NextAsync()).From);
    }

    [SkippableFact]
    public async Task A_router_that_forgot_a_connection_and_takes_none_up_in_midstream_refuses_its_bytes()
    {
        Lab.Router("NA").SetKind(((RouterKind)RouterType.PortRestricted).With(RouterModifiers.Rst));
        using var listener = Lab.Host("R").TcpListener(Port);
        using var near = Lab.Host("A").Tcp(Port);
        await near.ConnectAsync(Lab.Host("R").At(Port)).OrFail();
        using var far = await listener.AcceptAsync().OrFail();
        Lab.Router("NA").ForgetMappings(pickUpMidstream: false);
        await near.SendAsync(new byte[1]).OrFail();
        var refused = await Assert.ThrowsAsync<SocketException>(() => near.ReceiveAsync(new byte[1]).OrFail());
        Assert.Equal(SocketError.ConnectionReset, refused.SocketErrorCode);
    }

    [SkippableFact]
    public async Task With_hairpin_two_hosts_behind_one_router_meet_at_its_outer_address()
    {
        RequiresLab.OrSkip();
        var plan = new LabPlan
        {
            Hosts = [new("R"), new("A", "NA"), new("B", "NA")],
            Routers = [new("NA", ((RouterKind)RouterType.FullCone).With(RouterModifiers.Hairpin))],
        };
        await using var lab = Laboratory.Create(plan);
        using var listener = lab.Host("A").TcpListener(Port);
        using var b = lab.Host("B").Tcp(Port);
        var outer = new IPEndPoint(lab.Router("NA").PublicAddress, Port);
        await b.ConnectAsync(outer).OrFail();
        using var accepted = await listener.AcceptAsync().OrFail();
        await LabSockets.RoundTripAsync(b, accepted);

        lab.Router("NA").SetKind(((RouterKind)RouterType.FullCone).With(RouterModifiers.Rst));
        using var again = lab.Host("B").Tcp(Port);
        await Assert.ThrowsAsync<SocketException>(() => again.ConnectAsync(outer).OrFail());
    }

    [SkippableTheory]
    [InlineData(RouterType.FullCone)]
    [InlineData(RouterType.PortForward)]
    public async Task With_hairpin_a_host_reaches_itself_at_its_outer_address(RouterType type)
    {
        RequiresLab.OrSkip();
        var kind = ((RouterKind)type).With(RouterModifiers.Hairpin) with { ForwardedPort = Port };
        await using var lab = Laboratory.Create(new LabPlan { Hosts = [new("R"), new("A", "NA")], Routers = [new("NA", kind)] });
        using var listener = lab.Host("A").TcpListener(Port);
        using var near = lab.Host("A").Tcp(0);

        await near.ConnectAsync(new IPEndPoint(lab.Router("NA").PublicAddress, Port)).OrFail();

        using var accepted = await listener.AcceptAsync().OrFail();
        await LabSockets.RoundTripAsync(near, accepted);
    }

    private async Task AssertTcpPassesAsync()
    {
        using var listener = Lab.Host("T").TcpListener(Port);
        using var near = Lab.Host("A").Tcp(Port);
        await near.ConnectAsync(Lab.Host("T").At(Port)).OrFail();
        using var far = await listener.AcceptAsync().OrFail();
        await LabSockets.RoundTripAsync(near, far);
    }
}
