namespace NatActors.Wire.Muxing;

/// <summary>
/// A yamux session without I/O, clock or thread: bytes and the time go in, events and frames come out. Not thread-safe; the owner
/// serialises. Spec: yamux/README.md of libp2p/specs.
/// </summary>
/// <remarks>
/// Inbound: <see cref="Read"/> takes decrypted bytes at any split and returns one event at a time; payload is never copied here.
/// Outbound: data frames are laid out by the owner (<see cref="SendLimit"/>, <see cref="WriteDataHeader"/>); control frames wait here until
/// <see cref="DrainControl"/>, once for each batch, to be placed in front of the batch's data.
/// </remarks>
public sealed partial class YamuxSession
{
    /// <summary>The protocol id in multistream-select.</summary>
    public const string ProtocolId = "/yamux/1.0.0";

    private readonly YamuxRole _role;
    private readonly YamuxOptions _options;
    private readonly Dictionary<uint, YamuxStream> _streams = [];
    private uint _nextStreamId;
    private uint _highestInboundId;
    private int _inboundStreams;
    private int _unacknowledged;
    private long _reserved;
    private bool _goAwaySent;
    private bool _goAwayReceived;

    /// <summary>Starts a session at the given end.</summary>
    public YamuxSession(YamuxRole role, YamuxOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxReceiveWindow, YamuxOptions.InitialWindow);
        _role = role;
        _options = options;
        _nextStreamId = role == YamuxRole.Client ? 1u : 2u;
        SetPace(options.KeepAliveInterval, options.KeepAliveInterval);
        FillBuckets();
    }

    /// <summary>Streams in the table, both directions.</summary>
    public int StreamCount => _streams.Count;

    /// <summary>The streams in the table now.</summary>
    public IReadOnlyCollection<YamuxStream> Streams => _streams.Values;

    /// <summary>How the peer broke the protocol, if it did.</summary>
    public YamuxViolation Violation { get; private set; }

    /// <summary>The round trip last measured.</summary>
    public TimeSpan? RoundTripTime { get; private set; }

    /// <summary>True when neither side has said GoAway, so that streams may be opened.</summary>
    public bool IsOpenForStreams => !_goAwaySent && !_goAwayReceived;

    /// <summary>
    /// Opens a stream, or returns null: after a GoAway of either side, with the backlog of unacknowledged streams full, or with the receive
    /// budget spent. Nothing is sent until the first data, <see cref="Announce"/> or FIN, which carries the SYN.
    /// </summary>
    public YamuxStream? TryOpen(TimeSpan now)
    {
        if (!IsOpenForStreams || _unacknowledged >= _options.MaxUnacknowledgedStreams
            || !HasBudgetFor(YamuxOptions.InitialWindow) || _nextStreamId > uint.MaxValue - 2)
        {
            return null;
        }

        var stream = Add(new YamuxStream(_nextStreamId, isInbound: false, now));
        _nextStreamId += 2;
        _unacknowledged++;
        return stream;
    }

    /// <summary>Ends a stream at once. Frames still under way to it are dropped. Nothing happens if it has ended.</summary>
    public void Reset(YamuxStream stream)
    {
        if (stream.IsClosed)
        {
            Discard(stream);
            return;
        }

        var known = stream.IsInbound || stream.IsAnnounced;
        Close(stream);
        Discard(stream);
        if (known)
        {
            QueueReset(stream.Id, stream.AnnouncedWithData);
        }
    }

    /// <summary>
    /// The owner has taken bytes of the stream out of the receive buffer. May queue a window update, with a window grown while the peer
    /// fills it faster than four round trips.
    /// </summary>
    public void OnConsumed(YamuxStream stream, long count, TimeSpan now)
    {
        stream.Buffered = Math.Max(0, stream.Buffered - count);
        if (stream.IsClosed)
        {
            ReleaseIfDrained(stream);
            return;
        }

        if (stream.IsRemotelyFinished || stream.IsUpdateQueued || Grantable(stream) < Target(stream) / 2)
        {
            return;
        }

        Tune(stream, now);
        QueueUpdate(stream);
    }

    /// <summary>The owner dropped what it had buffered of an ended stream.</summary>
    public void Discard(YamuxStream stream)
    {
        stream.Buffered = 0;
        if (stream.IsClosed)
        {
            ReleaseIfDrained(stream);
        }
    }

    /// <summary>
    /// True when this side has finished, and the peer has not but has used up its credit: where nobody reads any more, none comes, and the peer
    /// would wait for it for ever (yamux spec, "Flow Control").
    /// </summary>
    public bool IsStalled(YamuxStream stream) =>
        !stream.IsClosed && stream.IsLocallyFinished && !stream.IsRemotelyFinished && stream.ReceiveCredit == 0
        && !(ReferenceEquals(_target, stream) && HasEnd);

    private long Grantable(YamuxStream stream) => Target(stream) - stream.ReceiveCredit - stream.Buffered;

    /// <summary>While memory is short a window is refilled to its first size only, so that it shrinks with what comes.</summary>
    private int Target(YamuxStream stream) =>
        stream.ReceiveWindow > YamuxOptions.InitialWindow && _options.Promises is { AreToStaySmall: true }
            ? YamuxOptions.InitialWindow
            : stream.ReceiveWindow;

    /// <summary>
    /// go-yamux's rule: half a window consumed within four round trips means that the window, not the reader, is the limit.
    /// </summary>
    private void Tune(YamuxStream stream, TimeSpan now)
    {
        const int TuningRoundTrips = 4;
        if (RoundTripTime is { } roundTrip && now - stream.EpochStart < roundTrip * TuningRoundTrips)
        {
            var window = (int)Math.Min(stream.ReceiveWindow * 2L, _options.MaxReceiveWindow);
            var growth = window - stream.ReceiveWindow;
            if (growth > 0 && HasBudgetFor(growth) && _options.Promises is not { AreToStaySmall: true })
            {
                _reserved += growth;
                stream.ReceiveWindow = window;
            }
        }

        stream.EpochStart = now;
    }

    private bool HasBudgetFor(int bytes) => _reserved + bytes <= _options.ReceiveBudget;

    private YamuxStream Add(YamuxStream stream)
    {
        _streams.Add(stream.Id, stream);
        _reserved += stream.ReceiveWindow;
        return stream;
    }

    private void Close(YamuxStream stream)
    {
        if (stream.IsClosed)
        {
            return;
        }

        stream.IsClosed = true;
        _streams.Remove(stream.Id);
        if (stream.IsInbound)
        {
            _inboundStreams--;
        }

        Acknowledge(stream);
        ReleaseIfDrained(stream);
    }

    private void CloseIfFinished(YamuxStream stream)
    {
        if (stream.IsLocallyFinished && stream.IsRemotelyFinished)
        {
            Close(stream);
        }
    }

    /// <summary>A closed stream counts against the budget until its bytes are read or dropped: they still fill memory.</summary>
    private void ReleaseIfDrained(YamuxStream stream)
    {
        if (stream.Buffered == 0 && !stream.IsReleased)
        {
            stream.IsReleased = true;
            _reserved -= stream.ReceiveWindow;
        }
    }

    /// <summary>True when it was not known before.</summary>
    private bool Acknowledge(YamuxStream stream)
    {
        if (stream.IsInbound || stream.IsAcknowledged)
        {
            return false;
        }

        stream.IsAcknowledged = true;
        _unacknowledged--;
        return true;
    }
}
