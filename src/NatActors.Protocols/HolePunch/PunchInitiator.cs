using NatActors.Multiformats;

namespace NatActors.Protocols.HolePunch;

/// <summary>
/// B of DCUtR.md: the side that accepted the relayed connection. It opens the stream, measures the round trip between the two CONNECTs,
/// sends
/// SYNC and connects half a round trip later. In parallel, and never waited for before the rounds are over, it dials from a fresh port what
/// the peer advertises (reversal).
/// </summary>
/// <remarks>
/// <code>
/// Idle -> Opening -> [Holding, no address of ours yet] -> AwaitingConnect -> Punching -> Upgrading -> Ended (direct)
///            ^                                               |                  | failed    | failed
///            +--- [Pausing, while it dials too] -- next round, at most three ---+-----------+-> AwaitingReversal -> Ended (relayed)
/// </code>
/// </remarks>
public sealed class PunchInitiator : PunchAttempt
{
    private TimeSpan _startedAt;
    private TimeSpan _connectSentAt;
    private TimeSpan _reversalEnds;
    private TimeSpan _roundTrip;
    private bool _reversed;
    private bool _reversing;
    private string? _verdict;

    /// <summary>An attempt that has not started.</summary>
    public PunchInitiator(PunchOptions options, OwnAddresses own, TimeSpan now)
        : base(options, own, now)
    {
    }

    private protected override bool IsInitiator => true;

    /// <summary>Starts it, as soon as the relayed connection is up.</summary>
    public IReadOnlyList<PunchEffect> Start(TimeSpan now)
    {
        if (State == PunchState.Idle)
        {
            _startedAt = now;
            Open();
        }

        return Take();
    }

    /// <summary>The DCUtR stream is open.</summary>
    public IReadOnlyList<PunchEffect> OnStreamOpened(TimeSpan now)
    {
        if (State != PunchState.Opening)
        {
            return Take();
        }

        StreamIsOpen = true;
        var holdEnds = _startedAt + Options.ObservationHold;
        if (PunchCandidates.Own(Own, Options).Count == 0 && now < holdEnds)
        {
            Enter(PunchState.Holding, holdEnds);
        }
        else
        {
            HoldIsOver(now);
        }

        return Take();
    }

    /// <summary>There is no DCUtR stream, or none any more: the peer refused one that was opened at once.</summary>
    /// <param name="notSupported">True when the peer said that it does not know the protocol.</param>
    /// <param name="reason">Why, in words for a person.</param>
    /// <param name="now">Monotonic time.</param>
    public IReadOnlyList<PunchEffect> OnStreamFailed(bool notSupported, string reason, TimeSpan now)
    {
        if (State == PunchState.Opening || (notSupported && State is PunchState.Holding or PunchState.AwaitingConnect))
        {
            StreamIsOpen = false;
            GiveUp(
                notSupported ? PunchReasons.PeerDoesNotSpeak
                : Round == 0 ? $"the DCUtR stream could not be opened: {reason}"
                : PunchReasons.Classify(Evidence()),
                now);
        }

        return Take();
    }

    /// <summary>The reversal came to nothing.</summary>
    public IReadOnlyList<PunchEffect> OnReversalFailed(TimeSpan now)
    {
        _reversing = false;
        if (State == PunchState.AwaitingReversal)
        {
            Settle(now);
        }
        else if (State == PunchState.Pausing)
        {
            NextRound(now);
        }

        return Take();
    }

    private protected override void HoldIsOver(TimeSpan now)
    {
        CountRound(now);
        _connectSentAt = now;
        Do(new PunchEffect.Send(new HolePunchMessage.Connect(PunchCandidates.Own(Own, Options))));
        Enter(PunchState.AwaitingConnect, now + Options.ReplyTimeout);
    }

    private protected override void PeerIdentified(IReadOnlyList<Multiaddr> advertised, TimeSpan now) => Reverse(advertised, now);

