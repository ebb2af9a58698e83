using NatActors.Multiformats;

namespace NatActors.Protocols.Connections;

/// <summary>What one dial is for. Requests for the same goal share a dial.</summary>
/// <param name="Peer">The peer to reach.</param>
/// <param name="DirectOnly">A relayed connection does not do.</param>
/// <param name="FreshPort">It leaves from a new port (reversal, dial-back), so it must not share a dial from the listen port.</param>
public sealed record DialGoal(PeerId Peer, bool DirectOnly, bool FreshPort);

/// <summary>Bounds and times of dialing.</summary>
public sealed record DialRules
{
    /// <summary>Peers dialed at once. At least 1; default 80: with two addresses each that is go-libp2p's 160 sockets.</summary>
    public int MaxDials { get; init; } = 80;

    /// <summary>Peers waiting for a dial. Zero or more; default 1,024.</summary>
    public int MaxWaiting { get; init; } = 1024;

    /// <summary>Requests that may share one dial. At least 1; default 1,024.</summary>
    public int MaxJoined { get; init; } = 1024;

    /// <summary>
    /// Addresses of one dial, of all who share it; further ones are left out. At least 1; default 128. Ours: peers announce a dozen, and each
    /// is a socket to somebody who may know nothing of it.
    /// </summary>
    public int MaxAddresses { get; init; } = 128;

