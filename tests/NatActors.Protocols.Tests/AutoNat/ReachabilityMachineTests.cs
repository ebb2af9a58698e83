using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.Tests.Relay;

namespace NatActors.Protocols.Tests.AutoNat;

/// <summary>What makes the machine ask, judge anew, and tell.</summary>
public class ReachabilityMachineTests
{
    private static readonly Multiaddr Own = ReachabilityWorld.Own;
    private static readonly Multiaddr Other = Multiaddr.Parse("/ip4/29.0.1.2/tcp/4444");
    private static readonly Multiaddr Behind = Multiaddr.Parse("/ip4/192.168.1.10/tcp/4001");
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void A_network_change_tests_again_at_once()
    {
        var world = Three(NatKind.FullCone);
        world.Run(Hour);
        var asked = world.Asked.Count;

        world.Do((m, now) => m.OnNetworkChanged(now));
        Assert.Equal(asked + 3, world.Asked.Count);
        world.Run(Hour + Minute);
        Assert.Equal(["public, filtering unproven"], world.Texts);
    }

    [Fact]
    public void An_address_that_is_gone_is_confirmed_when_it_comes_back_and_not_before()
    {
        var machine = new ReachabilityMachine(new ReachabilityOptions(), Peers.NoJitter);
        string[] speaks = [AutoNatProtocol.V2DialRequest, AutoNatProtocol.Partner];
        var server = Multiaddr.Parse("/ip4/31.0.0.5/tcp/4001");
        machine.OnPeer(new ProbePeer { Peer = Peers.Id(1), ConnectionId = 1, Remote = server, Protocols = speaks }, Minute);
        machine.OnCandidates([Own], Minute);
        var ask = Assert.Single(machine.OnTimer(2 * Minute).OfType<ReachabilityEffect.Ask>());
        machine.OnEnded(ask.Question.Id, new ProbeResult(WitnessOutcome.ReachedByContactOnly, ProbeTrouble.None, "it"), 2 * Minute);
        Assert.Equal(Reachability.Private, machine.Verdict.Verdict);
        machine.OnCandidates([], 2 * Minute);

        var stranger = Multiaddr.Parse("/ip4/32.0.0.7/tcp/9");
        Assert.DoesNotContain(machine.OnStranger(Peers.Id(2), Behind, stranger, 3 * Minute), e => e is ReachabilityEffect.Confirmed);
        var confirmed = machine.OnCandidates([Own], 3 * Minute).OfType<ReachabilityEffect.Confirmed>();
        Assert.Equal(Own, Assert.Single(confirmed).Address);
    }

    [Fact]
    public void Version_1_is_not_asked_about_nothing()
    {
        var machine = new ReachabilityMachine(new ReachabilityOptions(), Peers.NoJitter);
        var server = Multiaddr.Parse("/ip4/192.168.1.20/tcp/4001");
        machine.OnPeer(new ProbePeer { Peer = Peers.Id(1), ConnectionId = 1, Remote = server, Protocols = [AutoNatProtocol.V1] }, Minute);
        machine.OnCandidates([Behind], Minute);
        machine.OnCandidates([], Minute);
        Assert.DoesNotContain(machine.OnTimer(2 * Minute), e => e is ReachabilityEffect.Ask);
        Assert.Null(machine.NextDeadline);

        var asked = machine.OnCandidates([Behind], 3 * Minute).OfType<ReachabilityEffect.Ask>();
        Assert.Equal([Behind], Assert.Single(asked).Question.Addresses);
    }

    [Fact]
    public void A_verdict_that_nobody_confirms_after_a_network_change_is_given_up_in_minutes()
    {
        var world = Three(NatKind.FullCone);
        world.Run(Hour);
        for (var i = 1; i <= 3; i++)
        {
            world.Do((m, now) => m.OnConnectionGone(i, now));
        }

        world.Do((m, now) => m.OnNetworkChanged(now));
        world.Run(Hour + Minute);
        Assert.Equal("public, filtering unproven", world.Machine.Verdict.Text);

        world.Run(Hour + (3 * Minute));
        Assert.Equal("unknown", world.Machine.Verdict.Text);
    }

