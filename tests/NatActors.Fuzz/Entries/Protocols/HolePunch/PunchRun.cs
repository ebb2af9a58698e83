using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.HolePunch;

namespace NatActors.Fuzz.Entries.Protocols.HolePunch;

/// <summary>
/// One attempt under a peer that says anything at any time, as its actor runs it: the stream, the punch and the reversal that it asked for
/// are
/// tracked, each with one end; rounds are few; the attempt ends exactly once.
/// </summary>
internal abstract class PunchRun : TimedRun
{
    /// <summary>The kinds of events that both sides have.</summary>
    public static readonly string[] CommonEvents =
    [
        "start", "stream opened", "connect", "sync", "bytes", "stream ended", "punched", "punch failed", "upgrade failed", "direct",
            "relay lost",
        "superseded", "own addresses", "identified", "relay round trip", "deadline",
    ];

    /// <summary>Bounds of the attempts here; the defaults.</summary>
    protected static readonly PunchOptions Options = new();

    private static readonly OwnAddresses Own = new() { Observed = [Samples.Addresses[0]], Listening = [Samples.Addresses[6]] };

    private bool _started;
    private bool _punching;
    private int _rounds;
    private int _streams;

    protected PunchRun(bool knowsAddress) => Known = knowsAddress ? Own : OwnAddresses.None with { Listening = Own.Listening };

    protected abstract PunchAttempt Attempt { get; }

    protected OwnAddresses Known { get; }

    /// <summary>As the actor has it: opened, and not ended by either side.</summary>
    protected bool StreamIsOpen { get; private set; }

    protected bool Ended { get; private set; }

    protected override TimeSpan? NextDeadline => Attempt.NextDeadline;

    /// <summary>A script that both sides understand.</summary>
    public static EventScript Connected(EventScript script) => script.On(0).On(1).After(EventClock.Milliseconds(40), 2, 1, 3);

    protected override void Deadline(TimeSpan now, ref FuzzDigest digest) => Take(Attempt.OnDeadline(now), ref digest);

    protected abstract IReadOnlyList<PunchEffect> Start(TimeSpan now);

    protected abstract IReadOnlyList<PunchEffect> StreamOpened(TimeSpan now);

    protected override void Event(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
    {
        switch (kind)
        {
            case 0:
                _started = true;
                Take(Start(now), ref digest);
                break;
            case 1: OpenStream(now, ref digest); break;
            case 2:
                Message(new HolePunchDecoded(new HolePunchMessage.Connect(Samples.AddressList(ref arguments, 9)), HolePunchFault.None),
                    now, ref digest);
                break;
            case 3: Message(new HolePunchDecoded(new HolePunchMessage.Sync(), HolePunchFault.None), now, ref digest); break;
            case 4: Message(HolePunchCodec.Decode(arguments.Rest), now, ref digest); break;
            case 5:
                StreamIsOpen = false;
                Take(Attempt.OnStreamEnded(now), ref digest);
                break;
            case 6:
                _punching = false;
                Take(Attempt.OnPunched(now), ref digest);
                break;
            case 7:
                _punching = false;
                Take(Attempt.OnPunchFailed((PunchDialFailure)arguments.Below(6), now), ref digest);
                break;
            case 8: Take(Attempt.OnUpgradeFailed(now), ref digest); break;
            case 9: Take(Attempt.OnDirectConnection(arguments.Flag(), now), ref digest); break;
            case 10:
                StreamIsOpen = false;
                Take(Attempt.OnRelayLost(now), ref digest);
                break;
            case 11: Take(Attempt.OnSuperseded(now), ref digest); break;
            case 12:
                Take(Attempt.OnOwnAddresses(new OwnAddresses { Observed = Samples.AddressList(ref arguments, 3),
                    Listening = Known.Listening }, now), ref digest);
                break;
            case 13:
                Take(Attempt.OnPeerIdentified(arguments.Flag() ? "go-libp2p/0.36"
                    : null, Samples.AddressList(ref arguments, 5), now), ref digest);
                break;
            case 14: Attempt.OnRelayRoundTrip(arguments.Duration()); break;
            default: Take(Attempt.OnDeadline(now), ref digest); break;
        }
    }

    protected override void Check(TimeSpan now)
    {
        Require.That(Ended == (Attempt.State == PunchState.Ended), "an end is not told, or told and is none");
        Require.That(!Ended || NextDeadline is null, "a deadline outlives the end");
        Require.That(
            NextDeadline is not null
                || Attempt.State is PunchState.Idle or PunchState.Opening or PunchState.Ended, "nothing wakes it any more");
        Require.That(Attempt.Round <= Options.MaxRounds, "more rounds than allowed");
    }

    protected override void Finish(ref TimeSpan now, ref FuzzDigest digest)
    {
        Require.That(RunOut(ref now, ref digest), "an attempt goes on for ever without anything happening");
        Require.That(Ended || !_started, "an attempt that was begun does not end");
        Require.That(!_punching || !Ended || Attempt.State == PunchState.Ended, "a punch outlives its attempt");
    }

    protected void OpenStream(TimeSpan now, ref FuzzDigest digest)
    {
        StreamIsOpen = true;
        _streams++;
        Take(StreamOpened(now), ref digest);
    }

    protected void Take(IReadOnlyList<PunchEffect> effects, ref FuzzDigest digest)
    {
        foreach (var effect in effects)
        {
            Require.That(!Ended, "something follows the end");
            On(effect, ref digest);
        }
    }

    /// <summary>What one of the sides alone wants.</summary>
    protected virtual void OnOwn(PunchEffect effect) => Require.That(false, "an effect that is none of this side's");

    private void Message(HolePunchDecoded decoded, TimeSpan now, ref FuzzDigest digest)
    {
        var effects = Attempt.OnMessage(decoded, now);
        Require.That(StreamIsOpen || effects.Count == 0, "what is said on a stream that has ended is acted upon");
        Take(effects, ref digest);
    }

    private void On(PunchEffect effect, ref FuzzDigest digest)
    {
        switch (effect)
        {
            case PunchEffect.Send send:
                Require.That(StreamIsOpen, "something is said on a stream that has ended");
                Require.That(
                    send.Message is not HolePunchMessage.Connect { ObservedAddresses.Count: var count } || count <= Options.MaxCandidates,
                    "too many addresses are sent");
                break;
            case PunchEffect.EndStream:
                Require.That(StreamIsOpen, "a stream is ended twice");
                StreamIsOpen = false;
                break;
            case PunchEffect.Started started:
                Require.That(started.Round == ++_rounds && _rounds <= Options.MaxRounds, "rounds are miscounted, or too many");
                break;
            case PunchEffect.Punch punch:
                Require.That(!_punching, "two punches at a time");
                Require.That(punch.Remotes.Count > 0 && punch.Remotes.Count <= Options.MaxCandidates, "a punch to nobody, or to too many");
                Require.That(punch.Window > TimeSpan.Zero && punch.Window <= PunchWindow.Longest, "a window out of bounds");
                Require.That(punch.Delay >= TimeSpan.Zero, "a punch begins in the past");
                _punching = true;
                digest.Add((int)punch.Role);
                break;
            case PunchEffect.StartPunch: Require.That(_punching, "a punch is started that was not prepared"); break;
            case PunchEffect.CancelPunch: _punching = false; break;
            case PunchEffect.Ended ended:
                Ended = true;
                Require.That(ended.Elapsed >= TimeSpan.Zero && ended.Reason.Length > 0, "an end without a reason, or before its beginning");
                digest.Add((int)ended.End);
                digest.Add(ended.Reason);
                break;
            default: OnOwn(effect); break;
        }
    }
}