    /// <summary>Back-off after the first failure. Default 5 s (go-libp2p swarm: BackoffBase).</summary>
    public TimeSpan BackoffBase { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Times the square of the earlier failures, on top. Default 1 s (go-libp2p swarm: BackoffCoef).</summary>
    public TimeSpan BackoffStep { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest back-off. Default 5 min (go-libp2p swarm: BackoffMax).</summary>
    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Failing peers remembered. At least 1; default 1,024. Beyond it the one whose back-off ends first is forgotten.</summary>
    public int MaxBackoffs { get; init; } = 1024;
}

/// <summary>Why a request was turned away without a dial.</summary>
public enum DialRefusal
{
    /// <summary>The peer did not answer lately; see <see cref="DialEffect{T}.Refuse.Wait"/>.</summary>
    BackingOff,

    /// <summary>Too many peers wait already, or too many requests for this one.</summary>
    TooManyWaiting,
}

/// <summary>What the book wants done.</summary>
/// <typeparam name="T">The caller's name for a request.</typeparam>
public abstract record DialEffect<T>
    where T : notnull
{
    private DialEffect()
    {
    }

    /// <summary>Start dialing. Answered by <see cref="DialBook{T}.OnSucceeded"/> or <see cref="DialBook{T}.OnFailed"/>.</summary>
    public sealed record Start(DialGoal Goal, IReadOnlyList<Multiaddr> Addresses) : DialEffect<T>;

    /// <summary>A request joined a running dial and brought addresses that it did not have.</summary>
    public sealed record AddAddresses(DialGoal Goal, IReadOnlyList<Multiaddr> Addresses) : DialEffect<T>;

    /// <summary>Stop dialing: nobody wants it any more, or a connection exists. Nothing need be reported back.</summary>
    public sealed record Abort(DialGoal Goal) : DialEffect<T>;

    /// <summary>A connection is there for this request. Its only answer.</summary>
    public sealed record Succeed(T Request) : DialEffect<T>;

    /// <summary>The dial of this request failed, for the reason that was reported. Its only answer.</summary>
    public sealed record Fail(T Request) : DialEffect<T>;

    /// <summary>This request was turned away. Its only answer.</summary>
    /// <param name="Request">The request.</param>
    /// <param name="Reason">Why.</param>
    /// <param name="Wait">How much longer the back-off lasts; zero for another reason.</param>
    public sealed record Refuse(T Request, DialRefusal Reason, TimeSpan Wait) : DialEffect<T>;
}

/// <summary>
/// Who wants which peer dialed: one dial at a time for a goal, shared by all who ask; a bounded number of dials, the rest waiting in order;
/// back-off from peers that do not answer. Every request gets exactly one of Succeed, Fail and Refuse, or was cancelled.
/// </summary>
/// <typeparam name="T">The caller's name for a request; equality matters.</typeparam>
public sealed class DialBook<T>(DialRules rules)
    where T : notnull
{
    private readonly Dictionary<DialGoal, Dial> _dials = [];
    private readonly Dictionary<T, Dial> _requests = [];
    private readonly Dictionary<PeerId, Backoff> _backoffs = [];
    private readonly LinkedList<Dial> _waiting = [];
    private int _running;

    /// <summary>Dials that run now.</summary>
    public int Running => _running;

    /// <summary>Dials that wait for a place.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Somebody wants a peer. <paramref name="overBackoff"/> for what a person or the application asked for.</summary>
    public IReadOnlyList<DialEffect<T>> OnRequest(
        T request, DialGoal goal, IReadOnlyList<Multiaddr> addresses, bool overBackoff, TimeSpan now)
    {
        if (_dials.TryGetValue(goal, out var dial))
        {
            return Join(request, dial, addresses);
        }

        if (!overBackoff && _backoffs.TryGetValue(goal.Peer, out var backoff) && now < backoff.Until)
        {
            return [new DialEffect<T>.Refuse(request, DialRefusal.BackingOff, backoff.Until - now)];
        }

        if (_running >= rules.MaxDials && _waiting.Count >= rules.MaxWaiting)
        {
            return [new DialEffect<T>.Refuse(request, DialRefusal.TooManyWaiting, TimeSpan.Zero)];
        }

        dial = new Dial(goal, [.. addresses.Distinct().Take(rules.MaxAddresses)]);
        dial.Requests.Add(request);
        _dials.Add(goal, dial);
        _requests.Add(request, dial);
        if (_running >= rules.MaxDials)
        {
            dial.Place = _waiting.AddLast(dial);
            return [];
        }

        _running++;
        return [new DialEffect<T>.Start(goal, [.. dial.Addresses])];
    }

    /// <summary>The requester lost interest; it gets no answer. A dial that nobody wants is aborted.</summary>
    public IReadOnlyList<DialEffect<T>> OnCancelled(T request)
    {
        if (!_requests.Remove(request, out var dial))
        {
            return [];
        }

        dial.Requests.Remove(request);
        var effects = new List<DialEffect<T>>();
        if (dial.Requests.Count == 0)
        {
            End(dial, abort: true, effects);
        }

        return effects;
    }

    /// <summary>A dial led to a connection.</summary>
    public IReadOnlyList<DialEffect<T>> OnSucceeded(DialGoal goal)
    {
        var effects = new List<DialEffect<T>>();
        _backoffs.Remove(goal.Peer);
        if (_dials.TryGetValue(goal, out var dial))
        {
            Answer(dial, succeeded: true, effects);
            End(dial, abort: false, effects);
        }

        return effects;
    }

    /// <summary>A dial came to nothing: all addresses failed.</summary>
    public IReadOnlyList<DialEffect<T>> OnFailed(DialGoal goal, TimeSpan now)
    {
        var effects = new List<DialEffect<T>>();
        if (_dials.TryGetValue(goal, out var dial))
        {
            BackOff(goal.Peer, now);
            Answer(dial, succeeded: false, effects);
            End(dial, abort: false, effects);
        }

        return effects;
    }

    /// <summary>
    /// A connection to a peer came up by any way (it dialed us, a punch): requests that it satisfies are answered, their dials aborted.
    /// </summary>
    public IReadOnlyList<DialEffect<T>> OnConnected(PeerId peer, bool direct)
    {
        var effects = new List<DialEffect<T>>();
        _backoffs.Remove(peer);
        foreach (var dial in _dials.Values.Where(d => d.Goal.Peer == peer && (direct || !d.Goal.DirectOnly)).ToArray())
        {
            Answer(dial, succeeded: true, effects);
            End(dial, abort: true, effects);
        }

        return effects;
    }

    /// <summary>Dialing is over: every request fails, every dial is aborted.</summary>
    public IReadOnlyList<DialEffect<T>> OnClosed()
    {
        var effects = new List<DialEffect<T>>();
        foreach (var dial in _dials.Values)
        {
            Answer(dial, succeeded: false, effects);
            if (dial.Place is null)
            {
                effects.Add(new DialEffect<T>.Abort(dial.Goal));
            }
        }

        _dials.Clear();
        _waiting.Clear();
        _running = 0;
        return effects;
    }

    /// <summary>How long a peer is left alone still; zero when it may be dialed.</summary>
    public TimeSpan BackoffLeft(PeerId peer, TimeSpan now) =>
        _backoffs.TryGetValue(peer, out var backoff) && backoff.Until > now ? backoff.Until - now : TimeSpan.Zero;

    private DialEffect<T>[] Join(T request, Dial dial, IReadOnlyList<Multiaddr> addresses)
    {
        if (dial.Requests.Count >= rules.MaxJoined)
        {
            return [new DialEffect<T>.Refuse(request, DialRefusal.TooManyWaiting, TimeSpan.Zero)];
        }

        _requests.Add(request, dial);
        dial.Requests.Add(request);
        var room = rules.MaxAddresses - dial.Addresses.Count;
        var more = addresses.Distinct().Where(a => !dial.Addresses.Contains(a)).Take(room).ToArray();
        if (more.Length == 0)
        {
            return [];
        }

        dial.Addresses.AddRange(more);
        return dial.Place is null ? [new DialEffect<T>.AddAddresses(dial.Goal, more)] : [];
    }

    private void Answer(Dial dial, bool succeeded, List<DialEffect<T>> effects)
    {
        foreach (var request in dial.Requests)
        {
            _requests.Remove(request);
            effects.Add(succeeded ? new DialEffect<T>.Succeed(request) : new DialEffect<T>.Fail(request));
        }
    }

    private void End(Dial dial, bool abort, List<DialEffect<T>> effects)
    {
        _dials.Remove(dial.Goal);
        if (dial.Place is not null)
        {
            _waiting.Remove(dial.Place);
            return;
        }

        _running--;
        if (abort)
        {
            effects.Add(new DialEffect<T>.Abort(dial.Goal));
        }

        if (_waiting.First is { } next)
        {
            _waiting.RemoveFirst();
            next.Value.Place = null;
            _running++;
            effects.Add(new DialEffect<T>.Start(next.Value.Goal, [.. next.Value.Addresses]));
        }
    }

    private void BackOff(PeerId peer, TimeSpan now)
    {
        _backoffs.TryGetValue(peer, out var backoff);

        // go-libp2p swarm: base + coefficient * failures², counted before this one; a peer left alone for long starts anew.
        var failures = now - backoff.Until > rules.BackoffMax ? 0 : backoff.Failures;
        var squared = (long)failures * failures;
        var wait = TimeSpan.FromTicks(Math.Min(
            rules.BackoffMax.Ticks, rules.BackoffBase.Ticks + (squared * rules.BackoffStep.Ticks)));
        if (!_backoffs.ContainsKey(peer) && _backoffs.Count >= rules.MaxBackoffs)
        {
            _backoffs.Remove(_backoffs.MinBy(b => b.Value.Until).Key);
        }

        // Beyond this many failures the wait stays at its maximum; counting on would only overflow.
        _backoffs[peer] = new Backoff(Math.Min(failures + 1, MaxCountedFailures), now + wait);
    }

    private const int MaxCountedFailures = 1000;

    private readonly record struct Backoff(int Failures, TimeSpan Until);

    private sealed class Dial(DialGoal goal, List<Multiaddr> addresses)
    {
        public DialGoal Goal { get; } = goal;

        public List<Multiaddr> Addresses { get; } = addresses;

        public List<T> Requests { get; } = [];

        public LinkedListNode<Dial>? Place { get; set; }
    }
}
