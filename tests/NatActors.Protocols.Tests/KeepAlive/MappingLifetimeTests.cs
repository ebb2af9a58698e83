using System.Net;
using NatActors.Protocols.KeepAlive;

namespace NatActors.Protocols.Tests.KeepAlive;

public sealed class MappingLifetimeTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly LifetimeOptions Options = new();

    /// <summary>
    /// Mappings that live from five seconds to two hours, an idle day long: none is ever lost, and the refreshes are as few as the bounds allow:
    /// at most three times as many as the lifetime alone would need (a factor of two by the silences tried, the rest for the fraction), at most one
    /// in a minute beyond that.
    /// </summary>
    [Theory]
    [InlineData(5, 32_400)]
    [InlineData(7.9, 32_400)]
    [InlineData(8.1, 16_400)]
    [InlineData(20, 8_200)]
    [InlineData(30, 8_200)]
    [InlineData(60, 4_200)]
    [InlineData(120, 2_200)]
    [InlineData(300, 1_600)]
    [InlineData(7_200, 1_600)]
    public void In_an_idle_day_no_mapping_is_lost_and_few_refreshes_are_sent(double lifetime, int mostRefreshes)
    {
        var nat = new LifetimeHarness(lifetime * Second);
        nat.Keep();
        nat.AddServer(1);
        nat.AddServer(2);

        nat.Wait(TimeSpan.FromDays(1));

        Assert.Equal(0, nat.Losses);
        var needed = TimeSpan.FromDays(1).TotalSeconds / Math.Min(lifetime, Options.Longest.TotalSeconds);
        Assert.InRange(nat.Refreshes, needed, Math.Min(mostRefreshes, (3.1 * needed) + 100));
    }

    [Fact]
    public void A_day_with_one_server_measures_about_every_two_hours()
    {
        var nat = new LifetimeHarness(60 * Second);
        nat.AddServer(1);

        nat.Wait(TimeSpan.FromDays(1));

        Assert.InRange(nat.Measured.Count, 10, 14);
    }

    [Fact]
    public void Nobody_who_helps_leaves_the_unmeasured_interval()
    {
        var nat = new LifetimeHarness(60 * Second);

        nat.Wait(TimeSpan.FromHours(1));

        Assert.Equal(Options.Unmeasured, nat.Machine.Interval);
        Assert.Null(nat.Machine.NextDeadline);
        Assert.True(nat.Machine.IsHelpless);
    }

    [Fact]
    public void The_interval_starts_at_the_shortest_and_grows_with_each_proof()
    {
        var nat = new LifetimeHarness(TimeSpan.FromHours(1));
        nat.AddServer(1);

        Assert.Equal(Options.Shortest, nat.Interval);
        nat.Wait(200 * Second);

        Assert.Equal(
            [2.5, 2.667, 5.333, 10.667, 21.333, 42.667, 60],
            nat.Intervals.Select(interval => Math.Round(interval.TotalSeconds, 3)));
        Assert.Equal(128 * Second, nat.Machine.Proven);
        Assert.Null(nat.Machine.Expired);
    }

    [Fact]
    public void What_was_found_gone_is_told_beside_what_is_proven()
    {
        var nat = new LifetimeHarness(20 * Second);
        nat.AddServer(1);
        nat.Wait(60 * Second);

        Assert.Equal(16 * Second, nat.Machine.Proven);
        Assert.Equal(32 * Second, nat.Machine.Expired);
    }

    [Fact]
    public void Mappings_that_live_shorter_than_anything_tried_are_refreshed_as_often_as_allowed()
    {
        var nat = new LifetimeHarness(2 * Second);
        nat.AddServer(1);
        nat.Wait(60 * Second);

        Assert.Equal(Options.Shortest, nat.Machine.Interval);
        Assert.Equal(TimeSpan.Zero, nat.Machine.Proven);
    }

    [Fact]
    public void No_longer_silence_is_tried_than_the_longest_interval_needs()
    {
        var nat = new LifetimeHarness(60 * Second, Options with { Longest = 5 * Second });
        nat.AddServer(1);

        Assert.Equal([4 * Second, 8 * Second], Assert.Single(nat.Measured).Silences);
    }

    [Fact]
    public void Up_to_three_servers_are_asked_each_in_a_network_of_its_own()
    {
        var nat = new LifetimeHarness(20 * Second);
        nat.AddServer(1, address: "11.0.0.1");
        nat.AddServer(2, address: "11.0.0.1");
        nat.AddServer(3, address: "11.0.0.3");
        nat.AddServer(4, address: "2d01:1::1");
        nat.AddServer(5, address: "11.0.0.5");

        nat.Wait(TimeSpan.FromMinutes(30));

        Assert.Equal(
            new[] { 1, 3, 4 }.Select(LifetimeHarness.Peer),
            nat.Measured.Select(m => m.Server));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Of_three_servers_one_that_lies_changes_nothing_for_long(int liar)
    {
        var nat = new LifetimeHarness(60 * Second);
        nat.Keep();
        for (var n = 1; n <= 3; n++)
        {
            nat.AddServer(n, n == liar ? Honesty.ClaimsExpired : Honesty.Honest);
        }

        nat.Wait(TimeSpan.FromMinutes(10));
        Assert.Equal(32 * Second, nat.Machine.Proven);
        nat.Wait(TimeSpan.FromHours(12));

        Assert.Equal(32 * Second, nat.Machine.Proven);
        Assert.Equal(0, nat.Losses);
    }

    [Fact]
    public void Of_two_servers_one_that_lies_costs_refreshes_but_no_mapping()
    {
        var nat = new LifetimeHarness(60 * Second);
        nat.Keep();
        nat.AddServer(1);
        nat.AddServer(2, Honesty.ClaimsExpired);

        nat.Wait(TimeSpan.FromHours(12));

        Assert.Equal(0, nat.Losses);
        Assert.Equal(Options.Shortest, nat.Machine.Interval);
    }

    [Fact]
    public void A_server_that_does_not_answer_is_passed_over_for_the_next_and_tried_again_with_rests()
    {
        var nat = new LifetimeHarness(60 * Second);
        nat.AddServer(1, Honesty.Silent);
        nat.AddServer(2);
        nat.Wait(TimeSpan.FromMinutes(5));
        Assert.Equal(32 * Second, nat.Machine.Proven);

        var alone = new LifetimeHarness(60 * Second);
        alone.AddServer(1, Honesty.Silent);
        alone.Wait(TimeSpan.FromHours(4));
        Assert.Equal(Options.Unmeasured, alone.Machine.Interval);
        Assert.InRange(alone.Measured.Count, 10, 14);
    }

    [Fact]
    public void A_new_network_is_measured_anew()
    {
        var nat = new LifetimeHarness(60 * Second);
        nat.AddServer(1);
        nat.Wait(TimeSpan.FromMinutes(10));
        Assert.Equal(32 * Second, nat.Machine.Proven);

        nat.Lifetime = 5 * Second;
        nat.Play(nat.Machine.OnNetworkChanged(nat.Now));

        Assert.Equal(Options.Shortest, nat.Interval);
        nat.Keep();
        nat.Wait(TimeSpan.FromMinutes(1));
        Assert.Equal(4 * Second, nat.Machine.Proven);
        Assert.Equal(0, nat.Losses);
    }

    [Fact]
    public void A_measurement_under_way_is_given_up_when_the_network_changes_and_its_late_words_are_not_heard()
    {
        var nat = new LifetimeHarness(TimeSpan.FromHours(1));
        var server = nat.AddServer(1);
        nat.Wait(10 * Second);

        nat.Play(nat.Machine.OnNetworkChanged(nat.Now));
        nat.Play(nat.Machine.OnAlive(server, 128 * Second, nat.Now));

        Assert.Equal(1, nat.GivenUp);
        Assert.Null(nat.Machine.Proven);
    }

    [Fact]
    public void A_silent_death_halves_the_interval_until_it_was_measured_again()
    {
        var nat = new LifetimeHarness(20 * Second);
        nat.AddServer(1);
        nat.Wait(TimeSpan.FromMinutes(10));
        var before = nat.Machine.Interval;

        nat.Play(nat.Machine.OnSilentDeath(nat.Now));

        Assert.Equal(before / 2, nat.Interval);
        Assert.Equal(2, nat.Measured.Count);
        nat.Wait(TimeSpan.FromMinutes(1));
        Assert.Equal(before, nat.Interval);
    }

    [Fact]
    public void Many_deaths_at_a_time_are_one_reason_for_doubt()
    {
        var nat = new LifetimeHarness(20 * Second);
        for (var i = 0; i < 100; i++)
        {
            nat.Play(nat.Machine.OnSilentDeath(nat.Now));
        }

        Assert.Equal(Options.Unmeasured / 2, nat.Interval);
    }

    [Fact]
    public void Where_nobody_helps_deaths_shorten_the_interval_to_its_bound_and_are_forgotten_in_time()
    {
        var nat = new LifetimeHarness(5 * Second);
        for (var i = 0; i < 10; i++)
        {
            nat.Play(nat.Machine.OnSilentDeath(nat.Now));
            nat.Wait(Options.DoubtSpacing);
        }

        Assert.Equal(Options.Shortest, nat.Interval);
        nat.Wait(Options.DoubtLasts);
        Assert.Equal(Options.Unmeasured, nat.Interval);
    }

    [Fact]
    public void A_lifetime_that_shrinks_is_found_by_the_next_measurement()
    {
        var nat = new LifetimeHarness(TimeSpan.FromHours(1));
        nat.AddServer(1);
        nat.Wait(TimeSpan.FromMinutes(10));
        Assert.Equal(Options.Longest, nat.Machine.Interval);

        nat.Lifetime = 10 * Second;
        nat.Wait(TimeSpan.FromHours(3));

        Assert.Equal(8 * Second, nat.Machine.Proven);
    }

    [Fact]
    public void Later_proofs_of_a_new_measurement_do_not_shorten_the_interval_while_it_runs()
    {
        var nat = new LifetimeHarness(TimeSpan.FromHours(1));
        nat.AddServer(1);
        nat.Wait(TimeSpan.FromMinutes(10));
        nat.Intervals.Clear();

        nat.Wait(TimeSpan.FromHours(5));

        Assert.Empty(nat.Intervals);
    }

    [Fact]
    public void A_server_that_left_is_not_asked_and_words_of_others_are_no_evidence()
    {
        var nat = new LifetimeHarness(60 * Second);
        var server = nat.AddServer(1);
        nat.Play(nat.Machine.OnEnded(server, nat.Now));
        nat.Play(nat.Machine.OnServerGone(server, nat.Now));

        nat.Wait(TimeSpan.FromHours(1));
        nat.Play(nat.Machine.OnAlive(server, 64 * Second, nat.Now));

        Assert.Single(nat.Measured);
        Assert.Null(nat.Machine.Proven);
    }

    [Fact]
    public void The_servers_remembered_are_bounded()
    {
        var nat = new LifetimeHarness(60 * Second);
        for (var n = 0; n < 2 * MappingLifetime.MaxServers; n++)
        {
            nat.Machine.OnServer(LifetimeHarness.Peer(n), new IPAddress([11, 0, 1, (byte)n]), nat.Now);
        }

        Assert.Empty(nat.Machine.OnServer(LifetimeHarness.Peer(1000), IPAddress.Parse("11.9.9.9"), nat.Now));
    }
}
