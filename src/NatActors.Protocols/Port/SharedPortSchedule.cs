using System.Net;
using NatActors.Multiformats;

namespace NatActors.Protocols.Port;

/// <summary>
/// Who may use which 4-tuple of one shared port, and when. A port has one connection per remote end point, so dials, punches, live
/// connections and the accept queue compete for it; the kernel only says that the 4-tuple is taken, never by what. Rules (libp2p specs,
/// connections/hole-punching.md and relay/DCUtR.md; design.md, the shared port):
/// <list type="bullet">
/// <item>One dial at a time per remote. Others wait for it; they share its failure, and go by fresh ports when it succeeds.</item>
/// <item>A punch pre-empts the dials to its remotes, which end as superseded. A dial during a punch is superseded at once.</item>
/// <item>A connection accepted from a remote that is being punched belongs to the punch and takes its role.</item>
/// <item>A taken 4-tuple is looked up: a connect of ours, a live connection of ours, the accept queue, in this order.</item>
/// <item>Every request ends exactly once.</item>
/// </list>
/// Ids of requests and of accepted connections are the owner's; those of attempts are given out here. Pure: <c>now</c> is monotonic.
/// </summary>
public sealed partial class SharedPortSchedule
{
    private readonly RandomSource _random;
    private readonly PortScheduleOptions _options;
    private readonly Dictionary<IPEndPoint, RemoteTuple> _tuples = [];
    private readonly Dictionary<long, Attempt> _attempts = [];
    private readonly Dictionary<long, DialRequest> _dials = [];
    private readonly Dictionary<long, PunchRequest> _punches = [];
    private List<PortEffect> _effects = [];
    private long _lastAttempt;

    /// <summary>A schedule with nothing on it.</summary>
    public SharedPortSchedule(RandomSource random, PortScheduleOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(random);
        _random = random;
        _options = options ?? PortScheduleOptions.Default;
    }

    /// <summary>When <see cref="OnTimer"/> is due; null for never.</summary>
    public TimeSpan? NextDeadline
    {
        get
        {
            TimeSpan? next = null;
            foreach (var dial in _dials.Values.Where(dial => dial.Stage == DialStage.Grace))
            {
                next = Earlier(next, dial.RetryAt);
            }

            foreach (var punch in _punches.Values)
            {
                next = Earlier(next, punch.Started ? punch.EndsAt : punch.StartAt);
                foreach (var target in punch.Targets)
                {
                    next = Earlier(next, target.RetryAt);
                }
            }

            foreach (var attempt in _attempts.Values.Where(attempt => !attempt.Aborted))
            {
                next = Earlier(next, attempt.LingersUntil);
            }

            return next;
        }
    }

    /// <summary>Requests that have not been answered.</summary>
    public int PendingRequests => _dials.Count + _punches.Count;

    /// <summary>Remotes, attempts and requests that are remembered: zero when nothing is pending and nothing is connected.</summary>
    internal int Remembered => _tuples.Count + _attempts.Count + PendingRequests;

    /// <summary>Connections from the shared port to that remote, handed out and not yet closed.</summary>
    public int LiveConnections(IPEndPoint remote) => _tuples.TryGetValue(remote, out var tuple) ? tuple.Live : 0;

    /// <summary>A connect succeeded.</summary>
    public IReadOnlyList<PortEffect> OnConnected(long attempt, TimeSpan now)
    {
        if (!_attempts.Remove(attempt, out var ended))
        {
            return [new PortEffect.DiscardConnection(attempt)];
        }

        var tuple = TupleOf(ended.Remote);
        if (ended.Dial is { } dial && dial.Attempt == ended)
        {
            DialSucceeded(tuple, dial, ended, now);
        }
        else if (ended.Target is { } target && target.Attempt == ended)
        {
            tuple.Live++;
            var punch = target.Punch;
            PunchSucceeded(punch, new PortEffect.PunchConnected(punch.Id, attempt, ended.Remote, punch.Role), ended.Remote, now);
        }
        else
        {
            Unclaimed(tuple, ended, now);
        }

        return Flush(tuple);
    }

    /// <summary>A connect failed, or ended because it was aborted.</summary>
    public IReadOnlyList<PortEffect> OnConnectFailed(long attempt, PortFailure failure, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(failure);
        if (!_attempts.Remove(attempt, out var ended))
        {
            return [];
        }

        var tuple = TupleOf(ended.Remote);
        if (ended.Dial is { } dial && dial.Attempt == ended)
        {
            dial.Attempt = null;
            DialAttemptFailed(tuple, dial, ended, failure, now);
        }
        else if (ended.Target is { } target && target.Attempt == ended)
        {
            target.Attempt = null;
            TargetFailed(tuple, target, now - ended.StartedAt, failure, now);
        }

        return Flush(tuple);
    }

