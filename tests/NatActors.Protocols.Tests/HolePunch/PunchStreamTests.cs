using NatActors.Multiformats;
using NatActors.Protocols.HolePunch;

namespace NatActors.Protocols.Tests.HolePunch;

/// <summary>What a peer can do wrong on the stream, and what each side makes of it.</summary>
public sealed class PunchStreamTests
{
    private static readonly TimeSpan Now = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(80);

    private static readonly OwnAddresses Own = new()
    {
        Observed = [Multiaddr.Parse("/ip4/11.0.0.1/tcp/4001")],
        Listening = [Multiaddr.Parse("/ip4/10.0.0.2/tcp/4001")],
    };

    private static readonly HolePunchMessage.Connect Connect = new([Multiaddr.Parse("/ip4/12.0.0.1/tcp/4001")]);

    [Fact]
    public void A_peer_that_does_not_speak_dcutr_ends_it_at_once()
    {
        var attempt = new PunchInitiator(new PunchOptions(), Own, Now);
        attempt.Start(Now);
        var ended = Assert.IsType<PunchEffect.Ended>(Assert.Single(attempt.OnStreamFailed(true, "na", Now)));
        Assert.Equal((PunchEnd.Relayed, 0, PunchReasons.PeerDoesNotSpeak), (ended.End, ended.Round, ended.Reason));
    }

    [Fact]
    public void The_stream_is_opened_at_once_and_a_refusal_behind_the_first_connect_ends_it_too()
    {
        var attempt = new PunchInitiator(new PunchOptions(), Own, Now);
        Assert.True(Assert.IsType<PunchEffect.OpenStream>(Assert.Single(attempt.Start(Now))).AtOnce);
        attempt.OnStreamOpened(Now);
        var ended = Assert.IsType<PunchEffect.Ended>(Assert.Single(attempt.OnStreamFailed(true, "na", Now)));
        Assert.Equal((PunchEnd.Relayed, PunchReasons.PeerDoesNotSpeak), (ended.End, ended.Reason));
    }

    [Fact]
    public void A_refusal_is_heard_while_the_first_connect_waits_for_an_address()
    {
        var attempt = new PunchInitiator(new PunchOptions(), OwnAddresses.None, Now);
        attempt.Start(Now);
        attempt.OnStreamOpened(Now);
        Assert.Equal(PunchState.Holding, attempt.State);
        Assert.Equal(PunchReasons.PeerDoesNotSpeak, attempt.OnStreamFailed(true, "na", Now).OfType<PunchEffect.Ended>().Single().Reason);
    }

    [Fact]
    public void After_a_reset_the_next_stream_waits_for_the_peer_to_agree_which_says_why()
    {
        var attempt = AwaitingConnect();
        Assert.False(attempt.OnStreamEnded(Now).OfType<PunchEffect.OpenStream>().Single().AtOnce);
        Assert.Equal(PunchReasons.PeerDoesNotSpeak, attempt.OnStreamFailed(true, "na", Now).OfType<PunchEffect.Ended>().Single().Reason);
    }

    [Fact]
    public void A_late_refusal_is_nothing_to_a_punch_under_way()
    {
        var attempt = AwaitingConnect();
        attempt.OnMessage(new HolePunchDecoded(Connect, HolePunchFault.None), Now);
        Assert.Empty(attempt.OnStreamFailed(true, "na", Now));
        Assert.Equal(PunchState.Punching, attempt.State);
    }

    [Fact]
    public void A_reversal_outlives_the_exchange_and_is_given_up_after_five_seconds()
    {
        var attempt = new PunchInitiator(new PunchOptions(), Own, Now);
        attempt.Start(Now);
        Assert.IsType<PunchEffect.Reverse>(Assert.Single(attempt.OnPeerIdentified("x", Connect.ObservedAddresses, Now)));
        Assert.Empty(attempt.OnStreamFailed(true, "na", Now));
        Assert.Equal(PunchState.AwaitingReversal, attempt.State);
        Assert.Collection(
            attempt.OnDeadline(Now + TimeSpan.FromSeconds(5)),
            e => Assert.IsType<PunchEffect.CancelReversal>(e),
            e => Assert.Equal(PunchEnd.Relayed, Assert.IsType<PunchEffect.Ended>(e).End));
    }

