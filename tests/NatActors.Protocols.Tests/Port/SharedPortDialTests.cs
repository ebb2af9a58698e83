using NatActors.Protocols.Port;
using static NatActors.Protocols.Tests.Port.PortScheduleHarness;

namespace NatActors.Protocols.Tests.Port;

public sealed class SharedPortDialTests
{
    private readonly PortScheduleHarness _port = new();

    [Fact]
    public void A_dial_connects_at_once_and_ends_with_its_connection()
    {
        var start = _port.Dial(1, R1).Single<PortEffect.StartConnect>();
        Assert.Equal(R1, start.Remote);
        Assert.False(start.FreshPort);

        Assert.Equal([new PortEffect.DialConnected(1, start.Attempt)], _port.Connected(start.Attempt).Last);
        Assert.Equal(1, _port.Schedule.LiveConnections(R1));
        _port.Closed(R1);
        Assert.Equal(0, _port.Schedule.Remembered);
    }

    [Theory]
    [InlineData(PortFailureKind.Refused)]
    [InlineData(PortFailureKind.TimedOut)]
    [InlineData(PortFailureKind.Unreachable)]
    [InlineData(PortFailureKind.NotPermitted)]
    [InlineData(PortFailureKind.Other)]
    public void A_failed_dial_ends_with_the_systems_reason(PortFailureKind kind)
    {
        var start = _port.Dial(1, R1).Single<PortEffect.StartConnect>();

        Assert.Equal(kind, _port.Failed(start.Attempt, kind).Single<PortEffect.DialFailed>().Failure.Kind);
        Assert.Equal(0, _port.Schedule.Remembered);
    }

    [Fact]
    public void Dials_to_different_remotes_run_side_by_side()
    {
        _port.Dial(1, R1).Single<PortEffect.StartConnect>();
        _port.Dial(2, R2).Single<PortEffect.StartConnect>();
    }

    [Fact]
    public void A_second_dial_to_the_same_remote_waits_and_shares_the_failure()
    {
        var start = _port.Dial(1, R1).Single<PortEffect.StartConnect>();
        Assert.Empty(_port.Dial(2, R1).Last);

        var failures = _port.Failed(start.Attempt, PortFailureKind.Refused).Last.Cast<PortEffect.DialFailed>().ToArray();

        Assert.Equal([1L, 2L], failures.Select(failure => failure.Id));
        Assert.All(failures, failure => Assert.Equal(PortFailureKind.Refused, failure.Failure.Kind));
    }

    [Fact]
    public void When_the_first_succeeds_the_second_goes_by_a_fresh_port()
    {
        var start = _port.Dial(1, R1).Single<PortEffect.StartConnect>();
        _port.Dial(2, R1);

        var second = _port.Connected(start.Attempt).Single<PortEffect.StartConnect>();

        Assert.True(second.FreshPort);
        Assert.Equal(2, _port.Connected(second.Attempt).Single<PortEffect.DialConnected>().Id);
        Assert.Equal(1, _port.Schedule.LiveConnections(R1));
    }

    [Fact]
    public void A_cancelled_dial_is_aborted_and_the_one_behind_it_connects_in_the_same_turn()
    {
        var first = _port.Dial(1, R1).Single<PortEffect.StartConnect>();
        _port.Dial(2, R1).Cancel(1);

        Assert.Collection(
            _port.Last,
            effect => Assert.Equal(new PortEffect.AbortConnect(first.Attempt), effect),
            effect => Assert.Equal(PortFailureKind.Aborted, Assert.IsType<PortEffect.DialFailed>(effect).Failure.Kind),
            effect => Assert.IsType<PortEffect.StartConnect>(effect));
        Assert.Empty(_port.Failed(first.Attempt, PortFailureKind.Aborted).Last);
        Assert.Equal(1, _port.Schedule.PendingRequests);
    }

    [Fact]
    public void A_cancelled_waiting_dial_leaves_the_others_alone()
    {
        var first = _port.Dial(1, R1).Single<PortEffect.StartConnect>();
        _port.Dial(2, R1).Cancel(2);
        Assert.Equal(2, Assert.IsType<PortEffect.DialFailed>(Assert.Single(_port.Last)).Id);

        Assert.Equal(1, _port.Connected(first.Attempt).Single<PortEffect.DialConnected>().Id);
    }

    [Fact]
    public void A_connection_that_comes_after_the_cancel_is_discarded()
    {
        var start = _port.Dial(1, R1).Single<PortEffect.StartConnect>();
        _port.Cancel(1);

        Assert.Equal([new PortEffect.DiscardConnection(start.Attempt)], _port.Connected(start.Attempt).Last);
        Assert.Equal(0, _port.Schedule.Remembered);
    }

