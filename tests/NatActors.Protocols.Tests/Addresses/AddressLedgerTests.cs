using NatActors.Multiformats;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.AutoNat;
using static NatActors.Protocols.Tests.Connections.Peers;

namespace NatActors.Protocols.Tests.Addresses;

public sealed class AddressLedgerTests
{
    private static readonly Multiaddr Inner = Address("/ip4/10.0.0.2/tcp/4001");
    private static readonly Multiaddr Own = Address("/ip4/192.0.1.7/tcp/4001");
    private static readonly Multiaddr Seen = Address("/ip4/192.0.1.9/tcp/5001");
    private static readonly Multiaddr Forwarded = Address("/ip4/192.0.1.9/tcp/4001");

    private readonly AddressLedger _ledger = new(new AddressLedgerRules());

    [Fact]
    public void Candidates_are_public_the_mapped_before_the_listening_before_the_observed()
    {
        _ledger.OnListening([Own, Inner]);
        _ledger.OnMapped("pcp", Inner, Forwarded);

        var choice = _ledger.Choose([See(Seen), See(Inner)]);

        Assert.Equal([Forwarded, Own, Seen], choice.Candidates);
        Assert.Empty(choice.Confirmed);
        Assert.Empty(choice.Unreachable);
    }

    [Fact]
    public void Confirmed_addresses_come_first_and_the_unreachable_stay_candidates()
    {
        _ledger.OnListening([Own]);
        _ledger.OnVerdict(Says((Seen, Reachability.Public), (Own, Reachability.Private), (Forwarded, Reachability.Public)));

        var choice = _ledger.Choose([See(Seen)]);

        Assert.Equal([Seen], choice.Confirmed);
        Assert.Equal([Own], choice.Unreachable);
        Assert.Equal([Seen, Own], choice.Candidates);
    }

    [Fact]
    public void A_public_verdict_keeps_an_observed_address_without_observers_until_it_falls()
    {
        _ledger.OnVerdict(Says((Seen, Reachability.Public)));
        _ledger.Choose([See(Seen)]);
        Assert.Equal([Seen], _ledger.Choose([]).Confirmed);

        _ledger.OnVerdict(Says((Seen, Reachability.Private)));

        AssertNone(_ledger.Choose([]));
        _ledger.OnVerdict(Says((Seen, Reachability.Public)));
        Assert.Empty(_ledger.Choose([]).Confirmed);
    }

    [Fact]
    public void Another_network_takes_back_what_nobody_sees()
    {
        _ledger.OnVerdict(Says((Seen, Reachability.Public)));
        _ledger.Choose([See(Seen)]);

        _ledger.OnNetworkChanged();

        Assert.Empty(_ledger.Choose([]).Confirmed);
    }

    [Fact]
    public void A_verdict_on_an_address_that_is_not_ours_any_more_confirms_nothing()
    {
        _ledger.OnListening([Own]);
        _ledger.OnMapped("pcp", Inner, Forwarded);
        _ledger.OnVerdict(Says((Own, Reachability.Public), (Forwarded, Reachability.Public)));
        Assert.Equal([Forwarded, Own], _ledger.Choose([]).Confirmed);

        _ledger.OnListening([]);
        _ledger.OnMappingLost("pcp", Forwarded);

        AssertNone(_ledger.Choose([]));
    }

    [Fact]
    public void A_mapping_that_two_protocols_hold_stands_until_both_are_lost()
    {
        _ledger.OnMapped("pcp", Inner, Forwarded);
        _ledger.OnMapped("upnp-igd2", Inner, Forwarded);
        _ledger.OnMappingLost("pcp", Forwarded);
        Assert.Equal([Forwarded], _ledger.Mapped);

        _ledger.OnMappingLost("upnp-igd2", Forwarded);

        Assert.Empty(_ledger.Mapped);
    }

    [Fact]
    public void Filtering_is_proven_by_a_public_address_only()
    {
        var ledger = new AddressLedger(new AddressLedgerRules { PrivateToo = true });
        ledger.OnListening([Own, Inner]);
        ledger.OnVerdict(new NodeVerdict { Addresses = [Proven(Inner)] });
        Assert.False(ledger.Choose([]).FilteringProven);

        ledger.OnVerdict(new NodeVerdict { Addresses = [Proven(Inner), Proven(Own)] });

        Assert.True(ledger.Choose([]).FilteringProven);
    }

    [Fact]
    public void In_a_network_of_its_own_private_addresses_are_candidates_too()
    {
        var ledger = new AddressLedger(new AddressLedgerRules { PrivateToo = true });
        var loopback = Address("/ip4/127.0.0.1/tcp/4001");
        ledger.OnListening([Inner, loopback, Address("/ip4/169.254.0.2/tcp/4001")]);

        Assert.Equal([Inner, loopback], ledger.Choose([]).Candidates);
    }

    [Fact]
    public void Candidates_mappings_and_kept_addresses_are_bounded()
    {
        var ledger = new AddressLedger(new AddressLedgerRules { MaxCandidates = 3, MaxMappings = 2, MaxKept = 1 });
        ledger.OnListening([Own]);
        for (var port = 1; port <= 3; port++)
        {
            ledger.OnMapped("pcp", Inner, Address($"/ip4/192.0.1.9/tcp/{port}"));
        }

        Assert.Equal(2, ledger.Mapped.Count);
        var seen = new[] { See(Seen), See(Address("/ip4/192.0.1.9/tcp/5002")) };
        Assert.Equal(3, ledger.Choose(seen).Candidates.Count);
        ledger.OnVerdict(Says([.. seen.Select(s => (s.Address, Reachability.Public))]));
        ledger.Choose(seen);
        Assert.Single(ledger.Choose([]).Confirmed);
    }

    private static SeenAddress See(Multiaddr address) => new(address, 1, Active: true);

    private static AddressVerdict Proven(Multiaddr address) =>
        new() { Address = address, Verdict = Reachability.Public, FilteringProven = true };

    private static NodeVerdict Says(params (Multiaddr Address, Reachability Verdict)[] verdicts) =>
        new() { Addresses = [.. verdicts.Select(v => new AddressVerdict { Address = v.Address, Verdict = v.Verdict })] };

    private static void AssertNone(AddressChoice choice)
    {
        Assert.Empty(choice.Confirmed);
        Assert.Empty(choice.Unreachable);
        Assert.Empty(choice.Candidates);
    }
}
