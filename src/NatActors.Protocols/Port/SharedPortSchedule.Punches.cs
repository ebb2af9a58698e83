using System.Net;

namespace NatActors.Protocols.Port;

/// <content>Punches.</content>
public sealed partial class SharedPortSchedule
{
    /// <summary>
    /// Connect to all remotes at the same time, again and again, until one succeeds or the window closes. Accepts belong to the punch at
    /// once; connects start after the delay, or by <see cref="OnPunchStart"/>.
    /// </summary>
    /// <param name="id">The owner's id for it.</param>
    /// <param name="remotes">Where to; one that is being punched already is left out.</param>
    /// <param name="role">The role of this side.</param>
    /// <param name="window">How long to try from the first connect on.</param>
    /// <param name="delay">How long to wait before the first connect; zero or less for none.</param>
    /// <param name="now">The time.</param>
    public IReadOnlyList<PortEffect> OnPunchRequested(
        long id, IReadOnlyList<IPEndPoint> remotes, PunchRole role, TimeSpan window, TimeSpan delay, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(remotes);
        var punch = new PunchRequest(id, role, window, now + (delay > TimeSpan.Zero ? delay : TimeSpan.Zero));
        _punches.Add(id, punch);
        foreach (var tuple in remotes.Distinct().Select(TupleOf).Where(tuple => tuple.Target is null))
        {
            tuple.Target = new PunchTarget(punch, tuple.Remote);
            punch.Targets.Add(tuple.Target);
        }

        if (punch.Targets.Count == 0)
        {
            FailPunch(punch, new PortFailure(PortFailureKind.Other, remotes.Count == 0
                ? "There is no address to punch to."
                : "Another punch to the same address is under way."));
        }
        else if (punch.StartAt <= now)
        {
            StartPunch(punch, now);
        }

        return Flush();
    }

    /// <summary>A punch that waits for its time starts now.</summary>
    public IReadOnlyList<PortEffect> OnPunchStart(long id, TimeSpan now)
    {
        if (_punches.TryGetValue(id, out var punch) && !punch.Started)
        {
            StartPunch(punch, now);
        }

        return Flush();
    }

    private void StartPunch(PunchRequest punch, TimeSpan now)
    {
        punch.Started = true;
        punch.EndsAt = now + punch.Window;
        foreach (var target in punch.Targets)
        {
            FailDials(TupleOf(target.Remote), SupersededByPunch);
            foreach (var old in _attempts.Values.Where(old => !old.FreshPort && !old.Aborted && old.Remote.Equals(target.Remote)).ToArray())
            {
                Abort(old);
            }

            Connect(target, now);
        }
    }

    private void Connect(PunchTarget target, TimeSpan now)
    {
        target.RetryAt = null;
        target.Attempt = new Attempt(++_lastAttempt, target.Remote, freshPort: false, now) { Target = target };
        Start(target.Attempt);
    }

    private void PunchTimer(PunchRequest punch, TimeSpan now)
    {
        if (!punch.Started && punch.StartAt <= now)
        {
            StartPunch(punch, now);
        }

        if (punch.Started && punch.EndsAt <= now)
        {
            // Refused to the end is not unanswered: the kind tells a person which of the two the other NAT does.
            var last = punch.LastFailure is { } failure ? $" The last connect ended so: {failure.Detail}" : string.Empty;
            FailPunch(punch, new PortFailure(
                punch.LastFailure?.Kind ?? PortFailureKind.TimedOut, $"Not through within {punch.Window.TotalMilliseconds:F0} ms.{last}"));
            return;
        }

        foreach (var target in punch.Targets.Where(target => target.RetryAt <= now))
        {
            Connect(target, now);
        }
    }

    private void TargetFailed(RemoteTuple tuple, PunchTarget target, TimeSpan took, PortFailure failure, TimeSpan now)
    {
        target.Punch.LastFailure = failure;
        switch (failure.Kind)
        {
            case PortFailureKind.TupleInUse when IsConnecting(target.Remote):
                target.RetryAt = now + _options.TupleGrace;
                break;
            case PortFailureKind.TupleInUse when tuple.Live > 0:
                Drop(target, new PortFailure(PortFailureKind.TupleInUse, $"A connection with {target.Remote} exists already."));
                break;
            case PortFailureKind.TupleInUse:
                target.Draining = true;
                Emit(new PortEffect.DrainAcceptQueue());
                break;
            case PortFailureKind.Refused or PortFailureKind.Reset or PortFailureKind.TimedOut:
                target.RetryAt = now + RetryPause(took);
                break;
            case PortFailureKind.Unreachable when ++target.Unreachable < _options.PunchUnreachableLimit:
                target.RetryAt = now + _options.PunchJitterCeiling;
                break;
            default:
                Drop(target, failure);
                break;
        }
    }

    /// <summary>
    /// A NAT that refuses strays opens for one round trip a try, so the next try follows at once; the random part takes two ends out of
    /// step that keep missing each other.
    /// </summary>
    private TimeSpan RetryPause(TimeSpan took)
    {
        var spread = took / _options.PunchJitterDivisor;
        spread = spread < _options.PunchJitterFloor ? _options.PunchJitterFloor : spread;
        spread = spread > _options.PunchJitterCeiling ? _options.PunchJitterCeiling : spread;
        return _options.PunchRetryFloor + _random.NextDelay(spread);
    }

    private void Drop(PunchTarget target, PortFailure failure)
    {
        target.Dropped = true;
        target.Punch.LastFailure = failure;
        if (target.Punch.Targets.TrueForAll(other => other.Dropped))
        {
            FailPunch(target.Punch, failure);
        }
    }

    /// <summary>
    /// A running punch for an accept from one of its hosts but from a port nobody foresaw: that host's NAT maps every destination
    /// anew (symmetric). Only for the dialer's side: the listener's side would be the listener on an ordinary accept as well.
    /// </summary>
    private PunchRequest? PunchThatExpects(IPAddress address) =>
        _punches.Values.FirstOrDefault(punch => punch is { Started: true, Role: PunchRole.Dialer }
            && punch.Targets.Exists(target => target.Remote.Address.Equals(address)));

    private void PunchSucceeded(PunchRequest punch, PortEffect answer, IPEndPoint winner, TimeSpan now)
    {
        // The dialer's side decides which of several connections lives: it cuts the rest. The listener's side lets them finish.
        EndPunch(punch, attempt =>
        {
            if (punch is { Role: PunchRole.Listener, Started: true } && !attempt.Remote.Equals(winner))
            {
                attempt.LingersUntil = now + _options.PunchLinger;
            }
            else
            {
                Abort(attempt);
            }
        });
        Emit(answer);
    }

    private void FailPunch(PunchRequest punch, PortFailure failure)
    {
        EndPunch(punch, Abort);
        Emit(new PortEffect.PunchFailed(punch.Id, failure));
    }

    private void EndPunch(PunchRequest punch, Action<Attempt> endAttempt)
    {
        _punches.Remove(punch.Id);
        foreach (var target in punch.Targets)
        {
            if (target.Attempt is { } attempt && _attempts.ContainsKey(attempt.Id))
            {
                endAttempt(attempt);
            }

            target.Attempt = null;
            target.RetryAt = null;
            var tuple = TupleOf(target.Remote);
            tuple.Target = null;
            Forget(tuple);
        }
    }
}