    [Fact]
    public void After_a_network_change_to_a_closed_one_the_verdict_turns_within_seconds()
    {
        var world = Three(NatKind.FullCone);
        world.Run(Hour);
        world.Nat = NatKind.PortRestricted;
        world.Do((m, now) => m.OnNetworkChanged(now));
        world.Run(Hour + TimeSpan.FromSeconds(6));

        Assert.Equal(["public, filtering unproven", "private"], world.Texts);
        Assert.IsType<ReachabilityEffect.Lost>(world.AddressEvents[^1]);
    }

    [Fact]
    public void An_answer_to_a_question_from_before_the_change_is_no_evidence()
    {
        var world = Three(NatKind.PortRestricted);
        world.Run(TimeSpan.FromSeconds(2));
        world.Do((m, now) => m.OnNetworkChanged(now));
        world.Run(TimeSpan.FromSeconds(6.2));

        Assert.Empty(world.Changes);
        world.Run(Minute);
        Assert.Equal(["private"], world.Texts);
    }

    [Fact]
    public void The_server_that_had_a_stranger_dial_back_is_not_called_the_stranger()
    {
        var world = new ReachabilityWorld(1, NatKind.FullCone);
        world.Candidates(Own);
        world.Connect(ServerKind.WithPartner, "77.0.1.2");
        world.Run(Minute);

        Assert.True(world.Machine.Verdict.FilteringProven);
        Assert.Contains("never contacted", world.Machine.Verdict.Reasons[0], StringComparison.Ordinal);
        Assert.DoesNotContain("77.0.1.2", world.Machine.Verdict.Reasons[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(NatKind.FullCone, NatKind.PortRestricted)]
    [InlineData(NatKind.PortRestricted, NatKind.FullCone)]
    public void An_expired_or_a_new_mapping_turns_the_verdict_within_seconds(NatKind before, NatKind after)
    {
        var world = Three(before);
        world.Run(Hour);
        world.Nat = after;
        world.Do((m, now) => m.OnProbeAgain([Own], now));
        world.Run(Hour + TimeSpan.FromSeconds(6));

        Assert.Equal(2, world.Changes.Count);
    }

    [Fact]
    public void Without_any_notice_a_closed_port_is_noticed_by_the_next_look()
    {
        var world = Three(NatKind.FullCone);
        world.Run(Hour);
        world.Nat = NatKind.Firewall;
        world.Run((2 * Hour) + Minute);

        Assert.Equal(["public, filtering unproven", "private"], world.Texts);
    }

    [Fact]
    public void A_stranger_that_comes_in_by_itself_proves_filtering()
    {
        var world = Three(NatKind.FullCone);
        world.Run(Minute);

        world.Do((m, now) => m.OnStranger(Peers.Id(5), Behind, Multiaddr.Parse("/ip4/77.0.1.2/tcp/5555"), now));

        Assert.Equal(["public, filtering unproven", "public"], world.Texts);
        Assert.Contains("77.0.1.2", world.Machine.Verdict.Reasons[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/ip4/10.0.0.9/tcp/5555")]
    [InlineData("/ip6/2d01::9/tcp/5555")]
    public void A_stranger_from_inside_or_of_the_other_ip_version_proves_nothing(string remote)
    {
        var world = Three(NatKind.FullCone);
        world.Run(Minute);

        world.Do((m, now) => m.OnStranger(Peers.Id(5), Behind, Multiaddr.Parse(remote), now));

        Assert.Equal("public, filtering unproven", world.Machine.Verdict.Text);
    }

    [Fact]
    public void A_stranger_that_comes_in_at_a_public_address_of_the_machine_itself_proves_that_address_without_any_server()
    {
        var machine = new ReachabilityMachine(new ReachabilityOptions(), Peers.NoJitter);
        machine.OnCandidates([Own], TimeSpan.Zero);

        machine.OnStranger(Peers.Id(5), Own, Multiaddr.Parse("/ip4/77.0.1.2/tcp/5555"), Minute);

        Assert.Equal("public", machine.Verdict.Text);
        Assert.Equal("public", NodeVerdict.Describe(machine.Verdict.Addresses[0].Verdict, machine.Verdict.Addresses[0].FilteringProven));
    }

    [Fact]
    public void A_stranger_that_came_before_the_address_was_known_counts_too()
    {
        var machine = new ReachabilityMachine(new ReachabilityOptions(), Peers.NoJitter);
        machine.OnStranger(Peers.Id(5), Own, Multiaddr.Parse("/ip4/77.0.1.2/tcp/5555"), TimeSpan.Zero);

        machine.OnCandidates([Own], Minute);

        Assert.Equal("public", machine.Verdict.Text);
    }

    [Theory]
    [InlineData("/ip4/29.0.1.9/tcp/5555")]
    [InlineData("/ip4/10.0.0.9/tcp/5555")]
    public void A_neighbour_of_a_public_address_may_have_come_round_the_firewall_and_proves_nothing(string remote)
    {
        var machine = new ReachabilityMachine(new ReachabilityOptions(), Peers.NoJitter);
        machine.OnCandidates([Own], TimeSpan.Zero);

        machine.OnStranger(Peers.Id(5), Own, Multiaddr.Parse(remote), Minute);

        Assert.Equal("unknown", machine.Verdict.Text);
    }

    [Fact]
    public void Peers_that_come_by_themselves_cannot_crowd_out_a_server_that_this_node_dialed()
    {
        var machine = new ReachabilityMachine(new ReachabilityOptions { MaxServers = 4 }, Peers.NoJitter);
        for (var i = 1; i <= 10; i++)
        {
            machine.OnPeer(Server(i, dialed: false), TimeSpan.Zero);
        }

        machine.OnPeer(Server(20, dialed: true), Minute);
        machine.OnPeer(Server(21, dialed: false), Minute);

        Assert.Equal(4, machine.Servers.Count);
        Assert.Contains(machine.Servers, s => s.Peer == Peers.Id(20));
        Assert.DoesNotContain(machine.Servers, s => s.Peer == Peers.Id(21));

        static ProbePeer Server(int number, bool dialed) => new()
        {
            Peer = Peers.Id(number),
            ConnectionId = number,
            Remote = Multiaddr.Parse($"/ip4/50.0.{number}.1/tcp/4001"),
            Protocols = [AutoNatProtocol.V2DialRequest],
            Dialed = dialed,
        };
    }

    [Fact]
    public void A_stranger_alone_makes_nothing_public()
    {
        var world = Three(NatKind.PortRestricted);
        world.Run(Minute);

        world.Do((m, now) => m.OnStranger(Peers.Id(5), Behind, Multiaddr.Parse("/ip4/77.0.1.2/tcp/5555"), now));

        Assert.Equal("private", world.Machine.Verdict.Text);
    }

    [Fact]
    public void A_public_verdict_is_not_given_up_for_one_word_about_filtering()
    {
        var world = Three(NatKind.AddressRestricted);
        world.Run(Minute);
        world.Connect(ServerKind.WithPartner);
        world.Run(Minute + TimeSpan.FromSeconds(30));
        Assert.Equal(["public, filtering unproven"], world.Texts);

        world.Run(4 * Minute);

        Assert.Equal(["public, filtering unproven", "private"], world.Texts);
        Assert.Contains("filtered by address", world.Machine.Verdict.Reasons[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_stranger_of_earlier_is_no_proof_any_more_when_a_server_says_twice_that_its_partner_is_dropped_now()
    {
        // A port forward before a router that filters by address, taken away after a while.
        var world = Three(NatKind.FullCone);
        world.Connect(ServerKind.WithPartner);
        world.Run(Minute);
        world.Do((m, now) => m.OnStranger(Peers.Id(5), Behind, Multiaddr.Parse("/ip4/77.0.1.2/tcp/5555"), now));
        Assert.Equal("public", world.Machine.Verdict.Text);

        world.Nat = NatKind.AddressRestricted;
        world.Do((m, now) => m.OnProbeAgain([Own], now));
        world.Run(10 * Minute);
        Assert.Equal("public", world.Machine.Verdict.Text);
        world.Run(40 * Minute);
        Assert.Equal("private", world.Machine.Verdict.Text);

        world.Do((m, now) => m.OnStranger(Peers.Id(6), Behind, Multiaddr.Parse("/ip4/78.0.1.2/tcp/5555"), now));
        Assert.Equal("public", world.Machine.Verdict.Text);
    }

    [Fact]
    public void A_neighbour_that_comes_in_from_this_nodes_own_outside_address_was_turned_back_by_the_router_and_is_no_stranger()
    {
        var world = Three(NatKind.FullCone);
        world.Run(Minute);

        world.Do((m, now) => m.OnStranger(Peers.Id(5), Behind, Multiaddr.FromTcp(new(Own.Host!, 5555)), now));

        Assert.Equal("public, filtering unproven", world.Machine.Verdict.Text);
    }

    [Fact]
    public void The_node_is_public_if_any_address_is()
    {
        var world = Three(NatKind.FullCone);
        world.Candidates(Own, Multiaddr.Parse("/ip6/2d01::2/tcp/4001"));
        world.Run(Hour);

        Assert.Equal(["public, filtering unproven"], world.Texts);
        Assert.Equal([Reachability.Public, Reachability.Unknown], world.Machine.Verdict.Addresses.Select(a => a.Verdict));
    }

    [Fact]
    public void A_private_verdict_stands_while_a_new_address_is_tested()
    {
        var world = Three(NatKind.Symmetric);
        world.Run(Minute);
        for (var i = 1; i <= 30; i++)
        {
            world.Candidates(Multiaddr.Parse($"/ip4/29.0.1.2/tcp/{5000 + i}"));
            world.Run(Minute * (i + 1));
        }

        Assert.Equal(["private"], world.Texts);
    }

    [Fact]
    public void An_address_that_is_no_longer_ours_is_lost()
    {
        var world = Three(NatKind.FullCone);
        world.Run(Minute);
        world.Candidates();

        Assert.Equal([typeof(ReachabilityEffect.Confirmed), typeof(ReachabilityEffect.Lost)], world.AddressEvents.Select(e => e.GetType()));
        Assert.Equal("unknown", world.Machine.Verdict.Text);
    }

    [Fact]
    public void A_verdict_ages_when_nobody_can_be_asked_any_more()
    {
        var world = Three(NatKind.PortRestricted);
        world.Run(Minute);
        for (var i = 1; i <= 3; i++)
        {
            world.Do((m, now) => m.OnConnectionGone(i, now));
        }

        world.Run(6 * Hour);

        Assert.Equal(["private", "unknown"], world.Texts);
        Assert.InRange(world.Changes[1].At, 5 * Hour, (5 * Hour) + (2 * Minute));
    }

    [Fact]
    public void The_same_server_is_left_in_peace_for_a_while_about_the_same_address()
    {
        var world = new ReachabilityWorld(3, NatKind.PortRestricted);
        world.Candidates(Own, Other);
        world.Connect(ServerKind.Honest);
        world.Connect(ServerKind.Unreliable);
        world.Run(6 * Hour);

        foreach (var pair in world.Asked.GroupBy(a => (a.Question.Server, a.Question.Addresses[0])))
        {
            var times = pair.Select(p => p.At).ToArray();
            Assert.All(times.Zip(times.Skip(1)), t => Assert.True(t.Second - t.First >= new ReachabilityOptions().SameServer));
        }
    }

    [Fact]
    public void One_address_is_asked_about_ten_times_in_ten_minutes_at_most()
    {
        var world = new ReachabilityWorld(3, NatKind.PortRestricted);
        world.Candidates(Own);
        for (var i = 0; i < 60; i++)
        {
            world.Connect(i % 2 == 0 ? ServerKind.Rejects : ServerKind.Drops);
        }

        world.Run(3 * Hour);

        var times = world.Asked.Select(a => a.At).ToArray();
        Assert.True(times.Length > 60, "Servers are to be rotated.");
        Assert.All(times.Zip(times.Skip(10)), t => Assert.True(t.Second - t.First >= TimeSpan.FromMinutes(10)));
    }

    [Fact]
    public void A_server_that_rejects_is_asked_more_and_more_rarely()
    {
        var world = new ReachabilityWorld(3, NatKind.FullCone, new ReachabilityOptions { SameServer = TimeSpan.Zero, MaxDials = 1000 });
        world.Candidates(Own);
        world.Connect(ServerKind.Rejects);
        world.Run(6 * Hour);

        var waits = world.Asked.Zip(world.Asked.Skip(1), (a, b) => b.At - a.At).ToArray();
        Assert.All(waits, w => Assert.True(w >= TimeSpan.FromSeconds(5)));
        Assert.True(waits[^1] >= TimeSpan.FromMinutes(10), $"{waits[^1]}");
    }

    [Fact]
    public void Not_more_than_six_questions_are_out_and_a_hundred_addresses_are_cut_to_fifty()
    {
        var world = new ReachabilityWorld(3, NatKind.PortRestricted);
        for (var i = 0; i < 10; i++)
        {
            world.Connect(ServerKind.Drops);
        }

        world.Candidates([.. Enumerable.Range(0, 100).Select(i => Multiaddr.Parse($"/ip4/29.0.1.2/tcp/{6000 + i}"))]);
        world.Run(Hour);

        Assert.Equal(6, world.MostOutstanding);
        Assert.Equal(50, world.Machine.Verdict.Addresses.Count);
    }

    [Fact]
    public void A_server_inside_is_not_asked_about_an_address_outside()
    {
        var world = new ReachabilityWorld(3, NatKind.FullCone);
        world.Candidates(Own);
        world.Connect(ServerKind.Honest, "192.168.1.7");
        world.Run(Hour);

        Assert.Empty(world.Asked);
        Assert.Equal([$"{Own}: no connected peer answers questions of reachability"], world.Machine.Verdict.Reasons);
    }

    [Fact]
    public void A_servers_own_word_about_an_address_it_lied_about_twice_is_not_believed()
    {
        var world = new ReachabilityWorld(3, NatKind.FullCone, new ReachabilityOptions { SameServer = TimeSpan.Zero });
        world.Candidates(Own);
        var question = new Queue<ProbeResult>(
        [
            new(WitnessOutcome.NoEvidence, ProbeTrouble.Lied, "lied"),
            new(WitnessOutcome.NoEvidence, ProbeTrouble.Lied, "lied"),
            new(WitnessOutcome.NotReached, ProbeTrouble.None, "it could not"),
            new(WitnessOutcome.NotReached, ProbeTrouble.None, "it could not"),
            new(WitnessOutcome.NotReached, ProbeTrouble.None, "it could not"),
        ]);
        world.Scripted = _ => question.TryDequeue(out var result) ? result : new(WitnessOutcome.NoEvidence, ProbeTrouble.Failed, "silent");
        world.Connect(ServerKind.Honest);
        world.Run(3 * Hour);

        Assert.Empty(question);
        Assert.Empty(world.Changes);
    }

    [Fact]
    public void Witnesses_reasons_and_history_are_told_and_bounded()
    {
        var world = Three(NatKind.FullCone);
        for (var i = 1; i <= 40; i++)
        {
            world.Run(Hour * i);
            world.Nat = i % 2 == 0 ? NatKind.FullCone : NatKind.PortRestricted;
            world.Do((m, now) => m.OnNetworkChanged(now));
        }

        var address = world.Of(Own);
        Assert.InRange(address.History.Count, 2, 16);
        Assert.InRange(world.Machine.Verdict.History.Count, 2, 16);
        Assert.Equal(address.History.OrderByDescending(h => h.At), address.History);
        world.Run(41 * Hour);
        address = world.Of(Own);
        Assert.InRange(address.Witnesses.Count, 1, 3);
        Assert.All(address.Witnesses, w => Assert.NotEmpty(w.Detail));
        Assert.NotEmpty(address.Reasons);
    }

    private static ReachabilityWorld Three(NatKind nat)
    {
        var world = new ReachabilityWorld(1, nat);
        world.Candidates(Own);
        for (var i = 0; i < 3; i++)
        {
            world.Connect(ServerKind.Honest);
        }

        return world;
    }
}
