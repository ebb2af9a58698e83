using NatActors.Node.Metrics;
using NatActors.Node.Resources;
using NatActors.Transports;
using NatActors.Transports.Muxing;
using NatActors.Transports.Security;
using NatActors.Wire.Muxing;

namespace NatActors.Node.Muxing;

/// <summary>
/// Yamux over a conduit. One loop reads and hands payload to the streams; one loop writes batches of frames. Streams lay their data into
/// the next batch themselves. All rules stand in <see cref="YamuxSession"/>; here are locks, loops and waiting.
/// </summary>
/// <remarks>
/// <code>
///   RunAsync ── running ──┬─ CloseAsync: GoAway, flush, half-close, the peer's end ─┐
///                         ├─ the peer's GoAway and last stream, or its end ─────────┤
///                         ├─ violation (GoAway 1), silence, broken conduit, Abort ──┴─ ended: LinkEnd
/// </code>
/// Locks: <see cref="Gate"/> for session and batches; the event lock for calls to the owner; a stream's read lock. The event lock may be
/// taken first and <see cref="Gate"/> under it; no other two are ever held together.
/// </remarks>
public sealed partial class YamuxLink : IMuxedLink
{
    /// <summary>One Noise frame's plaintext: the cipher decrypts straight into a buffer of this size.</summary>
    private const int ReadBufferSize = 65_519;

    /// <summary>The timer is never asked for sooner: a clock that stands still between two calls must not make it spin.</summary>
    private static readonly TimeSpan ShortestTimer = TimeSpan.FromMilliseconds(20);

    private static readonly BufferPool ReadBuffers = new(ReadBufferSize, 64);

    private readonly IConduit _conduit;
    private readonly YamuxSession _session;
    private readonly Func<TimeSpan> _clock;
    private readonly TrafficMeter? _traffic;
    private readonly ConnectionResources? _resources;
    private readonly Lock _eventGate = new();
    private readonly Queue<(YamuxLinkStream Stream, StreamEnd End)> _ended = new();
    private readonly TaskCompletionSource _flushed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IMuxedLinkEvents? _events;
    private LinkEnd? _end;
    private bool _closing;
    private bool _goneAway;
    private bool _peerClosesFirst;

    /// <summary>A link over a conduit, which it owns from now on.</summary>
    /// <param name="conduit">The secured conduit.</param>
    /// <param name="role">The dialer is the yamux client.</param>
    /// <param name="options">Limits and timings.</param>
    /// <param name="clock">Monotonic time, any origin.</param>
    /// <param name="traffic">Where its bytes are counted; null for nowhere.</param>
    public YamuxLink(IConduit conduit, ConnectionRole role, YamuxOptions options, Func<TimeSpan> clock, TrafficMeter? traffic = null)
        : this(conduit, role, options, clock, traffic, null)
    {
    }

    /// <summary>The same; writes that the peer does not take, and frames that it does not finish, are charged to those resources.</summary>
    internal YamuxLink(
        IConduit conduit,
        ConnectionRole role,
        YamuxOptions options,
        Func<TimeSpan> clock,
        TrafficMeter? traffic,
        ConnectionResources? resources)
    {
        _resources = resources;
        if (resources is not null)
        {
            (conduit as IChargedConduit)?.ChargeTo(resources);
        }

        _traffic = traffic;
        _conduit = conduit;
        _session = new YamuxSession(role == ConnectionRole.Dialer ? YamuxRole.Client : YamuxRole.Server, options);
        _clock = clock;
    }

    /// <summary>Guards the session, the batches and the writing half of every stream.</summary>
    internal Lock Gate { get; } = new();

    /// <inheritdoc />
    public int StreamCount
    {
        get
        {
            lock (Gate)
            {
                return _session.StreamCount;
            }
        }
    }

    /// <inheritdoc />
    public TimeSpan? RoundTripTime
    {
        get
        {
            lock (Gate)
            {
                return _session.RoundTripTime;
            }
        }
    }

    /// <inheritdoc />
    public async Task<LinkEnd> RunAsync(IMuxedLinkEvents events)
    {
        if (_events is not null)
        {
            throw new InvalidOperationException("The link runs already.");
        }

        _events = events;
        lock (Gate)
        {
            // The first round trip is measured at the start, as go-yamux does: the receive windows are tuned by it.
            _session.OnTick(_clock());
        }

        // Not on the owner's thread: what has arrived already may keep a loop busy for a while.
        await Task.Yield();
        try
        {
            await Task.WhenAll(WriteLoopAsync(), ReadLoopAsync());
        }
        finally
        {
            await _conduit.DisposeAsync();
            _done.TrySetResult();
        }

        return _end!;
    }

    /// <inheritdoc />
    public IMuxedStream? TryOpenStream()
    {
        lock (Gate)
        {
            return _end is null && !_closing && _session.TryOpen(_clock()) is { } state
                ? new YamuxLinkStream(this, state) { IsKnownToOwner = true }
                : null;
        }
    }