    [Fact]
    public void Cancelling_what_has_ended_does_nothing()
    {
        var start = _port.Dial(1, R1).Single<PortEffect.StartConnect>();
        _port.Connected(start.Attempt);

        Assert.Empty(_port.Cancel(1).Last);
    }

    [Fact]
    public void A_four_tuple_taken_by_a_live_connection_sends_the_dial_by_a_fresh_port()
    {
        _port.Accepted(7, R1);
        var shared = _port.Dial(1, R1).Single<PortEffect.StartConnect>();

        var fresh = _port.Failed(shared.Attempt, PortFailureKind.TupleInUse).Single<PortEffect.StartConnect>();

        Assert.True(fresh.FreshPort);
        var failed = _port.Failed(fresh.Attempt, PortFailureKind.Refused).Single<PortEffect.DialFailed>();
        Assert.Equal(PortFailureKind.Refused, failed.Failure.Kind);
    }

    [Fact]
    public void A_four_tuple_found_in_the_accept_queue_ends_the_dial_as_accepted()
    {
        var start = _port.Dial(1, R1).Single<PortEffect.StartConnect>();
        _port.Failed(start.Attempt, PortFailureKind.TupleInUse).Single<PortEffect.DrainAcceptQueue>();

        _port.Accepted(7, R1);

        Assert.Equal(7, _port.Single<PortEffect.DeliverAccepted>().Accepted);
        Assert.Equal(PortFailureKind.Accepted, _port.Single<PortEffect.DialFailed>().Failure.Kind);
        Assert.Empty(_port.Drained().Last);
    }

    [Fact]
    public void An_accept_reported_while_the_dial_was_under_way_explains_the_taken_four_tuple()
    {
        var start = _port.Dial(1, R1).Single<PortEffect.StartConnect>();
        _port.Accepted(7, R1).Single<PortEffect.DeliverAccepted>();

        var failed = _port.Failed(start.Attempt, PortFailureKind.TupleInUse).Single<PortEffect.DialFailed>();

        Assert.Equal(PortFailureKind.Accepted, failed.Failure.Kind);
    }

    [Fact]
    public void A_four_tuple_that_nothing_explains_gets_one_moment_and_then_a_fresh_port()
    {
        var start = _port.Dial(1, R1).Single<PortEffect.StartConnect>();
        _port.Failed(start.Attempt, PortFailureKind.TupleInUse);
        Assert.Empty(_port.Drained().Last);

        var again = _port.Wait().Single<PortEffect.StartConnect>();
        Assert.False(again.FreshPort);
        _port.Failed(again.Attempt, PortFailureKind.TupleInUse).Single<PortEffect.DrainAcceptQueue>();
        Assert.True(_port.Drained().Single<PortEffect.StartConnect>().FreshPort);
    }

    [Fact]
    public void The_accept_that_was_on_its_way_in_that_moment_ends_the_dial()
    {
        var start = _port.Dial(1, R1).Single<PortEffect.StartConnect>();
        _port.Failed(start.Attempt, PortFailureKind.TupleInUse).Drained();

        Assert.Equal(PortFailureKind.Accepted, _port.Accepted(7, R1).Single<PortEffect.DialFailed>().Failure.Kind);
        Assert.Null(_port.Schedule.NextDeadline);
    }

    [Fact]
    public void A_cancelled_connect_whose_end_is_not_known_yet_is_looked_up_first()
    {
        var aborted = _port.Dial(1, R1).Single<PortEffect.StartConnect>();
        _port.Cancel(1);
        _port.Accepted(7, R1);
        var start = _port.Dial(2, R1).Single<PortEffect.StartConnect>();

        Assert.Empty(_port.Failed(start.Attempt, PortFailureKind.TupleInUse).Last);

        _port.Failed(aborted.Attempt, PortFailureKind.Aborted);
        Assert.False(_port.Wait().Single<PortEffect.StartConnect>().FreshPort);
    }

    [Fact]
    public void A_dial_from_a_fresh_port_never_waits_and_never_touches_the_four_tuple()
    {
        _port.Dial(1, R1);
        var fresh = _port.Dial(2, R1, fresh: true).Single<PortEffect.StartConnect>();
        Assert.True(fresh.FreshPort);

        _port.Punch(3, PunchRole.Dialer, R1);
        Assert.DoesNotContain(new PortEffect.AbortConnect(fresh.Attempt), _port.Last);

        Assert.Equal(2, _port.Connected(fresh.Attempt).Single<PortEffect.DialConnected>().Id);
        Assert.Equal(0, _port.Schedule.LiveConnections(R1));
    }

    [Fact]
    public void Accepted_connections_without_a_punch_go_to_whoever_takes_them()
    {
        Assert.Equal([new PortEffect.DeliverAccepted(9)], _port.Accepted(9, R1).Last);
    }
}
