using NatActors.Soak.Tests.Counters;

namespace NatActors.Soak.Tests.Judging;

/// <summary>What the comparison with the baseline lets pass, and what not.</summary>
public class CensusTests
{
    private static readonly Census Baseline = Of(("A actor /user/node", 1), ("A timer /user/node/ping", 2), ("A socket established", 1));

    [Fact]
    public void The_same_counts_do_not_differ() => Assert.Empty(Baseline.DifferencesFrom(Baseline));

    [Theory]
    [InlineData("A actor /user/node/connections/conn-*")]
    [InlineData("A socket established")]
    [InlineData("A timer /user/node/connections/conn-*")]
    [InlineData("A stream open")]
    public void One_too_many_is_named(string name) => Assert.StartsWith(name, Assert.Single(With(name, 1).DifferencesFrom(Baseline)));

    [Fact]
    public void A_service_may_have_one_timer_more_and_no_second_one()
    {
        Assert.Empty(With("A timer /user/node/ping", 1).DifferencesFrom(Baseline));
        Assert.Equal(["A timer /user/node/ping: 4 instead of 2"], With("A timer /user/node/ping", 2).DifferencesFrom(Baseline));
    }

    [Fact]
    public void A_missing_socket_is_named_and_a_missing_timer_is_not()
    {
        Assert.Equal(["A socket established: 0 instead of 1"], Of(("A actor /user/node", 1)).DifferencesFrom(Baseline));
    }

    [Theory]
    [InlineData("/user/node/connections/conn-17/stream-3", "/user/node/connections/conn-*/stream-*")]
    [InlineData("/user/node/$a", "/user/node/*")]
    [InlineData("/user/node/relay-client", "/user/node/relay-client")]
    public void Actors_of_a_kind_are_counted_under_one_name(string path, string pattern) => Assert.Equal(pattern, ActorPaths.Pattern(path));

    private static Census With(string name, int more) => Of([.. Baseline.Counts.Select(count => (count.Key, count.Value)), (name, more)]);

    private static Census Of(params (string Name, int Count)[] counts)
    {
        var census = new Census();
        foreach (var (name, count) in counts)
        {
            census.Add(name, count);
        }

        return census;
    }
}
