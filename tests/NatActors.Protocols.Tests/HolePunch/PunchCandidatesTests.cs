using NatActors.Multiformats;
using NatActors.Protocols.HolePunch;
using NatActors.Protocols.Tests.Relay;

namespace NatActors.Protocols.Tests.HolePunch;

public sealed class PunchCandidatesTests
{
    private static readonly PunchOptions Options = new();
    private static readonly OwnAddresses Own = Of(["/ip4/11.0.0.1/tcp/4001"], ["/ip4/10.0.0.2/tcp/4001", "/ip4/127.0.0.1/tcp/4001"]);

    [Fact]
    public void We_name_where_we_are_seen_and_our_public_interfaces()
    {
        var own = Of(["/ip4/11.0.0.1/tcp/4001"], ["/ip4/10.0.0.2/tcp/4001", "/ip6/2a00::1/tcp/4001", "/ip6/fe80::1/tcp/4001"]);
        Assert.Equal(["/ip4/11.0.0.1/tcp/4001", "/ip6/2a00::1/tcp/4001"], Text(PunchCandidates.Own(own, Options)));
    }

    [Fact]
    public void Peer_ids_and_relayed_addresses_are_no_part_of_it()
    {
        var relayed = $"/ip4/12.0.0.1/tcp/4001/p2p/{Peers.Id(1)}/p2p-circuit";
        var own = Of([$"/ip4/11.0.0.1/tcp/4001/p2p/{Peers.Id(2)}", relayed], []);
        Assert.Equal(["/ip4/11.0.0.1/tcp/4001"], Text(PunchCandidates.Own(own, Options)));
    }

    [Theory]
    [InlineData("/ip4/10.0.0.9/tcp/4001")]
    [InlineData("/ip4/127.0.0.1/tcp/4001")]
    [InlineData("/ip4/0.0.0.0/tcp/4001")]
    [InlineData("/ip4/224.0.0.1/tcp/4001")]
    [InlineData("/ip4/169.254.1.1/tcp/4001")]
    [InlineData("/ip4/12.0.0.1/tcp/0")]
    [InlineData("/ip4/11.0.0.1/tcp/4001")]
    [InlineData("/ip6/2a00::9/tcp/4001")]
    [InlineData("/ip4/12.0.0.1/udp/4001/quic-v1")]
    [InlineData("/ip4/12.0.0.1/tcp/4001/ws")]
    [InlineData("/dns4/example.org/tcp/4001")]
    public void What_cannot_be_a_peer_across_the_internet_is_not_dialed(string address) =>
        Assert.Empty(PunchCandidates.OfPeer([Multiaddr.Parse(address)], Own, Options));

    [Fact]
    public void A_peers_id_behind_its_address_is_stripped() =>
        Assert.Equal(
            ["/ip4/12.0.0.1/tcp/4001"],
            Text(PunchCandidates.OfPeer([Multiaddr.Parse($"/ip4/12.0.0.1/tcp/4001/p2p/{Peers.Id(3)}")], Own, Options)));

    [Fact]
    public void No_more_than_a_few_addresses_are_dialed()
    {
        var many = Enumerable.Range(1, 100).Select(i => Multiaddr.Parse($"/ip4/12.0.0.{i}/tcp/4001")).ToList();
        Assert.Equal(Options.MaxCandidates, PunchCandidates.OfPeer(many, Own, Options).Count);
    }

    [Fact]
    public void Two_behind_one_address_tell_each_other_their_private_ones()
    {
        Multiaddr[] peer = [Multiaddr.Parse("/ip4/11.0.0.1/tcp/4002"), Multiaddr.Parse("/ip4/10.0.0.7/tcp/4001")];
        Assert.Contains("/ip4/10.0.0.2/tcp/4001", Text(PunchCandidates.OwnFor(Own, peer, Options)));
        Assert.DoesNotContain("/ip4/127.0.0.1/tcp/4001", Text(PunchCandidates.OwnFor(Own, peer, Options)));
        Assert.Equal(["/ip4/11.0.0.1/tcp/4002", "/ip4/10.0.0.7/tcp/4001"], Text(PunchCandidates.OfPeer(peer, Own, Options)));
    }

    [Fact]
    public void A_stranger_does_not_learn_our_private_addresses() =>
        Assert.Equal(["/ip4/11.0.0.1/tcp/4001"], Text(PunchCandidates.OwnFor(Own, [Multiaddr.Parse("/ip4/12.0.0.1/tcp/4001")], Options)));

    [Fact]
    public void On_one_machine_everything_goes_when_asked_for()
    {
        var options = Options with { AllowPrivateAddresses = true };
        var own = Of([], ["/ip4/127.0.0.1/tcp/4001"]);
        Assert.Equal(["/ip4/127.0.0.1/tcp/4001"], Text(PunchCandidates.Own(own, options)));
        Assert.Equal(["/ip4/127.0.0.1/tcp/4002"], Text(PunchCandidates.OfPeer([Multiaddr.Parse("/ip4/127.0.0.1/tcp/4002")], own, options)));
    }

    [Theory]
    [InlineData("/ip4/11.0.0.1/tcp/4001", "", "/ip4/10.0.0.2/tcp/4001", NatHint.PortKept)]
    [InlineData("/ip4/11.0.0.1/tcp/20007", "", "/ip4/10.0.0.2/tcp/4001", NatHint.PortChanged)]
    [InlineData("/ip4/11.0.0.1/tcp/20007", "/ip4/11.0.0.1/tcp/20014", "/ip4/10.0.0.2/tcp/4001", NatHint.PortPerDestination)]
    [InlineData("/ip4/10.0.0.1/tcp/20007", "", "/ip4/10.0.0.2/tcp/4001", NatHint.Unknown)]
    [InlineData("/ip4/11.0.0.1/tcp/20007", "", "", NatHint.Unknown)]
    public void Addresses_betray_the_nat(string first, string second, string listening, NatHint hint) =>
        Assert.Equal(hint, NatHints.Of(Parse([first, second]), Parse([listening])));

    [Theory]
    [InlineData("/ip4/11.0.0.1/tcp/20007", "/ip4/11.0.0.1/tcp/20007", NatHint.Unknown)]
    [InlineData("/ip4/11.0.0.1/tcp/4001", "/ip4/10.0.0.2/tcp/4001", NatHint.PortKept)]
    [InlineData("/ip4/11.0.0.1/tcp/20007", "/ip4/10.0.0.2/tcp/4001", NatHint.PortChanged)]
    public void An_address_at_which_a_peer_is_seen_is_no_address_at_which_it_listens(string sent, string announced, NatHint hint) =>
        Assert.Equal(hint, NatHints.OfPeer(Parse([sent]), Parse([sent, announced])));

    private static OwnAddresses Of(string[] observed, string[] listening) => new() { Observed = Parse(observed), Listening = Parse(listening) };

    private static List<Multiaddr> Parse(string[] texts) => [.. texts.Where(t => t.Length > 0).Select(Multiaddr.Parse)];

    private static IReadOnlyList<string> Text(IReadOnlyList<Multiaddr> addresses) => [.. addresses.Select(a => a.ToString())];
}
