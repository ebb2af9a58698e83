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
    public void One_observer_is_enough_to_punch_and_while_it_is_alone_to_announce()
    {
        var outcome = _observed.OnObserved(Says(1, "192.0.1.1", Seen));

        Assert.Equal(new ObservationOutcome(ObservationRefusal.None, ActivatedChanged: true, PunchChanged: true), outcome);
        Assert.Equal([Seen], _observed.ForHolePunch());
        Assert.Equal([Seen], _observed.Activated);
        Assert.Equal([new SeenAddress(Seen, 1, Active: true)], _observed.Seen);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 2)]
    [InlineData(5, 3)]
    [InlineData(6, 3)]
    [InlineData(7, 4)]
    [InlineData(8, 4)]
    [InlineData(40, 4)]
    public void The_threshold_is_half_of_the_observers_and_four_at_most(int observers, int threshold)
    {
        // All others see an address of their own; as many as it takes, and one fewer, see the same.
        for (var agreeing = threshold - 1; agreeing <= threshold; agreeing++)
        {
            var observed = new ObservedAddresses(new ObservedRules { MaxPerListenAddress = 50 });
            observed.OnListening([Wildcard]);
            for (var i = 1; i <= observers; i++)
            {
                observed.OnObserved(Says(i, $"192.0.1.{i}", i <= agreeing ? Seen : Address($"/ip4/192.0.1.9/tcp/{i}")));
            }

            Assert.Equal(agreeing == threshold, observed.Activated.Contains(Seen));
        }
    }

    [Fact]
    public void Fewer_liars_than_the_threshold_move_nothing()
    {
        for (var i = 1; i <= 5; i++)
        {
            _observed.OnObserved(Says(i, $"192.0.1.{i}", Seen));
        }

        var before = _observed.Activated;
        for (var liar = 6; liar <= 8; liar++)
        {
            Assert.False(_observed.OnObserved(Says(liar, $"192.0.1.{liar}", Other)).ActivatedChanged);
        }

        Assert.Equal([Seen], before);
        Assert.Equal(before, _observed.Activated);
    }

    [Fact]
    public void An_address_ages_with_its_witnesses()
    {
        for (var i = 1; i <= 8; i++)
        {
            _observed.OnObserved(Says(i, $"192.0.1.{i}", i <= 4 ? Seen : Other));
        }

        Assert.Equal([Seen, Other], _observed.Activated);

        Assert.True(_observed.OnConnectionEnded(8).ActivatedChanged);
        Assert.Equal([Seen], _observed.Activated);
        for (var i = 1; i <= 7; i++)
        {
            _observed.OnConnectionEnded(i);
        }

        Assert.Empty(_observed.Seen);
        Assert.Empty(_observed.ForHolePunch());
    }

    [Fact]
    public void Peers_in_the_same_private_network_have_no_vote_on_the_public_address()
    {
        for (var i = 1; i <= 9; i++)
        {
            _observed.OnObserved(Says(i, $"10.0.0.{i}", Address("/ip4/10.0.0.2/tcp/4001")));
        }

        _observed.OnObserved(Says(10, "192.0.1.1", Seen));

        Assert.Equal([Seen], _observed.Activated);
        Assert.Equal([Seen], _observed.ForHolePunch());
    }

    [Fact]
    public void Transports_on_the_same_port_inherit_and_others_do_not()
    {
        _observed.OnListening([
            Wildcard,
            Address("/ip4/0.0.0.0/udp/4001/quic-v1"),
            Address("/ip4/0.0.0.0/udp/4001/quic-v1/webtransport"),
            Address("/ip4/0.0.0.0/udp/4002/quic-v1"),
        ]);

        _observed.OnObserved(Says(1, "192.0.1.1", Address("/ip4/192.0.1.9/udp/5001/quic-v1")) with
        {
            Local = Address("/ip4/10.0.0.2/udp/4001/quic-v1"),
        });

        Assert.Equal(
            [Address("/ip4/192.0.1.9/udp/5001/quic-v1"), Address("/ip4/192.0.1.9/udp/5001/quic-v1/webtransport")],
            _observed.Activated);
    }

    [Fact]
    public void What_was_heard_and_from_where_can_be_asked()
    {
        _observed.OnObserved(Says(1, "192.0.1.1", Seen) with { Outbound = false });

        var witness = Assert.Single(_observed.Witnesses);
        Assert.Equal((1L, false), (witness.ConnectionId, witness.Outbound));
        Assert.Equal(Wildcard, witness.Listen.With(""));
        Assert.Equal(Address("/ip4/10.0.0.2/tcp/4001"), witness.Local.With(""));
        Assert.Equal(Address("/ip4/192.0.1.1/tcp/1"), witness.Remote.With(""));
        Assert.Equal(Seen, witness.Seen.With(""));
    }

    [Theory]
    [InlineData("/ip4/192.0.1.1/tcp/1", "/ip4/192.0.1.1/tcp/2", false)]
    [InlineData("/ip4/192.0.1.1/tcp/1", "/ip4/192.0.1.2/tcp/1", true)]
    [InlineData("/ip6/2a00::1/tcp/1", "/ip6/2a00:0:0:ff::2/tcp/1", false)]
    [InlineData("/ip6/2a00::1/tcp/1", "/ip6/2a00:0:0:100::1/tcp/1", true)]
    public void Observers_count_once_for_an_IPv4_address_or_an_IPv6_slash_56(string first, string second, bool two)
    {
        _observed.OnObserved(Says(1, "192.0.1.1", Seen) with { Remote = Address(first) });
        _observed.OnObserved(Says(2, "192.0.1.1", Seen) with { Remote = Address(second) });

        Assert.Equal(two ? 2 : 1, Assert.Single(_observed.Seen).Observers);
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
