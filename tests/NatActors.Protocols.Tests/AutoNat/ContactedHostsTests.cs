using System.Net;
using NatActors.Protocols.AutoNat;

namespace NatActors.Protocols.Tests.AutoNat;

public class ContactedHostsTests
{
    private static readonly IPEndPoint Server = new(IPAddress.Parse("22.0.1.2"), 4001);
    private static readonly IPEndPoint Stranger = new(IPAddress.Parse("26.0.1.2"), 40_000);

    [Fact]
    public void A_dialed_host_is_contacted_on_every_port()
    {
        var hosts = new ContactedHosts(1);

        hosts.OnContact(Server);

        Assert.True(hosts.WasContacted(Server.Address));
        Assert.False(hosts.OnAccepted(new IPEndPoint(Server.Address, 50_000)));
        Assert.False(hosts.CameAsStranger(new IPEndPoint(Server.Address, 50_000)));
    }

    [Fact]
    public void Who_comes_in_uncalled_is_a_stranger_the_first_time_only()
    {
        var hosts = new ContactedHosts(1);

        Assert.True(hosts.OnAccepted(Stranger));
        Assert.False(hosts.OnAccepted(new IPEndPoint(Stranger.Address, 40_001)));

        Assert.True(hosts.CameAsStranger(Stranger));
        Assert.False(hosts.CameAsStranger(new IPEndPoint(Stranger.Address, 40_001)));
    }

    [Fact]
    public void The_same_end_point_coming_back_is_no_stranger_any_more()
    {
        var hosts = new ContactedHosts(1);
        hosts.OnAccepted(Stranger);

        hosts.OnAccepted(Stranger);

        Assert.False(hosts.CameAsStranger(Stranger));
    }

    [Fact]
    public void A_mapped_address_and_a_zone_make_no_other_host()
    {
        var hosts = new ContactedHosts(1);
        hosts.OnContact(new IPEndPoint(Server.Address.MapToIPv6(), 4001));
        hosts.OnContact(new IPEndPoint(IPAddress.Parse("fe80::1%2"), 4001));

        Assert.True(hosts.WasContacted(Server.Address));
        Assert.True(hosts.WasContacted(IPAddress.Parse("fe80::1")));
        Assert.True(hosts.WasDialed(Server));
    }

    [Fact]
    public void A_dialed_port_is_known_from_the_other_ports_of_its_host()
    {
        var hosts = new ContactedHosts(1);
        hosts.OnContact(Server);

        Assert.True(hosts.WasDialed(Server));
        Assert.False(hosts.WasDialed(new IPEndPoint(Server.Address, 4002)));
    }

    [Fact]
    public void No_host_that_was_contacted_is_ever_taken_for_a_stranger_however_many_there_are()
    {
        var hosts = new ContactedHosts(7);
        const int Many = 20 * ContactedHosts.MaxExact;
        for (var i = 0; i < Many; i++)
        {
            hosts.OnContact(Host(i));
        }

        for (var i = 0; i < Many; i++)
        {
            Assert.True(hosts.WasContacted(Host(i).Address));
        }
    }

    [Fact]
    public void After_the_overflow_most_strangers_are_still_seen_as_such()
    {
        var hosts = new ContactedHosts(7);
        for (var i = 0; i < 100_000; i++)
        {
            hosts.OnContact(Host(i));
        }

        var taken = Enumerable.Range(1_000_000, 2000).Count(i => hosts.WasContacted(Host(i).Address));

        Assert.InRange(taken, 0, 2000 / 20);
    }

    [Fact]
    public void An_arrival_too_long_ago_is_no_stranger()
    {
        var hosts = new ContactedHosts(1);
        hosts.OnAccepted(Stranger);
        for (var i = 0; i < ContactedHosts.MaxArrivals; i++)
        {
            hosts.OnAccepted(Host(i));
        }

        Assert.False(hosts.CameAsStranger(Stranger));
        Assert.True(hosts.CameAsStranger(Host(0)));
    }

    [Fact]
    public void Tells_whether_a_host_came_in_since()
    {
        var hosts = new ContactedHosts(1);
        hosts.OnAccepted(Server);
        var asked = hosts.Arrivals;

        Assert.False(hosts.AcceptedSince(Server.Address, asked));
        hosts.OnAccepted(new IPEndPoint(Server.Address, 50_000));
        Assert.True(hosts.AcceptedSince(Server.Address, asked));
    }

    private static IPEndPoint Host(int number) =>
        new(new IPAddress([(byte)(11 + (number >> 24)), (byte)(number >> 16), (byte)(number >> 8), (byte)number]), 4001);
}