    [Fact]
    public void What_comes_behind_the_end_of_a_stream_is_not_acted_upon()
    {
        var attempt = AwaitingConnect();
        Assert.Contains(new PunchEffect.EndStream(Reset: true), attempt.OnMessage(new(new HolePunchMessage.Sync(), HolePunchFault.None), Now));
        attempt.OnStreamFailed(true, "na", Now);
        Assert.Empty(attempt.OnMessage(new(Connect, HolePunchFault.None), Now));

        var responder = new PunchResponder(new PunchOptions(), Own, Now);
        responder.Start(Now);
        Assert.Empty(responder.OnMessage(new(Connect, HolePunchFault.None), Now));
        responder.OnStreamOpened(Now);
        Assert.Equal([new PunchEffect.EndStream(Reset: true)], responder.OnMessage(new(null, HolePunchFault.NotProtobuf), Now));
        Assert.Empty(responder.OnMessage(new(Connect, HolePunchFault.None), Now));
        Assert.Equal(0, responder.Round);
    }

    [Fact]
    public void A_peer_that_opens_stream_after_stream_does_not_keep_an_attempt_alive()
    {
        var attempt = new PunchResponder(new PunchOptions(), Own, Now);
        attempt.Start(Now);
        var now = Now;
        for (var i = 0; i < new PunchOptions().MaxRounds + 1; i++)
        {
            Assert.Empty(attempt.OnStreamOpened(now));
            now += TimeSpan.FromSeconds(6);
        }

        var deadline = attempt.NextDeadline;
        Assert.Equal([new PunchEffect.EndStream(Reset: true)], attempt.OnStreamOpened(now));
        Assert.Equal(deadline, attempt.NextDeadline);
        Assert.Contains(attempt.OnDeadline(deadline!.Value), e => e is PunchEffect.Ended { End: PunchEnd.Relayed });
    }

    [Fact]
    public void A_hold_whose_stream_was_refused_ends_without_an_answer()
    {
        var attempt = new PunchResponder(new PunchOptions(), OwnAddresses.None, Now);
        attempt.Start(Now);
        for (var i = 0; i < new PunchOptions().MaxRounds + 1; i++)
        {
            attempt.OnStreamOpened(Now);
        }

        attempt.OnMessage(new(Connect, HolePunchFault.None), Now);
        Assert.Equal(PunchState.Holding, attempt.State);
        attempt.OnStreamOpened(Now);
        var effects = attempt.OnDeadline(attempt.NextDeadline!.Value);
        Assert.DoesNotContain(effects, e => e is PunchEffect.Send);
        Assert.Contains(effects, e => e is PunchEffect.Ended);
    }

    [Fact]
    public void A_punch_that_failed_before_sync_is_not_started()
    {
        var attempt = new PunchResponder(new PunchOptions(), Own, Now);
        attempt.Start(Now);
        attempt.OnStreamOpened(Now);
        Assert.Contains(attempt.OnMessage(new(Connect, HolePunchFault.None), Now), e => e is PunchEffect.Punch);
        attempt.OnPunchFailed(PunchDialFailure.Other, Now);
        Assert.DoesNotContain(new PunchEffect.StartPunch(), attempt.OnMessage(new(new HolePunchMessage.Sync(), HolePunchFault.None), Now));
        Assert.Equal(PunchState.Punching, attempt.State);
    }

    [Fact]
    public void An_attempt_that_another_takes_over_from_ends_cancelled_whatever_it_was_doing()
    {
        var waiting = new PunchResponder(new PunchOptions(), Own, Now);
        waiting.Start(Now);
        foreach (var attempt in (PunchAttempt[])[waiting, AwaitingConnect()])
        {
            var ended = attempt.OnSuperseded(Now).OfType<PunchEffect.Ended>().Single();
            Assert.Equal((PunchEnd.Cancelled, PunchReasons.Superseded), (ended.End, ended.Reason));
            Assert.Empty(attempt.OnSuperseded(Now));
            Assert.Null(attempt.NextDeadline);
        }
    }