    /// <inheritdoc />
    public bool IsOpenForStreams
    {
        get
        {
            lock (Gate)
            {
                return _end is null && !_closing && _session.IsOpenForStreams;
            }
        }
    }

    /// <inheritdoc />
    public TimeSpan OnTimer()
    {
        bool wake;
        YamuxTick tick;
        TimeSpan next;
        lock (Gate)
        {
            var now = _clock();
            tick = _end is null && _events is not null ? _session.OnTick(now) : YamuxTick.Idle;
            next = _session.NextTick(now);
            wake = TakeWake();
        }

        switch (tick)
        {
            case YamuxTick.KeepAliveTimeout:
                Finish(new LinkEnd(LinkEndKind.KeepAliveTimeout, "The peer no longer answers keep-alives."), cut: true);
                break;
            case YamuxTick.FrameTimeout:
                Finish(new LinkEnd(LinkEndKind.ProtocolViolation, "The peer did not finish in time a frame that it had begun."), cut: true);
                break;
        }

        Wake(wake, inline: false);
        return next > ShortestTimer ? next : ShortestTimer;
    }

    /// <inheritdoc />
    public void SetPace(KeepAlivePace pace)
    {
        lock (Gate)
        {
            _session.SetPace(pace.Silence, pace.Liveness);
        }
    }

    /// <inheritdoc />
    public void Check(TimeSpan timeout)
    {
        bool wake;
        lock (Gate)
        {
            if (_end is null && _events is not null)
            {
                _session.Check(timeout, _clock());
            }

            wake = TakeWake();
        }

        Wake(wake, inline: false);
    }

    /// <inheritdoc />
    public async ValueTask CloseAsync(CancellationToken cancellationToken)
    {
        BeginClosing();
        if (_events is not null)
        {
            // When the time the caller allowed is over, what is left is cut, which frees both loops.
            await using var cut = cancellationToken.UnsafeRegister(static link => ((YamuxLink)link!).Abort(), this);
            await _done.Task;
        }

        Abort();
    }

    /// <inheritdoc />
    public void Abort() => Finish(new LinkEnd(LinkEndKind.ClosedLocally, "Closed on this side."), cut: true);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        Abort();
        if (_events is null)
        {
            await _conduit.DisposeAsync();
        }
        else
        {
            await _done.Task;
        }
    }

    /// <summary>
    /// Lets the write loop send what is queued, a GoAway at the end, and half-close; the peer's end of the conduit ends the link.
    /// </summary>
    private void BeginClosing()
    {
        bool wake;
        lock (Gate)
        {
            _closing = true;
            _session.SendGoAway(YamuxGoAwayCode.Normal);
            wake = TakeWake();
        }

        Wake(wake, inline: false);
    }

    /// <summary>Ends the link, the first time for good: fails every stream, frees both loops.</summary>
    /// <param name="end">Why.</param>
    /// <param name="cut">
    /// True to cut the conduit. The read loop, which ends by itself, leaves that out when nothing is being written: cutting could destroy
    /// bytes on their way to the peer.
    /// </param>
    private void Finish(LinkEnd end, bool cut)
    {
        YamuxLinkStream[] streams;
        bool wake;
        bool writing;
        lock (Gate)
        {
            if (_end is not null)
            {
                return;
            }

            _end = end;
            writing = !_writeLoopWaits && !_flushed.Task.IsCompleted;
            streams = [.. _session.Streams.Select(s => (YamuxLinkStream)s.Tag!)];
            foreach (var stream in streams)
            {
                EndStream(stream, StreamEnd.LinkLost);
            }

            wake = TakeWake();
        }

        foreach (var stream in streams)
        {
            stream.FailReading(StreamEnd.LinkLost);
        }

        RaiseEnded();
        if (cut || writing)
        {
            _conduit.Abort();
        }

        Wake(wake, inline: false);
    }

    /// <summary>Marks a stream as ended, once. Under <see cref="Gate"/>; the owner hears of it by <see cref="RaiseEnded"/>.</summary>
    private void EndStream(YamuxLinkStream stream, StreamEnd end)
    {
        if (stream.End is not null)
        {
            return;
        }

        stream.End = end;
        if (end != StreamEnd.Completed)
        {
            stream.FailWriting(stream.Ended(end));
        }

        _ended.Enqueue((stream, end));
    }

    /// <summary>Tells the owner of ended streams, outside <see cref="Gate"/>, one at a time.</summary>
    private void RaiseEnded()
    {
        lock (_eventGate)
        {
            while (TryTakeEnded(out var stream, out var end))
            {
                if (stream.IsKnownToOwner)
                {
                    _events?.StreamEnded(stream, end);
                }
            }
        }
    }

    private bool TryTakeEnded(out YamuxLinkStream stream, out StreamEnd end)
    {
        lock (Gate)
        {
            var found = _ended.TryDequeue(out var next);
            (stream, end) = next;
            return found;
        }
    }
}
