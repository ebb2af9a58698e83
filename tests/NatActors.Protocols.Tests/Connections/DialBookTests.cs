using NatActors.Multiformats;
using NatActors.Protocols.Connections;
using static NatActors.Protocols.Tests.Connections.Peers;

namespace NatActors.Protocols.Tests.Connections;

public sealed class DialBookTests
{
    private static readonly DialGoal Goal = new(Numbered(1), DirectOnly: false, FreshPort: false);
    private static readonly Multiaddr[] Here = [Address("/ip4/192.0.1.1/tcp/4001")];
    private static readonly Multiaddr[] There = [Address("/ip4/192.0.1.2/tcp/4001")];

    private readonly DialBook<string> _book = new(new DialRules());

    [Fact]
    public void Requests_for_the_same_goal_share_one_dial_and_all_get_its_success()
    {
        var start = Assert.IsType<DialEffect<string>.Start>(Assert.Single(Request("a")));
        Assert.Equal(Here, start.Addresses);
        Assert.Empty(Request("b"));

        Assert.Equal([new DialEffect<string>.Succeed("a"), new DialEffect<string>.Succeed("b")], _book.OnSucceeded(Goal));
        Assert.Empty(_book.OnSucceeded(Goal));
        Assert.Equal(0, _book.Running);
    }

    [Fact]
    public void A_failure_is_reported_to_all_who_joined()
    {
        Request("a");
        Request("b");

        Assert.Equal([new DialEffect<string>.Fail("a"), new DialEffect<string>.Fail("b")], _book.OnFailed(Goal, Seconds(1)));
    }

    [Fact]
    public void Those_who_join_add_addresses_up_to_a_bound()
    {
        var book = new DialBook<string>(new DialRules { MaxAddresses = 5 });
        var many = Enumerable.Range(1, 9).Select(i => Address($"/ip4/192.0.1.{i}/tcp/4001")).ToArray();

        var start = Assert.IsType<DialEffect<string>.Start>(Assert.Single(book.OnRequest("a", Goal, many[..3], true, Seconds(0))));
        var added = Assert.IsType<DialEffect<string>.AddAddresses>(Assert.Single(book.OnRequest("b", Goal, many, true, Seconds(0))));

        Assert.Equal(many[..3], start.Addresses);
        Assert.Equal(many[3..5], added.Addresses);
        Assert.Empty(book.OnRequest("c", Goal, many, true, Seconds(0)));
    }

    [Fact]
    public void A_dial_begins_with_no_more_addresses_than_it_may_have()
    {
        var book = new DialBook<string>(new DialRules { MaxAddresses = 5 });
        var many = Enumerable.Range(1, 9).Select(i => Address($"/ip4/192.0.1.{i}/tcp/4001")).ToArray();

        Assert.Equal(many[..5], Assert.IsType<DialEffect<string>.Start>(Assert.Single(book.OnRequest("a", Goal, many, true, Seconds(0)))).Addresses);
    }

    [Fact]
    public void One_who_joins_with_new_addresses_adds_them_once()
    {
        Request("a");

        var added = Assert.IsType<DialEffect<string>.AddAddresses>(
            Assert.Single(_book.OnRequest("b", Goal, [.. Here, .. There], true, Seconds(0))));

        Assert.Equal(There, added.Addresses);
        Assert.Empty(_book.OnRequest("c", Goal, There, true, Seconds(0)));
    }

    [Fact]
    public void Other_goals_for_the_same_peer_are_dialed_beside()
    {
        Request("a");

        var start = Assert.Single(_book.OnRequest("b", Goal with { DirectOnly = true, FreshPort = true }, Here, true, Seconds(0)));

        Assert.IsType<DialEffect<string>.Start>(start);
        Assert.Equal(2, _book.Running);
    }

    [Fact]
    public void A_dial_that_nobody_wants_any_more_is_aborted_and_not_before()
    {
        Request("a");
        Request("b");

        Assert.Empty(_book.OnCancelled("a"));
        Assert.Equal([new DialEffect<string>.Abort(Goal)], _book.OnCancelled("b"));
        Assert.Empty(_book.OnCancelled("b"));
        Assert.Empty(_book.OnFailed(Goal, Seconds(1)));
    }

    [Fact]
    public void At_the_end_all_requests_fail_the_waiting_ones_too_and_running_dials_are_aborted()
    {
        var other = Goal with { FreshPort = true };
        var book = new DialBook<string>(new DialRules { MaxDials = 1 });
        book.OnRequest("a", Goal, Here, true, Seconds(0));
        book.OnRequest("b", other, Here, true, Seconds(0));

        Assert.Equal(
            [new DialEffect<string>.Fail("a"), new DialEffect<string>.Abort(Goal), new DialEffect<string>.Fail("b")], book.OnClosed());
        Assert.Equal((0, 0), (book.Running, book.Waiting));
        Assert.Empty(book.OnFailed(Goal, Seconds(1)));
        Assert.Empty(book.OnCancelled("a"));
    }

