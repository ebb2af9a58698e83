using System.Threading.Tasks.Sources;
using NatActors.Transports.Muxing;

namespace NatActors.Node.Muxing;

/// <summary>The writing half: every field here stands under the link's lock.</summary>
internal sealed partial class YamuxLinkStream
{
    private ManualResetValueTaskSourceCore<bool> _writing = new() { RunContinuationsAsynchronously = true };
    private CancellationToken _writeToken;
    private CancellationTokenRegistration _writeRegistration;

    /// <summary>What the write under way has still to lay into a batch.</summary>
    public ReadOnlyMemory<byte> Unwritten { get; set; }

    /// <summary>A write is under way.</summary>
    public bool IsWriting { get; private set; }

    /// <summary>FIN is to be sent behind the data.</summary>
    public bool WantsFin { get; set; }

    /// <summary>The stream stands in the link's queue of writers.</summary>
    public bool IsQueued { get; set; }

    /// <summary>How the stream ended, once it has.</summary>
    public StreamEnd? End { get; set; }

    /// <summary>True when this side may write no more because it said so.</summary>
    public bool IsFinishing => WantsFin || State.IsLocallyFinished;

    /// <inheritdoc />
    public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        if (buffer.IsEmpty)
        {
            return default;
        }

        if (!_link.BeginWrite(this, buffer, cancellationToken, out var version, out var failure))
        {
            return failure is { } end ? ValueTask.FromException(Ended(end)) : default;
        }

        if (cancellationToken.CanBeCanceled)
        {
            _writeRegistration = cancellationToken.UnsafeRegister(
                static (stream, token) => ((YamuxLinkStream)stream!).CancelWrite(token), this);
        }

        return new ValueTask(this, version);
    }

    /// <inheritdoc />
    public ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default)
    {
        var end = _link.Finish(this);
        return end is null or StreamEnd.Completed ? default : ValueTask.FromException(Ended(end.Value));
    }

    /// <inheritdoc />
    public void Reset(uint errorCode = 0) => _link.ResetStream(this);

    /// <summary>Begins to wait for the rest of a write.</summary>
    public short StartWrite(ReadOnlyMemory<byte> rest, CancellationToken cancellationToken)
    {
        _writing.Reset();
        IsWriting = true;
        Unwritten = rest;
        _writeToken = cancellationToken;
        return _writing.Version;
    }

    /// <summary>All of the write under way is in batches: its buffer is free again.</summary>
    public void CompleteWrite()
    {
        EndWrite();
        _writing.SetResult(true);
    }

    /// <summary>The write under way, if any, cannot be completed.</summary>
    public void FailWriting(Exception cause)
    {
        if (IsWriting)
        {
            EndWrite();
            _writing.SetException(cause);
        }
    }

    private void CancelWrite(CancellationToken token)
    {
        lock (_link.Gate)
        {
            if (IsWriting && _writeToken == token)
            {
                FailWriting(new OperationCanceledException(token));
            }
        }
    }

    private void EndWrite()
    {
        IsWriting = false;
        Unwritten = default;
        _writeToken = default;
    }

    void IValueTaskSource.GetResult(short token)
    {
        _writeRegistration.Unregister();
        _writeRegistration = default;
        _writing.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _writing.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _writing.OnCompleted(continuation, state, token, flags);
}