    /// <summary>A connection came in by the accept queue.</summary>
    public IReadOnlyList<PortEffect> OnAccepted(long accepted, IPEndPoint remote, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(remote);
        var tuple = TupleOf(remote);
        tuple.Live++;
        if ((tuple.Target?.Punch ?? PunchThatExpects(remote.Address)) is { } punch)
        {
            PunchSucceeded(punch, new PortEffect.PunchAccepted(punch.Id, accepted, remote, punch.Role), remote, now);
            return Flush(tuple);
        }

        Emit(new PortEffect.DeliverAccepted(accepted));
        if (tuple.Dial is { Stage: DialStage.Connecting } dial)
        {
            dial.AcceptedMeanwhile = true;
        }
        else if (tuple.Dial is not null)
        {
            FailDials(tuple, AcceptedInstead);
        }

        return Flush(tuple);
    }

    /// <summary>All that the accept queue held has been reported.</summary>
    public IReadOnlyList<PortEffect> OnAcceptQueueDrained(TimeSpan now)
    {
        foreach (var dial in _dials.Values.Where(dial => dial.Stage == DialStage.Draining).ToArray())
        {
            WaitOrLeave(TupleOf(dial.Remote), dial, now);
        }

        foreach (var target in _punches.Values.SelectMany(punch => punch.Targets).Where(target => target.Draining))
        {
            target.Draining = false;
            target.RetryAt = now + _options.TupleGrace;
        }

        return Flush();
    }

    /// <summary>A connection from the shared port, handed out before, was closed on this side: its 4-tuple is free.</summary>
    public IReadOnlyList<PortEffect> OnConnectionClosed(IPEndPoint remote)
    {
        ArgumentNullException.ThrowIfNull(remote);
        if (_tuples.TryGetValue(remote, out var tuple) && tuple.Live > 0)
        {
            tuple.Live--;
            Forget(tuple);
        }

        return [];
    }

    /// <summary>The requester no longer wants it. The request ends as aborted; one that has ended already is left alone.</summary>
    public IReadOnlyList<PortEffect> OnCancelled(long id, TimeSpan now)
    {
        if (_dials.TryGetValue(id, out var dial))
        {
            CancelDial(TupleOf(dial.Remote), dial, now);
        }
        else if (_punches.TryGetValue(id, out var punch))
        {
            FailPunch(punch, new PortFailure(PortFailureKind.Aborted, "The punch was given up on this side."));
        }

        return Flush();
    }

    /// <summary>The time of <see cref="NextDeadline"/> has come.</summary>
    public IReadOnlyList<PortEffect> OnTimer(TimeSpan now)
    {
        foreach (var punch in _punches.Values.ToArray())
        {
            PunchTimer(punch, now);
        }

        foreach (var dial in _dials.Values.Where(dial => dial.Stage == DialStage.Grace && dial.RetryAt <= now).ToArray())
        {
            ConnectShared(dial, now);
        }

        foreach (var attempt in _attempts.Values.Where(attempt => attempt.LingersUntil <= now && !attempt.Aborted).ToArray())
        {
            Abort(attempt);
        }

        return Flush();
    }

    private static TimeSpan? Earlier(TimeSpan? a, TimeSpan? b) => a is null || b < a ? b ?? a : a;

    private RemoteTuple TupleOf(IPEndPoint remote)
    {
        if (!_tuples.TryGetValue(remote, out var tuple))
        {
            tuple = new RemoteTuple(remote);
            _tuples.Add(remote, tuple);
        }

        return tuple;
    }

    private void Forget(RemoteTuple tuple)
    {
        if (tuple.IsIdle)
        {
            _tuples.Remove(tuple.Remote);
        }
    }

    private void Emit(PortEffect effect) => _effects.Add(effect);

    private List<PortEffect> Flush(RemoteTuple? touched = null)
    {
        if (touched is not null)
        {
            Forget(touched);
        }

        var effects = _effects;
        _effects = [];
        return effects;
    }

    private void Start(Attempt attempt)
    {
        _attempts.Add(attempt.Id, attempt);
        Emit(new PortEffect.StartConnect(attempt.Id, attempt.Remote, attempt.FreshPort));
    }

    private void Abort(Attempt attempt)
    {
        attempt.Aborted = true;
        Emit(new PortEffect.AbortConnect(attempt.Id));
    }

    /// <summary>First look at a taken 4-tuple: a connect of ours whose end is still on its way to us.</summary>
    private bool IsConnecting(IPEndPoint remote) =>
        _attempts.Values.Any(attempt => !attempt.FreshPort && attempt.Remote.Equals(remote));

    /// <summary>
    /// A connect succeeded that nobody waits for any more. It is kept when it serves: a lingering one of a punch goes to the sink, and one
    /// that a punch pre-empted too late serves that punch, but only for the dialer's side: the remote took it for an ordinary dial of ours.
    /// </summary>
    private void Unclaimed(RemoteTuple tuple, Attempt ended, TimeSpan now)
    {
        if (ended is { Aborted: false, LingersUntil: not null })
        {
            tuple.Live++;
            Emit(new PortEffect.DeliverConnected(ended.Id, PunchRole.Listener));
        }
        else if (!ended.FreshPort && tuple.Target?.Punch is { Started: true, Role: PunchRole.Dialer } punch)
        {
            tuple.Live++;
            PunchSucceeded(punch, new PortEffect.PunchConnected(punch.Id, ended.Id, ended.Remote, punch.Role), ended.Remote, now);
        }
        else
        {
            Emit(new PortEffect.DiscardConnection(ended.Id));
        }
    }
}
