using System.Threading.Tasks.Sources;
using NatActors.Node.Resources;
using NatActors.Protocols.Resources;
using NatActors.Transports.Muxing;
using NatActors.Wire.Muxing;

namespace NatActors.Node.Muxing;

/// <summary>
/// A stream of a <see cref="YamuxLink"/>. This file is its reading half, under its own lock, so that copying payload in and out holds up
/// nobody else; the writing half stands under the link's lock. The two locks are never held together.
/// </summary>
internal sealed partial class YamuxLinkStream : IMuxedStream, IChargedStream, IValueTaskSource<int>, IValueTaskSource
{
    /// <summary>
    /// Consumed bytes are reported to the session in pieces of this size, to spare its lock. Must be below half the smallest window, or a
    /// sender could wait for credit that was never reported.
    /// </summary>
    private const int ReportThreshold = YamuxOptions.InitialWindow / 16;

    private readonly YamuxLink _link;
    private readonly Lock _readGate = new();
    private readonly ReceiveBuffer _received = new();
    private ManualResetValueTaskSourceCore<int> _reading;
    private Memory<byte> _readBuffer;
    private int _readFilled;
    private CancellationToken _readToken;
    private CancellationTokenRegistration _readRegistration;
    private bool _isReading;
    private bool _remoteFinished;
    private bool _stopped;
    private StreamEnd? _readFailure;
    private int _unreported;
    private bool _announced;
    private ResourceRefusal? _refusal;

    public YamuxLinkStream(YamuxLink link, YamuxStream state)
    {
        _link = link;
        State = state;
        _announced = state.IsInbound;
        state.Tag = this;
    }

    /// <inheritdoc />
    public long Id => State.Id;

    /// <summary>The session's record of the stream; touched under the link's lock only.</summary>
    public YamuxStream State { get; }

    /// <summary>The owner opened or accepted it, so it will hear of its end. Under the event lock once the stream is in use.</summary>
    public bool IsKnownToOwner { get; set; }

    /// <summary>True once this side said that it will not read any more.</summary>
    public bool IsStopped => Volatile.Read(ref _stopped);

