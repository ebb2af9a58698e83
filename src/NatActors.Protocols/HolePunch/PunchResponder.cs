using NatActors.Multiformats;

namespace NatActors.Protocols.HolePunch;

/// <summary>
/// A of DCUtR.md: the side that made the relayed connection. It answers CONNECT, and connects when SYNC comes. From its own CONNECT on,
/// what
/// is accepted from the peer's addresses belongs to the punch: the peer's SYN may overtake its SYNC.
/// </summary>
/// <remarks>
/// <code>
/// Idle -> AwaitingConnect -> [Holding, no address of ours yet] -> AwaitingSync -> Punching -> Upgrading -> Ended (direct)
///               ^                                                     |              | failed    | failed
///               +------------ the peer's next CONNECT ---------- AwaitingNext &lt;------+-----------+ -- silence --> Ended (relayed)
/// </code>
/// </remarks>
public sealed class PunchResponder : PunchAttempt
{
    // Before SYNC the round trip is not known. A window longer than the peer's does no harm: its next CONNECT ends it.
    private static readonly TimeSpan AssumedRoundTrip = TimeSpan.FromMilliseconds(500);

    // After a round that was the last, or whose stream is gone: what the peer's side may still have under way.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private IReadOnlyList<Multiaddr> _waitingPeer = [];
    private int _streams;

    /// <summary>An attempt that has not started.</summary>
    public PunchResponder(PunchOptions options, OwnAddresses own, TimeSpan now)
        : base(options, own, now)
    {
    }

    private protected override bool IsInitiator => false;

    /// <summary>Longer than the peer's own patience, so that its next try finds this side waiting.</summary>
    private TimeSpan Patience => Options.ReplyTimeout + Options.ObservationHold;

    private TimeSpan Window => PunchWindow.For(RelayRoundTrip ?? AssumedRoundTrip);

    /// <summary>Starts it, as soon as the relayed connection is up: the peer is expected to begin.</summary>
    public IReadOnlyList<PunchEffect> Start(TimeSpan now)
    {
        if (State == PunchState.Idle)
        {
            Enter(PunchState.AwaitingNext, now + Options.BeginTimeout);
        }

        return Take();
    }

    /// <summary>
    /// The peer opened a DCUtR stream: the first, or another one for its next round (go opens one for each). One more may have come to nothing;
    /// beyond that they are refused, and prolong nothing.
    /// </summary>
    public IReadOnlyList<PunchEffect> OnStreamOpened(TimeSpan now)
    {
        if (!IsOver)
        {
            StreamIsOpen = ++_streams <= Options.MaxRounds + 1;
            if (!StreamIsOpen)
            {
                Do(new PunchEffect.EndStream(Reset: true));
                if (State == PunchState.Holding)
                {
                    // There is no stream left to answer on; the hold's time is what is left to wait.
                    Enter(PunchState.AwaitingNext, NextDeadline);
                }
            }
            else if (State is not (PunchState.Punching or PunchState.Upgrading))
            {
                CancelPunch();
                Enter(PunchState.AwaitingConnect, now + Patience);
            }
        }

        return Take();
    }

    private protected override void HoldIsOver(TimeSpan now)
    {
        KeepPeer(_waitingPeer);
        Do(new PunchEffect.Send(new HolePunchMessage.Connect(PunchCandidates.OwnFor(Own, _waitingPeer, Options))));
        BeginPunch(Patience * 2, Window, null);
        Enter(PunchState.AwaitingSync, now + Patience);
    }

    private protected override void PeerIdentified(IReadOnlyList<Multiaddr> advertised, TimeSpan now)
    {
    }

    private protected override void ConnectReceived(IReadOnlyList<Multiaddr> addresses, TimeSpan now)
    {
        if (State == PunchState.Holding || Round == Options.MaxRounds)
        {
            Violation(now);
            return;
        }

        // A CONNECT while our round still runs: the peer's has failed, so ours is in vain.
        CancelPunch();
        AbandonUpgrade();
        CountRound(now);
        _waitingPeer = addresses;
        if (PunchCandidates.Own(Own, Options).Count == 0 && Round == 1)
        {
            Enter(PunchState.Holding, now + Options.ObservationHold);
        }
        else
        {
            HoldIsOver(now);
        }
    }

    private protected override void SyncReceived(TimeSpan now)
    {
        if (State == PunchState.Upgrading)
        {
            // The peer's SYN was faster than its SYNC, and is being upgraded.
            return;
        }

        if (State != PunchState.AwaitingSync)
        {
            Violation(now);
            return;
        }

        StartNow(now);
    }

    private protected override void StreamEnded(TimeSpan now)
    {
        switch (State)
        {
            case PunchState.Punching or PunchState.Upgrading:
                break;
            case PunchState.AwaitingSync:
                // The addresses are exchanged, so the peer is about to connect: its SYNC may have died with the stream.
                StartNow(now);
                break;
            default:
                Enter(PunchState.AwaitingNext, now + Grace);
                break;
        }
    }

    private protected override void RoundFailed(TimeSpan now)
    {
        var last = Round == Options.MaxRounds || !StreamIsOpen || PunchReasons.Hopeless(Evidence());
        Enter(PunchState.AwaitingNext, now + (last ? Grace : Options.NextRoundTimeout));
    }

    private protected override void TimedOut(TimeSpan now)
    {
        CancelPunch();
        if (State == PunchState.AwaitingSync && StreamIsOpen)
        {
            Do(new PunchEffect.EndStream(Reset: true));
            StreamIsOpen = false;
        }

        if (RelayIsUp)
        {
            Finish(PunchEnd.Relayed, PunchReasons.Classify(Evidence()), now);
        }
        else
        {
            Finish(PunchEnd.Cancelled, PunchReasons.RelayLost, now);
        }
    }

    private void StartNow(TimeSpan now)
    {
        if (NobodyHasAnAddress)
        {
            RoundFailed(now);
            return;
        }

        if (PunchIsRunning)
        {
            Do(new PunchEffect.StartPunch());
        }

        EnterPunching(now, Window);
    }
}
