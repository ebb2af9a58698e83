using NatActors.Multiformats;

namespace NatActors.Protocols.HolePunch;

/// <summary>
/// One attempt to turn a relayed connection into a direct one (DCUtR.md). What both sides share: addresses, the punch itself, the verdict.
/// Events and the monotonic time go in, effects come out; call <see cref="OnDeadline"/> when <see cref="NextDeadline"/> comes.
/// </summary>
/// <remarks>
/// Why round one suffices wherever a direct connection is possible. Both sides connect from the shared port at the moment that SYNC sets,
/// to
/// where the other is observed. NATs that keep the port per destination admit the other side's SYN from then on: the two meet, or one is
/// accepted. A symmetric NAT sends its side's SYN from a port that nobody knows: the other side's listener accepts it (no filter, or one
/// by IP address, which its own SYN has just opened), as an ordinary inbound connection. So the symmetric side being A is the dialer
/// anyway;
/// being B it is the listener of a peer that takes itself for the listener too: it hears nothing, and speaks first
/// (<see cref="PunchWindow.SpeakAfter"/>).
/// </remarks>
public abstract class PunchAttempt
{
    // What the port's owner answers is due at the end of the window; this much later it is taken for lost.
    private static readonly TimeSpan Backstop = TimeSpan.FromSeconds(1);

    private readonly List<PunchEffect> _effects = [];
    private readonly TimeSpan _created;
    private IReadOnlyList<Multiaddr>? _peerSent;
    private IReadOnlyList<Multiaddr> _peerListens = [];
    private PunchDialFailure? _lastFailure;
    private TimeSpan _firstRoundAt;

    private protected PunchAttempt(PunchOptions options, OwnAddresses own, TimeSpan now)
    {
        Options = options;
        Own = own;
        _created = now;
    }

    /// <summary>Where it stands.</summary>
    public PunchState State { get; private set; }

    /// <summary>The round, from 1; 0 before the first.</summary>
    public int Round { get; private set; }

    /// <summary>When to call <see cref="OnDeadline"/>, or null.</summary>
    public TimeSpan? NextDeadline { get; private set; }

    private protected PunchOptions Options { get; }

    private protected OwnAddresses Own { get; private set; }

    private protected string? Agent { get; private set; }

    private protected bool StreamIsOpen { get; set; }

    private protected bool RelayIsUp { get; private set; } = true;

    private protected IReadOnlyList<Multiaddr> Remotes { get; private set; } = [];

    private protected int FailedUpgrades { get; private set; }

    /// <summary>The round trip over the relay, as the relayed connection measures it; null before it has.</summary>
    private protected TimeSpan? RelayRoundTrip { get; private set; }

    private protected bool PunchIsRunning { get; private set; }

    private protected bool IsOver => State == PunchState.Ended;

    private protected abstract bool IsInitiator { get; }

    /// <summary>Our addresses changed: an observation came in, for example.</summary>
    public IReadOnlyList<PunchEffect> OnOwnAddresses(OwnAddresses own, TimeSpan now)
    {
        Own = own;
        if (State == PunchState.Holding && PunchCandidates.Own(own, Options).Count > 0)
        {
            HoldIsOver(now);
        }

        return Take();
    }

    /// <summary>Identify, over the relay, said who the peer is and where it listens.</summary>
    public IReadOnlyList<PunchEffect> OnPeerIdentified(string? agent, IReadOnlyList<Multiaddr> advertised, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(advertised);
        Agent = agent;
        _peerListens = [.. advertised.Where(a => !a.IsRelayed)];
        if (!IsOver)
        {
            PeerIdentified(_peerListens, now);
        }

        return Take();
    }

    /// <summary>The relayed connection's round trip: the exchange's own measure may contain the other side's hold, this does not.</summary>
    public void OnRelayRoundTrip(TimeSpan roundTrip) => RelayRoundTrip = roundTrip;

