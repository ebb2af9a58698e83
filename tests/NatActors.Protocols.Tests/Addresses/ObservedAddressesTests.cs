using NatActors.Multiformats;
using NatActors.Protocols.Addresses;
using static NatActors.Protocols.Tests.Connections.Peers;

namespace NatActors.Protocols.Tests.Addresses;

public sealed class ObservedAddressesTests
{
    private static readonly Multiaddr Wildcard = Address("/ip4/0.0.0.0/tcp/4001");
    private static readonly Multiaddr Seen = Address("/ip4/192.0.1.9/tcp/5001");
    private static readonly Multiaddr Other = Address("/ip4/192.0.1.9/tcp/6001");

    private readonly ObservedAddresses _observed = new(new ObservedRules());

    public ObservedAddressesTests() => _observed.OnListening([Wildcard]);

    [Fact]
    public void One_observation_is_enough_to_punch_but_not_to_announce()
    {
        var outcome = _observed.OnObserved(Says(1, "192.0.1.1", Seen));

        Assert.Equal(new ObservationOutcome(ObservationRefusal.None, ActivatedChanged: false, PunchChanged: true), outcome);
        Assert.Equal([Seen], _observed.ForHolePunch());
        Assert.Empty(_observed.Activated);
    }

    [Fact]
    public void Four_observers_activate_an_address_and_the_end_of_one_of_their_connections_takes_it_back()
    {
        for (var i = 1; i <= 3; i++)
        {
            Assert.False(_observed.OnObserved(Says(i, $"192.0.1.{i}", Seen)).ActivatedChanged);
        }

        Assert.True(_observed.OnObserved(Says(4, "192.0.1.4", Seen)).ActivatedChanged);
        Assert.Equal([Seen], _observed.Activated);

        Assert.True(_observed.OnConnectionEnded(2).ActivatedChanged);
        Assert.Empty(_observed.Activated);
        Assert.Equal([Seen], _observed.ForHolePunch());
    }

    [Theory]
    [InlineData("/ip4/192.0.1.1/tcp/1", "/ip4/192.0.1.1/tcp/2", false)]
    [InlineData("/ip4/192.0.1.1/tcp/1", "/ip4/192.0.1.2/tcp/1", true)]
    [InlineData("/ip6/2a00::1/tcp/1", "/ip6/2a00:0:0:ff::2/tcp/1", false)]
    [InlineData("/ip6/2a00::1/tcp/1", "/ip6/2a00:0:0:100::1/tcp/1", true)]
    public void Observers_count_once_for_an_IPv4_address_or_an_IPv6_slash_56(string first, string second, bool two)
    {
        var observed = new ObservedAddresses(new ObservedRules { ActivationObservers = 2 });
        observed.OnListening([Wildcard]);
        observed.OnObserved(Says(1, "192.0.1.1", Seen) with { Remote = Address(first) });
        observed.OnObserved(Says(2, "192.0.1.1", Seen) with { Remote = Address(second) });

        Assert.Equal(two ? [Seen] : [], observed.Activated);
    }

    [Fact]
    public void Addresses_to_punch_from_come_by_number_of_observers_then_the_latest()
    {
        _observed.OnObserved(Says(1, "192.0.1.1", Seen));
        _observed.OnObserved(Says(2, "192.0.1.2", Other));
        Assert.Equal([Other, Seen], _observed.ForHolePunch());

        _observed.OnObserved(Says(3, "192.0.1.3", Seen));
        Assert.Equal([Seen, Other], _observed.ForHolePunch());
    }

    [Fact]
    public void A_new_observation_replaces_the_old_one_of_its_connection()
    {
        _observed.OnObserved(Says(1, "192.0.1.1", Seen));
        Assert.False(_observed.OnObserved(Says(1, "192.0.1.1", Seen)).PunchChanged);

        Assert.True(_observed.OnObserved(Says(1, "192.0.1.1", Other)).PunchChanged);

        Assert.Equal([Other], _observed.ForHolePunch());
    }