    /// <inheritdoc />
    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<int>(cancellationToken);
        }

        short? version;
        int read;
        int report;
        lock (_readGate)
        {
            if (_isReading)
            {
                throw new InvalidOperationException("Another read is under way on this stream.");
            }

            if (_stopped)
            {
                throw new InvalidOperationException("This side said that it will not read the stream.");
            }

            if (_readFailure is { } failure)
            {
                return ValueTask.FromException<int>(Ended(failure));
            }

            read = _received.Read(buffer.Span);
            report = CountConsumed(read);
            version = read > 0 || _remoteFinished || _received.Length > 0 ? null : StartRead(buffer, cancellationToken);
        }

        Report(report);
        return version is { } waiting ? WaitForData(waiting, cancellationToken) : new ValueTask<int>(read);
    }

    /// <inheritdoc />
    public void StopReading()
    {
        lock (_readGate)
        {
            _stopped = true;
            _received.Clear();
            FailRead(new MuxedStreamException(StreamEnd.ResetLocally));
        }

        _link.Discard(this);
    }

    /// <inheritdoc />
    public void ChargeTo(StreamResources resources) => _received.Resources = resources;

    /// <inheritdoc />
    public void ResetFor(ResourceRefusal refusal)
    {
        Volatile.Write(ref _refusal, refusal);
        Reset();
    }

    /// <summary>
    /// Payload arrived: straight to the waiting reader as far as it fits, the rest is kept. A reader whose buffer has got bytes and room for
    /// more, or that has none and only wants to know, is woken by <see cref="CompleteRead"/>, once for all that is there, for waking costs as
    /// much as a quarter of a frame.
    /// </summary>
    public DataTaken OnData(ReadOnlySpan<byte> payload)
    {
        var isPaid = false;
        var taken = TakeData(ref payload, ref isPaid);
        while (!payload.IsEmpty)
        {
            // Not under the lock: it may take the reset of another stream to make room.
            if (_received.Resources!.Take(BufferPool.Segments.BufferSize) is { } refusal)
            {
                Volatile.Write(ref _refusal, refusal);
                return DataTaken.Refused;
            }

            isPaid = true;
            taken = TakeData(ref payload, ref isPaid);
            if (isPaid)
            {
                _received.Resources.Return(BufferPool.Segments.BufferSize);
                isPaid = false;
            }
        }

        return taken;
    }

    private DataTaken TakeData(ref ReadOnlySpan<byte> payload, ref bool isPaid)
    {
        int report;
        bool held;
        lock (_readGate)
        {
            if (_stopped || _readFailure is not null)
            {
                payload = default;
                return _stopped ? DataTaken.Unwanted : DataTaken.Kept;
            }

            if (!_isReading)
            {
                payload = payload[_received.Append(payload, ref isPaid)..];
                return DataTaken.Kept;
            }

            var direct = Math.Min(payload.Length, _readBuffer.Length - _readFilled);
            payload[..direct].CopyTo(_readBuffer.Span[_readFilled..]);
            payload = payload[direct..];
            payload = payload[_received.Append(payload, ref isPaid)..];
            _readFilled += direct;
            report = CountConsumed(direct);
            held = _readFilled < _readBuffer.Length || _readBuffer.IsEmpty;
            if (!held)
            {
                TryEndRead();
            }
        }

        Report(report);
        return held ? DataTaken.Held : DataTaken.Kept;
    }

    /// <summary>Wakes the reader if there are bytes for it.</summary>
    /// <param name="inline">True to go on with the reader on this very thread, which must hold no lock and have nothing else to do.</param>
    public void CompleteRead(bool inline)
    {
        int filled;
        lock (_readGate)
        {
            if (!_isReading || (_readFilled == 0 && !(_readBuffer.IsEmpty && _received.Length > 0)))
            {
                return;
            }

            filled = _readFilled;
            EndRead();
            _reading.RunContinuationsAsynchronously = !inline;
        }

        _reading.SetResult(filled);
    }

    /// <summary>The peer finished: readers get what is left, then the end.</summary>
    public void OnRemoteFinished()
    {
        int report;
        lock (_readGate)
        {
            _remoteFinished = true;
            report = CountConsumed(0);
            TryEndRead();
        }

        Report(report);
    }

    /// <summary>The stream was cut: what is unread is dropped. With its link, what has arrived completely stays readable.</summary>
    public void FailReading(StreamEnd end)
    {
        lock (_readGate)
        {
            if (_readFailure is not null || (end == StreamEnd.LinkLost && _remoteFinished))
            {
                return;
            }

            _readFailure = end;
            _received.Clear();
            FailRead(Ended(end));
        }
    }

    /// <summary>How the stream ended, for whoever uses it.</summary>
    public MuxedStreamException Ended(StreamEnd end) =>
        new(end, end == StreamEnd.ResetLocally ? Volatile.Read(ref _refusal) : null);

    private short StartRead(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        _reading.Reset();
        _reading.RunContinuationsAsynchronously = true;
        _isReading = true;
        _readBuffer = buffer;
        _readToken = cancellationToken;
        return _reading.Version;
    }

    private ValueTask<int> WaitForData(short version, CancellationToken cancellationToken)
    {
        if (!_announced)
        {
            // Reading before anything was written: the peer may not know the stream yet.
            _announced = true;
            _link.Announce(this);
        }

        if (cancellationToken.CanBeCanceled)
        {
            _readRegistration = cancellationToken.UnsafeRegister(
                static (stream, token) => ((YamuxLinkStream)stream!).CancelRead(token), this);
        }

        return new ValueTask<int>(this, version);
    }

    private int CountConsumed(int count)
    {
        _unreported += count;
        if (_unreported < ReportThreshold && !(_remoteFinished && _received.Length == 0))
        {
            return 0;
        }

        var report = _unreported;
        _unreported = 0;
        return report;
    }

    private void Report(int consumed)
    {
        if (consumed > 0)
        {
            _link.OnConsumed(this, consumed);
        }
    }

    private void CancelRead(CancellationToken token)
    {
        lock (_readGate)
        {
            if (_readToken == token)
            {
                FailRead(new OperationCanceledException(token));
            }
        }
    }

    /// <summary>Bytes that already are in the reader's buffer are not lost: they are read, and the next read fails.</summary>
    private void FailRead(Exception cause)
    {
        if (_readFilled > 0)
        {
            TryEndRead();
        }
        else if (_isReading)
        {
            EndRead();
            _reading.SetException(cause);
        }
    }

    private void TryEndRead()
    {
        if (_isReading)
        {
            var filled = _readFilled;
            EndRead();
            _reading.SetResult(filled);
        }
    }

    private void EndRead()
    {
        _isReading = false;
        _readFilled = 0;
        _readBuffer = default;
        _readToken = default;
    }

    int IValueTaskSource<int>.GetResult(short token)
    {
        _readRegistration.Unregister();
        _readRegistration = default;
        return _reading.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _reading.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _reading.OnCompleted(continuation, state, token, flags);
}

/// <summary>What became of payload.</summary>
internal enum DataTaken
{
    /// <summary>It is the reader's, or kept for it.</summary>
    Kept,

    /// <summary>It is in the buffer of a reader who is to be woken once.</summary>
    Held,

    /// <summary>Nobody will read it.</summary>
    Unwanted,

    /// <summary>There is no memory for it: the stream has to go.</summary>
    Refused,
}
