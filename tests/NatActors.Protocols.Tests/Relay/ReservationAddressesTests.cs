using NatActors.Multiformats;
using NatActors.Protocols.Relay;

namespace NatActors.Protocols.Tests.Relay;

public sealed class ReservationAddressesTests
{
    private static readonly PeerId Relay = Peers.Id(1);
    private static readonly PeerId Self = Peers.Id(2);

    [Fact]
    public void An_address_of_the_relay_becomes_one_of_ours() =>
        Assert.Equal([Circuit("/ip4/192.0.1.9/tcp/4001")], Of($"/ip4/192.0.1.9/tcp/4001/p2p/{Relay}"));

    [Fact]
    public void A_relay_named_twice_is_named_once() =>
        Assert.Equal([Circuit("/ip4/192.0.1.9/tcp/4001")], Of($"/ip4/192.0.1.9/tcp/4001/p2p/{Relay}/p2p/{Relay}"));

    [Fact]
    public void A_relay_not_named_is_named() => Assert.Equal([Circuit("/ip4/192.0.1.9/tcp/4001")], Of("/ip4/192.0.1.9/tcp/4001"));

    [Fact]
    public void The_same_address_counts_once() =>
        Assert.Single(Of($"/ip4/192.0.1.9/tcp/4001/p2p/{Relay}", "/ip4/192.0.1.9/tcp/4001"));

    [Fact]
    public void A_relay_that_names_none_is_reached_as_we_reached_it() => Assert.Equal([Circuit("/ip4/192.0.1.1/tcp/1")], Of());

    [Theory]
    [InlineData("/ip4/0.0.0.0/tcp/4001")]
    [InlineData("/ip4/192.0.1.9/tcp/4001/p2p-circuit")]
    public void Addresses_that_lead_nowhere_are_left_out(string useless) => Assert.Equal([Circuit("/ip4/192.0.1.1/tcp/1")], Of(useless));

    [Fact]
    public void An_address_of_somebody_else_is_left_out() =>
        Assert.Equal([Circuit("/ip4/192.0.1.1/tcp/1")], Of($"/ip4/192.0.1.9/tcp/4001/p2p/{Peers.Id(9)}"));

    private static IReadOnlyList<string> Of(params string[] offered) =>
        [.. ReservationAddresses.Of([.. offered.Select(Multiaddr.Parse)], Relay, Multiaddr.Parse("/ip4/192.0.1.1/tcp/1"), Self).Select(a => a.ToString())];

    private static string Circuit(string at) => $"{at}/p2p/{Relay}/p2p-circuit/p2p/{Self}";
}