    [Fact]
    public void A_peer_that_never_answers_is_not_said_to_have_no_address()
    {
        var attempt = AwaitingConnect();
        var now = Now;
        PunchEffect.Ended? ended = null;
        while (ended is null)
        {
            if (attempt.State == PunchState.Opening)
            {
                attempt.OnStreamOpened(now);
            }

            now = Assert.NotNull(attempt.NextDeadline);
            ended = attempt.OnDeadline(now).OfType<PunchEffect.Ended>().SingleOrDefault();
        }

        Assert.Equal((PunchEnd.Relayed, "the peer did not answer over the relay"), (ended.End, ended.Reason));
    }

    [Fact]
    public void A_reversal_that_comes_through_ends_the_exchange()
    {
        var attempt = AwaitingConnect();
        attempt.OnPeerIdentified("x", Connect.ObservedAddresses, Now);
        var effects = attempt.OnDirectConnection(inbound: false, Now);
        Assert.Contains(effects, e => e is PunchEffect.EndStream { Reset: false });
        Assert.Equal("this node reached the peer's own address", effects.OfType<PunchEffect.Ended>().Single().Reason);
    }

    [Fact]
    public void Sync_to_the_initiator_is_a_violation_that_costs_the_stream()
    {
        var effects = AwaitingConnect().OnMessage(new HolePunchDecoded(new HolePunchMessage.Sync(), HolePunchFault.None), Now);
        Assert.Contains(effects, e => e is PunchEffect.EndStream { Reset: true });
        Assert.Contains(effects, e => e is PunchEffect.OpenStream);
    }

    [Fact]
    public void Garbage_to_the_responder_costs_the_stream_and_then_the_attempt()
    {
        var attempt = new PunchResponder(new PunchOptions(), Own, Now);
        attempt.OnStreamOpened(Now);
        Assert.Contains(attempt.OnMessage(new HolePunchDecoded(null, HolePunchFault.NotProtobuf), Now), e => e is PunchEffect.EndStream { Reset: true });
        var ended = Assert.Single(attempt.OnDeadline(Now + TimeSpan.FromSeconds(1)).OfType<PunchEffect.Ended>());
        Assert.Equal(PunchReasons.PeerFellSilent, ended.Reason);
    }

    [Fact]
    public void A_peer_that_asks_for_a_fourth_round_is_refused()
    {
        var attempt = new PunchResponder(new PunchOptions(), Own, Now);
        attempt.OnStreamOpened(Now);
        for (var round = 1; round <= 3; round++)
        {
            Assert.Contains(attempt.OnMessage(new HolePunchDecoded(Connect, HolePunchFault.None), Now), e => e is PunchEffect.Started);
        }

        Assert.Contains(attempt.OnMessage(new HolePunchDecoded(Connect, HolePunchFault.None), Now), e => e is PunchEffect.EndStream { Reset: true });
    }

    [Fact]
    public void What_is_accepted_before_sync_belongs_to_the_punch()
    {
        var attempt = new PunchResponder(new PunchOptions(), Own, Now);
        attempt.OnStreamOpened(Now);
        var punch = attempt.OnMessage(new HolePunchDecoded(Connect, HolePunchFault.None), Now).OfType<PunchEffect.Punch>().Single();
        Assert.Equal(PunchRole.Dialer, punch.Role);
        Assert.Equal(Connect.ObservedAddresses, punch.Remotes);
        attempt.OnPunched(Now);
        Assert.Equal(PunchState.Upgrading, attempt.State);
        Assert.Empty(attempt.OnMessage(new HolePunchDecoded(new HolePunchMessage.Sync(), HolePunchFault.None), Now));
    }

