using System.Net;
using NatActors.Protocols.Port;
using static NatActors.Protocols.Tests.Port.PortScheduleHarness;

namespace NatActors.Protocols.Tests.Port;

public sealed class SharedPortPunchTests
{
    private static readonly IPEndPoint R1OtherPort = new(R1.Address, 61234);
    private readonly PortScheduleHarness _port = new();

    [Fact]
    public void A_punch_pre_empts_the_dials_to_its_remote_and_connects_in_the_same_turn()
    {
        var dial = _port.Dial(1, R1).Single<PortEffect.StartConnect>();
        _port.Dial(2, R1).Punch(3, PunchRole.Dialer, R1);

        Assert.Collection(
            _port.Last,
            effect => Assert.Equal(new PortEffect.AbortConnect(dial.Attempt), effect),
            effect => Superseded(1, effect),
            effect => Superseded(2, effect),
            effect => Assert.Equal(R1, Assert.IsType<PortEffect.StartConnect>(effect).Remote));
    }

    [Fact]
    public void A_dial_during_a_punch_is_superseded_at_once()
    {
        _port.Punch(1, PunchRole.Dialer, R1);

        Superseded(2, Assert.Single(_port.Dial(2, R1).Last));
    }

    [Fact]
    public void A_connect_that_succeeds_ends_the_punch_in_its_role()
    {
        var start = _port.Punch(1, PunchRole.Listener, R1).Single<PortEffect.StartConnect>();

        Assert.Equal([new PortEffect.PunchConnected(1, start.Attempt, R1, PunchRole.Listener)], _port.Connected(start.Attempt).Last);
        Assert.Null(_port.Schedule.NextDeadline);
        Assert.Equal(1, _port.Schedule.LiveConnections(R1));
    }

    [Fact]
    public void An_accept_from_the_remote_takes_the_punchs_role_and_ends_it()
    {
        var start = _port.Punch(1, PunchRole.Dialer, R1).Single<PortEffect.StartConnect>();

        _port.Accepted(7, R1);

        Assert.Equal([new PortEffect.AbortConnect(start.Attempt), new PortEffect.PunchAccepted(1, 7, R1, PunchRole.Dialer)], _port.Last);
        Assert.Empty(_port.Failed(start.Attempt, PortFailureKind.TupleInUse).Last);
    }

    [Theory]
    [InlineData(PortFailureKind.Refused)]
    [InlineData(PortFailureKind.Reset)]
    public void A_refused_connect_is_made_again_until_the_window_closes_and_not_longer(PortFailureKind kind)
    {
        var end = _port.Now + Window;
        var attempt = _port.Punch(1, PunchRole.Dialer, R1).Single<PortEffect.StartConnect>().Attempt;
        var tries = 1;
        while (true)
        {
            _port.Now += TimeSpan.FromMilliseconds(40);
            _port.Failed(attempt, kind);
            _port.Wait();
            if (_port.Last.OfType<PortEffect.PunchFailed>().Any())
            {
                break;
            }

            attempt = _port.Single<PortEffect.StartConnect>().Attempt;
            tries++;
        }

        Assert.Equal(end, _port.Now);
        Assert.Equal(kind, _port.Single<PortEffect.PunchFailed>().Failure.Kind);
        Assert.Contains("the system says", _port.Single<PortEffect.PunchFailed>().Failure.Detail, StringComparison.Ordinal);

        // A try takes 40 ms, the pause after it 1 to 6 ms.
        Assert.InRange(tries, 5000 / 46, 5000 / 41);
    }

    [Fact]
    public void The_pause_after_an_immediate_refusal_is_short_but_never_none()
    {
        var attempt = _port.Punch(1, PunchRole.Dialer, R1).Single<PortEffect.StartConnect>().Attempt;
        var pauses = new HashSet<TimeSpan>();
        for (var i = 0; i < 50; i++)
        {
            var before = _port.Now;
            attempt = _port.Failed(attempt, PortFailureKind.Refused).Wait().Single<PortEffect.StartConnect>().Attempt;
            pauses.Add(_port.Now - before);
        }

        Assert.All(pauses, pause => Assert.InRange(pause.TotalMilliseconds, 1, 6));
        Assert.True(pauses.Count > 10, "the pauses are not random");
    }