    /// <summary>A message came on the stream. One that was on its way when the stream was ended belongs to no round.</summary>
    public IReadOnlyList<PunchEffect> OnMessage(HolePunchDecoded decoded, TimeSpan now)
    {
        switch (decoded.Message)
        {
            case HolePunchMessage.Connect connect when StreamIsOpen:
                ConnectReceived(connect.ObservedAddresses, now);
                break;
            case HolePunchMessage.Sync when StreamIsOpen:
                SyncReceived(now);
                break;
            case null when StreamIsOpen:
                Violation(now);
                break;
        }

        return Take();
    }

    /// <summary>The peer ended or reset the stream, or it broke.</summary>
    public IReadOnlyList<PunchEffect> OnStreamEnded(TimeSpan now)
    {
        if (StreamIsOpen)
        {
            StreamIsOpen = false;
            if (!IsOver)
            {
                StreamEnded(now);
            }
        }

        return Take();
    }

    /// <summary>A connect or accept of the punch came through; its upgrade starts.</summary>
    public IReadOnlyList<PunchEffect> OnPunched(TimeSpan now)
    {
        PunchIsRunning = false;
        if (State is PunchState.Punching or PunchState.AwaitingSync)
        {
            Enter(PunchState.Upgrading, now + Options.UpgradeTimeout);
        }

        return Take();
    }

    /// <summary>The window closed, or nothing can come of the dials.</summary>
    public IReadOnlyList<PunchEffect> OnPunchFailed(PunchDialFailure failure, TimeSpan now)
    {
        PunchIsRunning = false;
        if (State == PunchState.Punching)
        {
            _lastFailure = failure;
            RoundFailed(now);
        }

        return Take();
    }

    /// <summary>The punched connection could not be secured or muxed.</summary>
    public IReadOnlyList<PunchEffect> OnUpgradeFailed(TimeSpan now)
    {
        if (State == PunchState.Upgrading)
        {
            FailedUpgrades++;
            _lastFailure = PunchDialFailure.Other;
            RoundFailed(now);
        }

        return Take();
    }

    /// <summary>A direct connection to the peer is up, whoever and whatever made it: that is all that counts.</summary>
    public IReadOnlyList<PunchEffect> OnDirectConnection(bool inbound, TimeSpan now)
    {
        if (IsOver)
        {
            return Take();
        }

        var reason = State == PunchState.Upgrading ? "the hole punch came through"
            : inbound ? "the peer came through to this node"
            : "this node reached the peer's own address";
        StopReversal();
        if (State != PunchState.Upgrading)
        {
            // A connection under upgrade is left to finish: the peer may hold it for the one already.
            CancelPunch();
        }

        Finish(PunchEnd.Direct, reason, now);
        return Take();
    }

    /// <summary>The relayed connection is gone. Dials under way go on; without them it is over.</summary>
    public IReadOnlyList<PunchEffect> OnRelayLost(TimeSpan now)
    {
        RelayIsUp = false;
        StreamIsOpen = false;
        if (!IsOver && State is not (PunchState.Punching or PunchState.Upgrading or PunchState.Pausing or PunchState.AwaitingReversal))
        {
            StopReversal();
            CancelPunch();
            Finish(PunchEnd.Cancelled, PunchReasons.RelayLost, now);
        }

        return Take();
    }

    /// <summary>Another attempt takes over: the peers reached each other at once, and its relayed connection is the one that both choose.</summary>
    public IReadOnlyList<PunchEffect> OnSuperseded(TimeSpan now)
    {
        if (!IsOver)
        {
            StopReversal();
            CancelPunch();
            AbandonUpgrade();
            Finish(PunchEnd.Cancelled, PunchReasons.Superseded, now);
        }

        return Take();
    }

    /// <summary>Time went by.</summary>
    public IReadOnlyList<PunchEffect> OnDeadline(TimeSpan now)
    {
        if (NextDeadline is not { } deadline || now < deadline)
        {
            return [];
        }

        switch (State)
        {
            case PunchState.Holding:
                HoldIsOver(now);
                break;
            case PunchState.Punching:
                CancelPunch();
                _lastFailure = PunchDialFailure.NoAnswer;
                RoundFailed(now);
                break;
            case PunchState.Upgrading:
                Do(new PunchEffect.CancelPunch());
                FailedUpgrades++;
                RoundFailed(now);
                break;
            default:
                TimedOut(now);
                break;
        }

        return Take();
    }

