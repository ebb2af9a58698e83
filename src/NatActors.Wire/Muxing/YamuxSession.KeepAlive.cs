namespace NatActors.Wire.Muxing;

/// <summary>
/// When to ping. A ping refreshes the mappings of NATs on the way, measures the round trip and proves that the peer lives. Traffic of the
/// session's own does the first as well as any ping, so a busy session pings only to prove life.
/// </summary>
public sealed partial class YamuxSession
{
    private TimeSpan _longestSilence;
    private TimeSpan _livenessInterval;
    private TimeSpan _lastInput;
    private TimeSpan _lastTraffic;
    private TimeSpan? _unansweredSince;
    private TimeSpan? _lastPing;
    private TimeSpan? _checkedAt;
    private TimeSpan _checkTimeout;
    private TimeSpan _pingSent;
    private uint _pingValue;
    private bool _pingOutstanding;

    /// <summary>
    /// How long the session may be silent before it pings, and how long it may go without a ping whatever its traffic. Before this is called
    /// both are <see cref="YamuxOptions.KeepAliveInterval"/>. Traffic that nothing answers is followed by a ping after that interval at the
    /// latest.
    /// </summary>
    /// <param name="longestSilence">A ping follows when nothing was sent or received for this long; positive.</param>
    /// <param name="liveness">A ping follows when the last one was this long ago; positive.</param>
    public void SetPace(TimeSpan longestSilence, TimeSpan liveness)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(longestSilence, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(liveness, TimeSpan.Zero);
        _longestSilence = longestSilence;
        _livenessInterval = liveness;
    }

    /// <summary>Frames were handed to the conduit.</summary>
    public void OnOutput(TimeSpan now)
    {
        _lastTraffic = now;
        _unansweredSince ??= now;
    }

    /// <summary>
    /// Find out whether the peer lives: pings now, unless one waits for its answer, and finds the session dead when nothing at all arrives in
    /// the time given. A check that is under way goes on.
    /// </summary>
    public void Check(TimeSpan timeout, TimeSpan now)
    {
        if (_checkedAt is null)
        {
            _checkedAt = now;
            _checkTimeout = timeout;
            if (!_pingOutstanding)
            {
                Ping(now);
            }
        }
    }

    /// <summary>
    /// To be called at the start, and then when <see cref="NextTick"/> is due: pings at the start and as the pace demands, and finds the
    /// session dead when <see cref="YamuxOptions.KeepAliveTimeout"/> has passed after a ping with no sign of life.
    /// </summary>
    public YamuxTick OnTick(TimeSpan now)
    {
        if (FrameDeadline <= now)
        {
            return YamuxTick.FrameTimeout;
        }

        if (_checkedAt is { } check && now - check >= _checkTimeout)
        {
            return YamuxTick.KeepAliveTimeout;
        }

        if (_pingOutstanding)
        {
            // No further ping before this one is answered: its time would be forgotten, and with it for how long the peer has been silent.
            return now >= AnswerDue ? YamuxTick.KeepAliveTimeout : YamuxTick.Idle;
        }

        if (_lastPing is not null && now < NextPing)
        {
            return YamuxTick.Idle;
        }

        Ping(now);
        return YamuxTick.PingQueued;
    }

    /// <summary>
    /// How long <see cref="OnTick"/> may be put off from now; it may come earlier. Whatever the peer does meanwhile, no ping can be due before:
    /// an outstanding one may be answered at once and the next be due a silence later; traffic that begins may call for one after
    /// <see cref="YamuxOptions.KeepAliveInterval"/>.
    /// </summary>
    public TimeSpan NextTick(TimeSpan now)
    {
        var due = _pingOutstanding
            ? Earlier(AnswerDue, now + _longestSilence)
            : Earlier(NextPing, now + _options.KeepAliveInterval);
        due = _checkedAt is { } check ? Earlier(due, check + _checkTimeout) : due;
        due = FrameDeadline is { } whole ? Earlier(due, whole) : due;
        return due > now ? due - now : TimeSpan.Zero;
    }

    private TimeSpan SilentSince => _lastInput > _pingSent ? _lastInput : _pingSent;

    /// <summary>
    /// Until when the ping under way is waited for: while something comes the peer lives, but one that only ever sends and never answers does
    /// not read, or drips bytes to be kept.
    /// </summary>
    private TimeSpan AnswerDue => Earlier(SilentSince + _options.KeepAliveTimeout, _pingSent + _options.PingDeadline);

    private TimeSpan NextPing
    {
        get
        {
            var pinged = _lastPing ?? TimeSpan.Zero;
            var silent = (_lastTraffic > pinged ? _lastTraffic : pinged) + _longestSilence;
            var due = Earlier(silent, pinged + _livenessInterval);
            return _unansweredSince is { } since ? Earlier(due, since + _options.KeepAliveInterval) : due;
        }
    }

    private static TimeSpan Earlier(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private void OnInput(TimeSpan now)
    {
        _lastInput = now;
        _lastTraffic = now;
        _unansweredSince = null;
        _checkedAt = null;
    }

    private void Ping(TimeSpan now)
    {
        _lastPing = now;
        _pingSent = now;
        _pingOutstanding = true;
        Queue(new YamuxHeader(YamuxFrameType.Ping, YamuxFlags.Syn, 0, ++_pingValue));
    }

    private YamuxEvent OnPingAnswer(uint value, TimeSpan now)
    {
        if (!_pingOutstanding || value != _pingValue)
        {
            return OnIdleFrame(now);
        }

        _pingOutstanding = false;
        RoundTripTime = now - _pingSent;
        return new YamuxEvent(YamuxEventKind.RoundTripMeasured);
    }
}