    private protected override void ConnectReceived(IReadOnlyList<Multiaddr> addresses, TimeSpan now)
    {
        if (State != PunchState.AwaitingConnect)
        {
            Violation(now);
            return;
        }

        var measured = now - _connectSentAt;
        var roundTrip = _roundTrip = RelayRoundTrip < measured ? RelayRoundTrip.Value : measured;
        KeepPeer(addresses);
        if (NatHints.Of(Own.Observed, Own.Listening).LooksSymmetric())
        {
            // Nobody can tell where our punch will come from; a plain dial tells who speaks first, and needs no port to be known.
            Reverse(addresses, now);
        }

        if (NobodyHasAnAddress)
        {
            RoundFailed(now);
            return;
        }

        Do(new PunchEffect.Send(new HolePunchMessage.Sync()));
        var window = PunchWindow.For(roundTrip);
        BeginPunch(roundTrip / 2, window, PunchWindow.SpeakAfter(roundTrip));
        EnterPunching(now, (roundTrip / 2) + window);
    }

    private protected override void SyncReceived(TimeSpan now) => Violation(now);

    private protected override void StreamEnded(TimeSpan now)
    {
        if (State == PunchState.AwaitingConnect)
        {
            RoundFailed(now);
        }
        else if (State == PunchState.Holding)
        {
            GiveUp(PunchReasons.PeerFellSilent, now);
        }
    }

    private protected override void RoundFailed(TimeSpan now)
    {
        var evidence = Evidence();
        if (!RelayIsUp)
        {
            GiveUp(PunchReasons.RelayLost, now);
        }
        else if (Round >= Options.MaxRounds || evidence.OwnCount == 0 || PunchReasons.Hopeless(evidence))
        {
            GiveUp(PunchReasons.Classify(evidence), now);
        }
        else if (_reversing)
        {
            Enter(PunchState.Pausing, now + _roundTrip);
        }
        else
        {
            NextRound(now);
        }
    }

    private void NextRound(TimeSpan now)
    {
        if (!RelayIsUp)
        {
            GiveUp(PunchReasons.RelayLost, now);
        }
        else if (StreamIsOpen)
        {
            HoldIsOver(now);
        }
        else
        {
            Open();
        }
    }

    private protected override void TimedOut(TimeSpan now)
    {
        if (State == PunchState.AwaitingConnect)
        {
            // The peer fell silent: whatever it says later on this stream belongs to no round.
            Violation(now);
        }
        else if (State == PunchState.Pausing)
        {
            NextRound(now);
        }
        else if (State == PunchState.AwaitingReversal)
        {
            StopReversal();
            Settle(now);
        }
    }

    private protected override void StopReversal()
    {
        if (_reversing)
        {
            _reversing = false;
            Do(new PunchEffect.CancelReversal());
        }
    }

    private void Open()
    {
        Enter(PunchState.Opening, null);

        // The first time at once, for the peer of a punch speaks it nearly always. One that answers by a reset may mean that it does not:
        // asked again, with its answer waited for, it says so.
        Do(new PunchEffect.OpenStream(AtOnce: Round == 0));
    }

    private void Reverse(IReadOnlyList<Multiaddr> addresses, TimeSpan now)
    {
        var targets = PunchCandidates.OfPeer(addresses, Own, Options);
        if (!_reversed && targets.Count > 0)
        {
            _reversed = _reversing = true;
            _reversalEnds = now + Options.ReversalTimeout;
            Do(new PunchEffect.Reverse(targets));
        }
    }

    private void GiveUp(string verdict, TimeSpan now)
    {
        _verdict = verdict;
        if (_reversing && now < _reversalEnds)
        {
            Enter(PunchState.AwaitingReversal, _reversalEnds);
            return;
        }

        StopReversal();
        Settle(now);
    }

    private void Settle(TimeSpan now) =>
        Finish(RelayIsUp ? PunchEnd.Relayed : PunchEnd.Cancelled, _verdict ?? PunchReasons.NoAddress, now);
}
