using System.Net;
using System.Net.Sockets;
using NatActors.Lab.Nat;
using NatActors.Testing;

namespace NatActors.Lab.Tests;

/// <summary>What each router type does to TCP from port 4001: the port that others see, and who may come in.</summary>
public sealed class TcpObservationTests(LabFixture fixture) : IClassFixture<LabFixture>
{
    private const int Port = 4001;
    private const int OtherPort = 4002;

    /// <summary>Round trips that a stranger gets: one to connect, and two for good measure.</summary>
    private const int RoundTrips = 3;

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
        var seen = new List<IPEndPoint>();
        foreach (var name in (string[])["R", "S", "T", "U"])
        {
            var (near, far) = await ConnectAsync(fixture.Lab.Host("A"), fixture.Lab.Host(name), Port);
            seen.Add((IPEndPoint)far.RemoteEndPoint!);
            near.Dispose();
            far.Dispose();
        }

        var expected = ((RouterKind)type).IsRouted ? fixture.Lab.Host("A").Address : fixture.Lab.Router("NA").PublicAddress;
        Assert.All(seen, from => Assert.Equal(expected, from.Address));
        Assert.Equal(keepsPort, seen.All(from => from.Port == Port));
    }

    [SkippableTheory]
    [InlineData(RouterType.None, "", Entry.Open, Entry.Open)]
    [InlineData(RouterType.Firewall, "", Entry.Silence, Entry.Silence)]
    [InlineData(RouterType.FullCone, "", Entry.Open, Entry.Open)]
    [InlineData(RouterType.AddrRestricted, "", Entry.Silence, Entry.Open)]
    [InlineData(RouterType.PortForward, "", Entry.Open, Entry.Open)]
    [InlineData(RouterType.PortRestricted, "", Entry.Silence, Entry.Silence)]
    [InlineData(RouterType.Symmetric, "", Entry.Silence, Entry.Silence)]
    [InlineData(RouterType.Cgnat, "", Entry.Silence, Entry.Silence)]
    [InlineData(RouterType.CgnatSym, "", Entry.Silence, Entry.Silence)]
    [InlineData(RouterType.None, "+rst", Entry.Open, Entry.Open)]
    [InlineData(RouterType.Firewall, "+rst", Entry.Refused, Entry.Refused)]
    [InlineData(RouterType.FullCone, "+rst", Entry.Open, Entry.Open)]
    [InlineData(RouterType.AddrRestricted, "+rst", Entry.Refused, Entry.Open)]
    [InlineData(RouterType.PortForward, "+rst", Entry.Open, Entry.Open)]
    [InlineData(RouterType.PortRestricted, "+rst", Entry.Refused, Entry.Refused)]
    [InlineData(RouterType.Symmetric, "+rst", Entry.Refused, Entry.Refused)]
    [InlineData(RouterType.Cgnat, "+rst", Entry.Refused, Entry.Refused)]
    public async Task Lets_in_or_turns_away_as_its_type_and_manners_say(RouterType type, string modifiers, Entry stranger, Entry otherPort)
    {
        Assert.True(RouterKind.TryParse(type + modifiers, out var kind));
        fixture.Lab.Router("NA").SetKind(kind);
        using var listener = fixture.Lab.Host("A").TcpListener(Port);
        var (near, far) = await ConnectAsync(fixture.Lab.Host("A"), fixture.Lab.Host("R"), Port);
        using (near)
        using (far)
        {
            var seen = (IPEndPoint)far.RemoteEndPoint!;
            Assert.Equal(stranger, await TryEnterAsync(fixture.Lab.Host("S"), seen, near, far));
            Assert.Equal(otherPort, await TryEnterAsync(fixture.Lab.Host("R"), seen, near, far));
        }
    }

    private static async Task<(Socket Near, Socket Far)> ConnectAsync(LabHost from, LabHost to, int port)
    {
        using var listener = to.TcpListener(port);
        var near = from.Tcp(port);
        await near.ConnectAsync(to.At(port)).OrFail();
        return (near, await listener.AcceptAsync().OrFail());
    }

    /// <summary>Dials from another port; what has not come of it after some round trips on an open connection is silence.</summary>
    private static async Task<Entry> TryEnterAsync(LabHost from, IPEndPoint to, Socket near, Socket far)
    {
        using var socket = from.Tcp(OtherPort);
        var dial = socket.ConnectAsync(to);
        for (var i = 0; i < RoundTrips; i++)
        {
            await LabSockets.RoundTripAsync(near, far);
        }

        if (!dial.IsCompleted)
        {
            return Entry.Silence;
        }

        var failure = await Record.ExceptionAsync(() => dial) as SocketException;
        return failure is { SocketErrorCode: SocketError.ConnectionRefused } ? Entry.Refused : Entry.Open;
    }
}

/// <summary>What becomes of a connection that comes in unasked.</summary>
public enum Entry
{
    /// <summary>It is made.</summary>
    Open,

    /// <summary>It is refused at once.</summary>
    Refused,

    /// <summary>Nothing answers.</summary>
    Silence,
}