    [Fact]
    public void A_connection_that_came_otherwise_answers_the_requests_it_satisfies()
    {
        var direct = Goal with { DirectOnly = true };
        Request("any");
        _book.OnRequest("direct", direct, Here, true, Seconds(0));

        Assert.Equal(
            [new DialEffect<string>.Succeed("any"), new DialEffect<string>.Abort(Goal)],
            _book.OnConnected(Goal.Peer, direct: false));
        Assert.Equal(
            [new DialEffect<string>.Succeed("direct"), new DialEffect<string>.Abort(direct)],
            _book.OnConnected(Goal.Peer, direct: true));
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 6)]
    [InlineData(2, 9)]
    [InlineData(3, 14)]
    [InlineData(17, 294)]
    [InlineData(18, 300)]
    [InlineData(40, 300)]
    public void Backs_off_for_base_plus_the_square_of_earlier_failures(int earlier, int seconds)
    {
        var now = TimeSpan.Zero;
        for (var i = 0; i <= earlier; i++)
        {
            Request("a", overBackoff: true, now);
            _book.OnFailed(Goal, now);
        }

        Assert.Equal(Seconds(seconds), _book.BackoffLeft(Goal.Peer, now));
        Assert.Equal(
            [new DialEffect<string>.Refuse("b", DialRefusal.BackingOff, Seconds(1))],
            Request("b", overBackoff: false, now + Seconds(seconds - 1)));
        Assert.IsType<DialEffect<string>.Start>(Assert.Single(Request("b", overBackoff: false, now + Seconds(seconds))));
    }

    [Fact]
    public void What_a_person_asks_for_passes_over_the_back_off()
    {
        Request("a");
        _book.OnFailed(Goal, Seconds(0));

        Assert.IsType<DialEffect<string>.Start>(Assert.Single(Request("b", overBackoff: true)));
    }

    [Fact]
    public void A_connection_ends_the_back_off()
    {
        Request("a");
        _book.OnFailed(Goal, Seconds(0));

        _book.OnConnected(Goal.Peer, direct: false);

        Assert.Equal(TimeSpan.Zero, _book.BackoffLeft(Goal.Peer, Seconds(0)));
    }

    [Fact]
    public void A_peer_left_alone_for_long_starts_with_the_shortest_back_off_again()
    {
        for (var i = 0; i < 5; i++)
        {
            Request("a");
            _book.OnFailed(Goal, Seconds(0));
        }

        Request("a", overBackoff: true, Seconds(1000));
        _book.OnFailed(Goal, Seconds(1000));

        Assert.Equal(Seconds(5), _book.BackoffLeft(Goal.Peer, Seconds(1000)));
    }

    [Fact]
    public void Dials_beyond_the_limit_wait_in_order_and_beyond_that_are_refused()
    {
        var book = new DialBook<string>(new DialRules { MaxDials = 1, MaxWaiting = 2 });
        DialGoal[] goals = [.. Enumerable.Range(1, 4).Select(i => new DialGoal(Numbered(i), false, false))];
        Assert.IsType<DialEffect<string>.Start>(Assert.Single(book.OnRequest("1", goals[0], Here, true, Seconds(0))));
        Assert.Empty(book.OnRequest("2", goals[1], Here, true, Seconds(0)));
        Assert.Empty(book.OnRequest("3", goals[2], There, true, Seconds(0)));
        Assert.Equal(
            [new DialEffect<string>.Refuse("4", DialRefusal.TooManyWaiting, TimeSpan.Zero)],
            book.OnRequest("4", goals[3], Here, true, Seconds(0)));

        Assert.Empty(book.OnCancelled("2"));
        var effects = book.OnFailed(goals[0], Seconds(1));

        Assert.Equal(new DialEffect<string>.Fail("1"), effects[0]);
        var start = Assert.IsType<DialEffect<string>.Start>(effects[1]);
        Assert.Equal(goals[2], start.Goal);
        Assert.Equal(There, start.Addresses);
        Assert.Equal((1, 0), (book.Running, book.Waiting));
    }

    [Fact]
    public void Joiners_are_bounded()
    {
        var book = new DialBook<string>(new DialRules { MaxJoined = 1 });
        book.OnRequest("a", Goal, Here, true, Seconds(0));

        Assert.Equal(
            [new DialEffect<string>.Refuse("b", DialRefusal.TooManyWaiting, TimeSpan.Zero)],
            book.OnRequest("b", Goal, Here, true, Seconds(0)));
        Assert.Empty(book.OnCancelled("b"));
    }

    [Fact]
    public void Remembered_failures_are_bounded()
    {
        var book = new DialBook<string>(new DialRules { MaxBackoffs = 2 });
        for (var i = 1; i <= 3; i++)
        {
            var goal = new DialGoal(Numbered(i), false, false);
            book.OnRequest("a", goal, Here, true, Seconds(i));
            book.OnFailed(goal, Seconds(i));
        }

        Assert.Equal(TimeSpan.Zero, book.BackoffLeft(Numbered(1), Seconds(3)));
        Assert.Equal(Seconds(4), book.BackoffLeft(Numbered(2), Seconds(3)));
        Assert.Equal(Seconds(5), book.BackoffLeft(Numbered(3), Seconds(3)));
    }

    private IReadOnlyList<DialEffect<string>> Request(string name, bool overBackoff = true, TimeSpan now = default) =>
        _book.OnRequest(name, Goal, Here, overBackoff, now);
}