    private protected abstract void HoldIsOver(TimeSpan now);

    private protected abstract void PeerIdentified(IReadOnlyList<Multiaddr> advertised, TimeSpan now);

    private protected abstract void ConnectReceived(IReadOnlyList<Multiaddr> addresses, TimeSpan now);

    private protected abstract void SyncReceived(TimeSpan now);

    private protected abstract void StreamEnded(TimeSpan now);

    private protected abstract void RoundFailed(TimeSpan now);

    private protected abstract void TimedOut(TimeSpan now);

    private protected virtual void StopReversal()
    {
    }

    private protected void Do(PunchEffect effect) => _effects.Add(effect);

    private protected IReadOnlyList<PunchEffect> Take()
    {
        if (_effects.Count == 0)
        {
            return [];
        }

        var effects = _effects.ToArray();
        _effects.Clear();
        return effects;
    }

    private protected void Enter(PunchState state, TimeSpan? deadline)
    {
        State = state;
        NextDeadline = deadline;
    }

    private protected void CountRound(TimeSpan now)
    {
        Round++;
        _firstRoundAt = Round == 1 ? now : _firstRoundAt;
        Do(new PunchEffect.Started(Round));
    }

    private protected void KeepPeer(IReadOnlyList<Multiaddr> addresses)
    {
        _peerSent = addresses;
        Remotes = PunchCandidates.OfPeer(addresses, Own, Options);
    }

    private protected void BeginPunch(TimeSpan delay, TimeSpan window, TimeSpan? speakAfter)
    {
        if (Remotes.Count > 0)
        {
            PunchIsRunning = true;
            var role = PunchRoles.For(IsInitiator, Round, FailedUpgrades, Agent);
            Do(new PunchEffect.Punch(Remotes, delay, window, role, role == PunchRole.Listener ? speakAfter : null));
        }
    }

    /// <summary>Neither side has an address for the other to connect to: there is nothing to wait for.</summary>
    private protected bool NobodyHasAnAddress => Remotes.Count == 0 && PunchCandidates.Own(Own, Options).Count == 0;

    /// <summary>From here on the window runs. With no remote to connect to, the peer may still reach us: wait as long.</summary>
    private protected void EnterPunching(TimeSpan now, TimeSpan window) =>
        Enter(PunchState.Punching, now + window + (PunchIsRunning ? Backstop : TimeSpan.Zero));

    private protected void CancelPunch()
    {
        if (PunchIsRunning)
        {
            PunchIsRunning = false;
            Do(new PunchEffect.CancelPunch());
        }
    }

    private protected void Violation(TimeSpan now)
    {
        Do(new PunchEffect.EndStream(Reset: true));
        StreamIsOpen = false;
        StreamEnded(now);
    }

    private protected PunchEvidence Evidence() => new(
        NatHints.Of(Own.Observed, Own.Listening),
        NatHints.OfPeer(_peerSent ?? [], _peerListens),
        _lastFailure,
        Round,
        PunchCandidates.Own(Own, Options).Count,
        Remotes.Count,
        _peerSent?.Count);

    private protected void AbandonUpgrade()
    {
        if (State == PunchState.Upgrading)
        {
            FailedUpgrades++;
            Do(new PunchEffect.CancelPunch());
        }
    }

    private protected void Finish(PunchEnd end, string reason, TimeSpan now)
    {
        if (StreamIsOpen)
        {
            StreamIsOpen = false;
            Do(new PunchEffect.EndStream(Reset: false));
        }

        Enter(PunchState.Ended, null);
        Do(new PunchEffect.Ended(end, Round, now - (Round == 0 ? _created : _firstRoundAt), reason));
    }
}