    [Fact]
    public void At_most_three_addresses_count_for_one_listen_address()
    {
        for (var i = 1; i <= 5; i++)
        {
            _observed.OnObserved(Says(i, $"192.0.1.{i}", Address($"/ip4/192.0.1.9/tcp/{i}")));
        }

        Assert.Equal(3, _observed.ForHolePunch().Count);
    }

    [Fact]
    public void The_own_peer_id_that_js_appends_is_stripped()
    {
        _observed.OnObserved(Says(1, "192.0.1.1", Seen.WithPeerId(Numbered(1))));

        Assert.Equal([Seen], _observed.ForHolePunch());
    }

    [Fact]
    public void Private_observations_are_for_private_punches_only()
    {
        var inner = Address("/ip4/10.0.0.9/tcp/5001");
        _observed.OnObserved(Says(1, "10.0.0.1", inner));

        Assert.Empty(_observed.ForHolePunch());
        Assert.Equal([inner], _observed.ForHolePunch(privateToo: true));
    }

    [Fact]
    public void Refuses_what_says_nothing_about_the_shared_port()
    {
        var good = Says(1, "192.0.1.1", Seen);

        Refused(ObservationRefusal.Relayed, good with { Relayed = true });
        Refused(ObservationRefusal.Relayed, good with { Observed = Address($"/ip4/192.0.1.9/tcp/1/p2p/{Numbered(3)}/p2p-circuit") });
        Refused(ObservationRefusal.PortNotReused, good with { PortReused = false });
        Refused(ObservationRefusal.NotListening, good with { Local = Address("/ip4/10.0.0.2/tcp/4002") });
        Refused(ObservationRefusal.NotListening, good with { Local = Address("/ip6/2a00::2/tcp/4001") });
        Refused(ObservationRefusal.OtherTransport, good with { Observed = Address("/ip4/192.0.1.9/udp/5001/quic-v1") });
        Refused(ObservationRefusal.OtherTransport, good with { Observed = Address("/ip6/2a00::9/tcp/5001") });
        Refused(ObservationRefusal.OtherTransport, good with { Observed = Address("/dns4/example.com/tcp/5001") });
        Refused(ObservationRefusal.Useless, good with { Observed = Address("/ip4/127.0.0.1/tcp/5001") });
        Refused(ObservationRefusal.Useless, good with { Observed = Address("/ip4/192.0.1.9/tcp/0") });
    }

    [Fact]
    public void Nat64_addresses_are_refused()
    {
        _observed.OnListening([Address("/ip6/::/tcp/4001")]);

        Refused(
            ObservationRefusal.Useless,
            Says(1, "192.0.1.1", Address("/ip6/64:ff9b::c000:109/tcp/5001")) with { Local = Address("/ip6/2a00::2/tcp/4001") });
    }

    [Fact]
    public void Observations_are_bounded()
    {
        var observed = new ObservedAddresses(new ObservedRules { MaxObservations = 1 });
        observed.OnListening([Wildcard]);
        observed.OnObserved(Says(1, "192.0.1.1", Seen));

        Assert.Equal(ObservationRefusal.TooMany, observed.OnObserved(Says(2, "192.0.1.2", Seen)).Refusal);
        Assert.Equal(ObservationRefusal.None, observed.OnObserved(Says(1, "192.0.1.1", Other)).Refusal);
        Assert.Equal(1, observed.Count);
    }

    [Fact]
    public void Observations_of_a_listen_address_that_is_gone_are_forgotten()
    {
        _observed.OnObserved(Says(1, "192.0.1.1", Seen));

        Assert.True(_observed.OnListening([Address("/ip4/0.0.0.0/tcp/4002")]).PunchChanged);

        Assert.Equal(0, _observed.Count);
    }

    private void Refused(ObservationRefusal expected, Observation observation)
    {
        Assert.Equal(expected, _observed.OnObserved(observation).Refusal);
        Assert.Equal(0, _observed.Count);
    }

    private static Observation Says(long connection, string observer, Multiaddr seen) => new(
        connection,
        Local: Address("/ip4/10.0.0.2/tcp/4001"),
        Remote: Address($"/ip4/{observer}/tcp/1"),
        seen,
        Relayed: false,
        PortReused: true);
}