    [Fact]
    public void A_connect_that_hangs_is_aborted_when_the_window_closes()
    {
        var start = _port.Punch(1, PunchRole.Dialer, R1).Single<PortEffect.StartConnect>();
        var before = _port.Now;

        _port.Wait();

        Assert.Equal(before + Window, _port.Now);
        Assert.Contains(new PortEffect.AbortConnect(start.Attempt), _port.Last);
        var failed = _port.Single<PortEffect.PunchFailed>();
        Assert.Equal((1, PortFailureKind.TimedOut), (failed.Id, failed.Failure.Kind));
    }

    [Fact]
    public void A_remote_without_a_route_is_given_up_after_three_tries_and_the_punch_with_the_last_remote()
    {
        var attempt = _port.Punch(1, PunchRole.Dialer, R1).Single<PortEffect.StartConnect>().Attempt;
        attempt = _port.Failed(attempt, PortFailureKind.Unreachable).Wait().Single<PortEffect.StartConnect>().Attempt;
        attempt = _port.Failed(attempt, PortFailureKind.Unreachable).Wait().Single<PortEffect.StartConnect>().Attempt;

        var failed = _port.Failed(attempt, PortFailureKind.Unreachable).Single<PortEffect.PunchFailed>();

        Assert.Equal(PortFailureKind.Unreachable, failed.Failure.Kind);
    }

    [Fact]
    public void The_dialers_side_aborts_the_other_remotes_when_one_succeeds()
    {
        _port.Punch(1, PunchRole.Dialer, R1, R2);
        var starts = _port.Last.Cast<PortEffect.StartConnect>().ToArray();

        _port.Connected(starts[0].Attempt);

        Assert.Equal(
            [new PortEffect.AbortConnect(starts[1].Attempt), new PortEffect.PunchConnected(1, starts[0].Attempt, R1, PunchRole.Dialer)],
            _port.Last);
        Assert.Equal([new PortEffect.DiscardConnection(starts[1].Attempt)], _port.Connected(starts[1].Attempt).Last);
    }

    [Fact]
    public void The_listeners_side_keeps_the_others_for_a_second_because_the_dialer_chooses()
    {
        _port.Punch(1, PunchRole.Listener, R1, R2);
        var starts = _port.Last.Cast<PortEffect.StartConnect>().ToArray();

        Assert.IsType<PortEffect.PunchConnected>(Assert.Single(_port.Connected(starts[0].Attempt).Last));
        var late = _port.Connected(starts[1].Attempt).Last;

        Assert.Equal([new PortEffect.DeliverConnected(starts[1].Attempt, PunchRole.Listener)], late);
    }

    [Fact]
    public void A_kept_connect_that_comes_to_nothing_is_aborted_after_that_second()
    {
        _port.Punch(1, PunchRole.Listener, R1, R2);
        var starts = _port.Last.Cast<PortEffect.StartConnect>().ToArray();
        _port.Connected(starts[0].Attempt);

        Assert.Equal([new PortEffect.AbortConnect(starts[1].Attempt)], _port.Wait().Last);

        Assert.Null(_port.Schedule.NextDeadline);
        Assert.Equal([new PortEffect.DiscardConnection(starts[1].Attempt)], _port.Connected(starts[1].Attempt).Last);
    }

    [Fact]
    public void A_taken_four_tuple_is_explained_by_the_accept_queue()
    {
        var start = _port.Punch(1, PunchRole.Listener, R1).Single<PortEffect.StartConnect>();
        _port.Failed(start.Attempt, PortFailureKind.TupleInUse).Single<PortEffect.DrainAcceptQueue>();

        Assert.Equal(7, _port.Accepted(7, R1).Single<PortEffect.PunchAccepted>().Accepted);
    }

    [Fact]
    public void A_taken_four_tuple_that_nothing_explains_is_tried_again()
    {
        var start = _port.Punch(1, PunchRole.Listener, R1).Single<PortEffect.StartConnect>();
        _port.Failed(start.Attempt, PortFailureKind.TupleInUse).Drained();

        Assert.False(_port.Wait().Single<PortEffect.StartConnect>().FreshPort);
    }