    [Fact]
    public void A_connection_under_upgrade_is_left_alone_when_another_one_is_faster()
    {
        var attempt = AwaitingConnect();
        attempt.OnMessage(new HolePunchDecoded(Connect, HolePunchFault.None), Now);
        attempt.OnPunched(Now);
        Assert.DoesNotContain(attempt.OnDirectConnection(inbound: true, Now), e => e is PunchEffect.CancelPunch);
    }

    [Fact]
    public void An_upgrade_that_hangs_is_cut_and_the_next_round_starts()
    {
        var attempt = AwaitingConnect();
        attempt.OnMessage(new HolePunchDecoded(Connect, HolePunchFault.None), Now);
        attempt.OnPunched(Now);
        var effects = attempt.OnDeadline(Now + TimeSpan.FromSeconds(5));
        Assert.Contains(effects, e => e is PunchEffect.CancelPunch);
        Assert.Contains(effects, e => e is PunchEffect.Started { Round: 2 });
    }

    [Fact]
    public void A_round_that_fails_beside_the_reversal_gives_it_a_round_trip_before_the_next()
    {
        var attempt = UpgradingBesideAReversal();
        Assert.Empty(attempt.OnUpgradeFailed(Now));
        Assert.Equal((PunchState.Pausing, Now + RoundTrip), (attempt.State, attempt.NextDeadline));
        Assert.Equal(1, attempt.OnDirectConnection(inbound: false, Now).OfType<PunchEffect.Ended>().Single().Round);

        attempt = UpgradingBesideAReversal();
        attempt.OnUpgradeFailed(Now);
        Assert.Contains(attempt.OnDeadline(Now + RoundTrip), e => e is PunchEffect.Started { Round: 2 });

        attempt = UpgradingBesideAReversal();
        attempt.OnUpgradeFailed(Now);
        Assert.Contains(attempt.OnReversalFailed(Now), e => e is PunchEffect.Started { Round: 2 });
    }

    [Fact]
    public void While_the_next_round_waits_for_the_reversal_stream_and_relay_may_go()
    {
        var attempt = UpgradingBesideAReversal();
        attempt.OnUpgradeFailed(Now);
        Assert.Empty(attempt.OnStreamEnded(Now));
        Assert.IsType<PunchEffect.OpenStream>(Assert.Single(attempt.OnDeadline(Now + RoundTrip)));

        attempt = UpgradingBesideAReversal();
        attempt.OnUpgradeFailed(Now);
        Assert.Empty(attempt.OnRelayLost(Now));
        Assert.Empty(attempt.OnDeadline(Now + RoundTrip));
        Assert.Equal(PunchState.AwaitingReversal, attempt.State);
    }

    [Fact]
    public void Nothing_happens_after_the_end()
    {
        var attempt = AwaitingConnect();
        attempt.OnDirectConnection(inbound: true, Now);
        Assert.Empty(attempt.OnMessage(new HolePunchDecoded(Connect, HolePunchFault.None), Now));
        Assert.Empty(attempt.OnStreamEnded(Now));
        Assert.Empty(attempt.OnPunchFailed(PunchDialFailure.NoAnswer, Now));
        Assert.Empty(attempt.OnRelayLost(Now));
        Assert.Empty(attempt.OnDirectConnection(inbound: true, Now));
        Assert.Null(attempt.NextDeadline);
    }

    private static PunchInitiator UpgradingBesideAReversal()
    {
        var attempt = new PunchInitiator(new PunchOptions(), Own, Now - RoundTrip);
        attempt.Start(Now - RoundTrip);
        attempt.OnStreamOpened(Now - RoundTrip);
        Assert.Contains(attempt.OnPeerIdentified("x", Connect.ObservedAddresses, Now), e => e is PunchEffect.Reverse);
        attempt.OnMessage(new HolePunchDecoded(Connect, HolePunchFault.None), Now);
        attempt.OnPunched(Now);
        return attempt;
    }

    private static PunchInitiator AwaitingConnect()
    {
        var attempt = new PunchInitiator(new PunchOptions(), Own, Now);
        attempt.Start(Now);
        Assert.Contains(attempt.OnStreamOpened(Now), e => e is PunchEffect.Send { Message: HolePunchMessage.Connect });
        return attempt;
    }
}
