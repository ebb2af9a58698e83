using NatActors.Protocols.AutoNat;

namespace NatActors.Protocols.Tests.AutoNat;

/// <summary>The verdict behind each kind of NAT, among servers good and bad, in virtual time.</summary>
public class ReachabilityWorldTests
{
    private static readonly TimeSpan FirstVerdict = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Theory]
    [InlineData(NatKind.None, "public, filtering unproven")]
    [InlineData(NatKind.FullCone, "public, filtering unproven")]
    [InlineData(NatKind.AddressRestricted, "public, filtering unproven")]
    [InlineData(NatKind.PortRestricted, "private")]
    [InlineData(NatKind.Symmetric, "private")]
    [InlineData(NatKind.Firewall, "private")]
    public void Three_honest_servers_give_the_first_verdict_within_six_seconds(NatKind nat, string verdict)
    {
        var world = Honest(nat, 3).Run(Hour);

        Assert.Equal([verdict], world.Texts);
        Assert.True(world.Changes[0].At <= FirstVerdict, $"It took {world.Changes[0].At}.");
    }

    [Theory]
    [InlineData(NatKind.None, "public")]
    [InlineData(NatKind.FullCone, "public")]
    [InlineData(NatKind.AddressRestricted, "private")]
    [InlineData(NatKind.PortRestricted, "private")]
    [InlineData(NatKind.Symmetric, "private")]
    [InlineData(NatKind.Firewall, "private")]
    public void One_server_with_a_partner_among_them_tells_filtering_too(NatKind nat, string verdict)
    {
        var world = new ReachabilityWorld(1, nat);
        world.Candidates(ReachabilityWorld.Own);
        world.Connect(ServerKind.Honest);
        world.Connect(ServerKind.Honest);
        world.Connect(ServerKind.WithPartner);
        world.Run(Hour);

        Assert.Equal([verdict], world.Texts);
        Assert.True(world.Changes[0].At <= FirstVerdict + TimeSpan.FromMilliseconds(200), $"It took {world.Changes[0].At}.");
    }

    [Theory]
    [InlineData(NatKind.FullCone, "public, filtering unproven")]
    [InlineData(NatKind.PortRestricted, "private")]
    public void In_a_swarm_of_three_every_verdict_is_right(NatKind nat, string verdict)
    {
        var world = Honest(nat, 2).Run(Hour);

        Assert.Equal([verdict], world.Texts);
        Assert.True(world.Changes[0].At <= FirstVerdict, $"It took {world.Changes[0].At}.");
    }

    [Fact]
    public void A_single_server_has_to_say_twice_that_it_could_not_dial()
    {
        var world = Honest(NatKind.PortRestricted, 1).Run(Hour);

        Assert.Equal(["private"], world.Texts);
        Assert.InRange(world.Changes[0].At, new ReachabilityOptions().SameServer, TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void A_single_good_dial_back_is_enough()
    {
        var world = Honest(NatKind.FullCone, 1).Run(Hour);

        Assert.Equal(["public, filtering unproven"], world.Texts);
        Assert.True(world.Changes[0].At <= TimeSpan.FromSeconds(2));
    }

    [Theory]
    [InlineData(NatKind.FullCone, Reachability.Public)]
    [InlineData(NatKind.AddressRestricted, Reachability.Public)]
    [InlineData(NatKind.PortRestricted, Reachability.Private)]
    public void Seven_servers_of_which_five_are_unreliable_give_one_verdict_that_stands_for_hours(NatKind nat, Reachability verdict)
    {
        for (ulong seed = 1; seed <= 100; seed++)
        {
            var world = new ReachabilityWorld(seed, nat);
            world.Candidates(ReachabilityWorld.Own);
            for (var i = 0; i < 7; i++)
            {
                world.Connect(i is 2 or 5 ? ServerKind.Honest : ServerKind.Unreliable);
            }

            world.Run(3 * Hour);

            Assert.True(world.Changes.Count == 1, $"Seed {seed}: {string.Join(", ", world.Changes.Select(c => $"{c.At} {c.Verdict.Text}"))}");
            Assert.Equal(verdict, world.Changes[0].Verdict.Verdict);
        }
    }

    [Theory]
    [InlineData(NatKind.FullCone, ServerKind.SaysPrivate, 4, 3, "public, filtering unproven")]
    [InlineData(NatKind.FullCone, ServerKind.SaysPrivate, 1, 6, "public, filtering unproven")]
    [InlineData(NatKind.PortRestricted, ServerKind.SaysPublic, 4, 3, "private")]
    [InlineData(NatKind.PortRestricted, ServerKind.SaysPublic, 2, 5, "private")]
    public void Liars_move_nothing(NatKind nat, ServerKind lie, int honest, int liars, string verdict)
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            var world = new ReachabilityWorld(seed, nat);
            world.Candidates(ReachabilityWorld.Own);
            for (var i = 0; i < liars; i++)
            {
                world.Connect(lie);
            }

            for (var i = 0; i < honest; i++)
            {
                world.Connect(ServerKind.Honest);
            }

            world.Run(3 * Hour);

            Assert.Equal([verdict], world.Texts);
        }
    }

    [Fact]
    public void A_liar_with_many_names_in_one_network_is_one_liar()
    {
        var world = new ReachabilityWorld(1, NatKind.FullCone);
        world.Candidates(ReachabilityWorld.Own);
        for (var i = 0; i < 40; i++)
        {
            world.Connect(ServerKind.SaysPrivate, $"66.0.1.{i + 2}");
        }

        world.Connect(ServerKind.Honest);
        world.Run(3 * Hour);

        Assert.Equal(["public, filtering unproven"], world.Texts);
    }

    [Fact]
    public void Liars_about_filtering_do_not_stand_against_one_stranger_that_came_through()
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            var world = new ReachabilityWorld(seed, NatKind.FullCone);
            world.Candidates(ReachabilityWorld.Own);
            world.Connect(ServerKind.SaysFiltered);
            world.Connect(ServerKind.SaysFiltered);
            world.Connect(ServerKind.WithPartner);
            world.Run(3 * Hour);

            Assert.Equal("public", world.Machine.Verdict.Text);
            Assert.DoesNotContain(world.Changes.Skip(1), c => c.Verdict.Verdict != Reachability.Public);
        }
    }

    [Fact]
    public void Who_knows_no_partner_cannot_say_that_one_was_dropped_and_its_own_nonce_is_a_proof()
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            var world = new ReachabilityWorld(seed, NatKind.FullCone);
            world.Candidates(ReachabilityWorld.Own);
            world.Connect(ServerKind.SaysFilteredAlone);
            world.Connect(ServerKind.SaysFilteredAlone);
            world.Connect(ServerKind.Honest);
            world.Run(3 * Hour);

            Assert.Equal(["public, filtering unproven"], world.Texts);
        }
    }

    [Theory]
    [InlineData(NatKind.FullCone, "public, filtering unproven")]
    [InlineData(NatKind.PortRestricted, "private")]
    public void Where_only_version_1_is_spoken_its_verdict_counts(NatKind nat, string verdict)
    {
        for (ulong seed = 1; seed <= 10; seed++)
        {
            var world = new ReachabilityWorld(seed, nat);
            world.Candidates(ReachabilityWorld.Own);
            foreach (var kind in new[] { ServerKind.Honest, ServerKind.SaysPublic, ServerKind.Honest, ServerKind.Rejects, ServerKind.Drops })
            {
                world.Connect(kind, v1: true);
            }

            world.Run(3 * Hour);

            Assert.Equal([verdict], world.Texts);
            Assert.All(world.Machine.Verdict.Addresses, a => Assert.Equal(Reachability.Unknown, a.Verdict));
            Assert.Equal(V1Confidence.Max, world.Machine.V1ConfidenceNow);
        }
    }

    [Fact]
    public void Version_1_is_not_asked_where_a_version_2_server_is_known()
    {
        var world = new ReachabilityWorld(1, NatKind.FullCone);
        world.Candidates(ReachabilityWorld.Own);
        world.Connect(ServerKind.Honest, v1: true);
        world.Connect(ServerKind.Rejects);
        world.Run(Hour);

        Assert.All(world.Asked, a => Assert.False(a.Question.IsV1));
        Assert.Empty(world.Changes);
    }

    private static ReachabilityWorld Honest(NatKind nat, int servers)
    {
        var world = new ReachabilityWorld(1, nat);
        world.Candidates(ReachabilityWorld.Own);
        for (var i = 0; i < servers; i++)
        {
            world.Connect(ServerKind.Honest);
        }

        return world;
    }
}