    [Fact]
    public void A_four_tuple_with_a_live_connection_cannot_be_punched_and_that_is_said_at_once()
    {
        _port.Accepted(7, R1);
        var start = _port.Punch(1, PunchRole.Listener, R1).Single<PortEffect.StartConnect>();

        var failed = _port.Failed(start.Attempt, PortFailureKind.TupleInUse).Single<PortEffect.PunchFailed>();

        Assert.Equal(PortFailureKind.TupleInUse, failed.Failure.Kind);
    }

    [Fact]
    public void A_delayed_punch_owns_accepts_at_once_but_connects_at_its_time()
    {
        var delay = TimeSpan.FromMilliseconds(20);
        var due = _port.Now + delay;
        var dial = _port.Dial(1, R1).Single<PortEffect.StartConnect>();
        Assert.Empty(_port.PunchIn(delay, 2, PunchRole.Dialer, R1).Last);

        _port.Wait();

        Assert.Equal(due, _port.Now);
        Assert.Contains(new PortEffect.AbortConnect(dial.Attempt), _port.Last);
        _port.Single<PortEffect.StartConnect>();

        _port.PunchIn(delay, 3, PunchRole.Dialer, R2);
        Assert.Equal([new PortEffect.PunchAccepted(3, 7, R2, PunchRole.Dialer)], _port.Accepted(7, R2).Last);
    }

    [Fact]
    public void A_delayed_punch_can_be_started_early_and_only_once()
    {
        _port.PunchIn(TimeSpan.FromSeconds(2), 1, PunchRole.Dialer, R1);

        _port.PunchNow(1).Single<PortEffect.StartConnect>();

        Assert.Empty(_port.PunchNow(1).Last);
        Assert.Equal(_port.Now + Window, _port.Schedule.NextDeadline);
    }

    [Fact]
    public void An_accept_from_the_same_host_but_another_port_serves_a_running_punch_of_the_dialers_side()
    {
        _port.Punch(1, PunchRole.Dialer, R1);

        Assert.Equal(R1OtherPort, _port.Accepted(7, R1OtherPort).Single<PortEffect.PunchAccepted>().Remote);
    }

    [Fact]
    public void An_accept_from_another_port_is_an_ordinary_one_for_the_listeners_side_and_before_the_start()
    {
        _port.Punch(1, PunchRole.Listener, R1).PunchIn(Window, 2, PunchRole.Dialer, R2);

        Assert.Equal([new PortEffect.DeliverAccepted(7)], _port.Accepted(7, R1OtherPort).Last);
        Assert.Equal([new PortEffect.DeliverAccepted(8)], _port.Accepted(8, new IPEndPoint(R2.Address, 9)).Last);
    }

    [Theory]
    [InlineData(PunchRole.Dialer, true)]
    [InlineData(PunchRole.Listener, false)]
    public void A_dial_that_was_pre_empted_too_late_serves_the_punch_of_the_dialers_side_only(PunchRole role, bool serves)
    {
        var dial = _port.Dial(1, R1).Single<PortEffect.StartConnect>();
        _port.Punch(2, role, R1);

        _port.Connected(dial.Attempt);

        Assert.Equal(serves, _port.Last.OfType<PortEffect.PunchConnected>().Any());
        Assert.Equal(!serves, _port.Last.OfType<PortEffect.DiscardConnection>().Any());
    }

    [Fact]
    public void A_cancelled_punch_aborts_its_connects()
    {
        _port.Punch(1, PunchRole.Listener, R1, R2).Cancel(1);

        Assert.Equal(2, _port.Last.OfType<PortEffect.AbortConnect>().Count());
        Assert.Equal(PortFailureKind.Aborted, _port.Single<PortEffect.PunchFailed>().Failure.Kind);
    }

    [Fact]
    public void A_second_punch_to_the_same_remote_and_one_without_remotes_fail_at_once()
    {
        _port.Punch(1, PunchRole.Dialer, R1);

        Assert.Equal(2, _port.Punch(2, PunchRole.Dialer, R1).Single<PortEffect.PunchFailed>().Id);
        Assert.Equal(3, _port.Punch(3, PunchRole.Dialer).Single<PortEffect.PunchFailed>().Id);
        Assert.Equal(1, _port.Schedule.PendingRequests);
    }

    private static void Superseded(long id, PortEffect effect)
    {
        var failed = Assert.IsType<PortEffect.DialFailed>(effect);
        Assert.Equal(id, failed.Id);
        Assert.Equal(PortFailureKind.Superseded, failed.Failure.Kind);
    }
}
