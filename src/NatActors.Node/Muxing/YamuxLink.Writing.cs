using System.Runtime.CompilerServices;
using NatActors.Transports.Muxing;

namespace NatActors.Node.Muxing;

/// <summary>
/// The write loop and what feeds it. A stream's write lays frames into the open batch if nobody waits before it; otherwise the stream
/// stands in a queue that is served one frame each in turn when the next batch is taken.
/// </summary>
public sealed partial class YamuxLink
{
    /// <summary>
    /// From this size on a write is sent by the thread that made it, without a switch; smaller ones gather until the write loop gets a
    /// thread, but for the first one after payload came, an answer. A quarter of a Noise frame: there the cipher costs as much as the switch.
    /// </summary>
    private const int InlineThreshold = 16 * 1024;

    /// <summary>
    /// Batches that one borrowed thread sends before the loop moves to another: a writer must not end up serving all others.
    /// </summary>
    private const int MaxBorrowedBatches = 8;

    private readonly Queue<YamuxLinkStream> _writers = new();
    private readonly WakeUp _wakeUp = new();
    private WriteBatch? _open;
    private bool _writeLoopWaits;
    private int _stalled;

    // Payload came since the last write: that write is an answer, and somebody waits for it.
    private bool _answerDue = true;

    /// <summary>
    /// Lays out as much of the buffer as fits. False when all of it did or the stream has ended (<paramref name="failure"/>); true when the
    /// rest has to wait, with the version of the stream's write source.
    /// </summary>
    internal bool BeginWrite(
        YamuxLinkStream stream, ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken, out short version, out StreamEnd? failure)
    {
        bool wake;
        bool pending;
        bool inline;
        version = 0;
        lock (Gate)
        {
            failure = stream.End is StreamEnd.Completed ? null : stream.End;
            if (failure is not null)
            {
                return false;
            }

            if (stream.IsWriting || stream.IsFinishing)
            {
                throw new InvalidOperationException("The stream is being written to, or was finished for writing.");
            }

            var rest = _writers.Count == 0 ? LayOut(stream, buffer) : buffer;
            pending = !rest.IsEmpty;
            if (pending)
            {
                version = stream.StartWrite(rest, cancellationToken);
                QueueWriter(stream);
            }

            wake = TakeWake();
            inline = _answerDue || buffer.Length >= InlineThreshold;
            _answerDue = false;
        }

        Wake(wake, inline);
        return pending;
    }

    /// <summary>Queues the FIN behind what was written. Returns how the stream ended, if it has.</summary>
    internal StreamEnd? Finish(YamuxLinkStream stream)
    {
        bool wake;
        lock (Gate)
        {
            if (stream.End is not null || stream.IsFinishing)
            {
                return stream.End;
            }

            if (stream.IsWriting)
            {
                throw new InvalidOperationException("The stream is being written to.");
            }

            stream.WantsFin = true;
            QueueWriter(stream);
            wake = TakeWake();
        }

        Wake(wake, inline: false);
        return null;
    }

    private ReadOnlyMemory<byte> LayOut(YamuxLinkStream stream, ReadOnlyMemory<byte> data)
    {
        while (!data.IsEmpty)
        {
            var length = LayOutFrame(stream, data.Span);
            if (length == 0)
            {
                break;
            }

            data = data[length..];
        }

        return data;
    }

    private int LayOutFrame(YamuxLinkStream stream, ReadOnlySpan<byte> data)
    {
        _open ??= WriteBatch.Rent();
        var length = _open.PayloadRoom(Math.Min(data.Length, _session.SendLimit(stream.State)));
        if (length <= 0)
        {
            return 0;
        }

        _open.Add(_session, stream.State, data[..length], fin: false);
        return length;
    }

    /// <summary>Under <see cref="Gate"/>: the stream gets its turn if it has something that may go.</summary>
    private void QueueWriter(YamuxLinkStream stream)
    {
        if (!stream.IsQueued && stream.End is null && HasTurn(stream))
        {
            stream.IsQueued = true;
            _writers.Enqueue(stream);
        }
    }

    private bool HasTurn(YamuxLinkStream stream) =>
        stream.IsWriting ? stream.State.SendWindow > 0 : stream.WantsFin && !stream.State.IsLocallyFinished;

    /// <summary>One frame of each waiting stream in turn, until the batch is full or nobody waits.</summary>
    private void ServeWriters()
    {
        while (_writers.TryPeek(out var stream))
        {
            if (stream.End is null && HasTurn(stream) && !ServeWriter(stream))
            {
                return;
            }

            _writers.Dequeue();
            stream.IsQueued = false;
            QueueWriter(stream);
        }
    }

    /// <summary>False when the batch is full.</summary>
    private bool ServeWriter(YamuxLinkStream stream)
    {
        if (stream.IsWriting)
        {
            var length = LayOutFrame(stream, stream.Unwritten.Span);
            if (length == 0)
            {
                return false;
            }

            stream.Unwritten = stream.Unwritten[length..];
            if (stream.Unwritten.IsEmpty)
            {
                stream.CompleteWrite();
            }

            return true;
        }

        _open ??= WriteBatch.Rent();
        if (_open.PayloadRoom(0) < 0)
        {
            return false;
        }

        _open.Add(_session, stream.State, [], fin: true);
        if (stream.State.IsClosed)
        {
            EndStream(stream, StreamEnd.Completed);
        }
        else if (stream.IsStopped && _session.IsStalled(stream.State))
        {
            // Not before the FIN: what this side has written still arrives.
            _session.Reset(stream.State);
            EndStream(stream, StreamEnd.ResetLocally);
        }

        return true;
    }

    /// <summary>Under <see cref="Gate"/>: true when the caller has to wake the write loop, after leaving the lock.</summary>
    private bool TakeWake()
    {
        if (!_writeLoopWaits || !HasWork)
        {
            return false;
        }

        _writeLoopWaits = false;
        return true;
    }

    private bool HasWork =>
        _open is { IsEmpty: false } || _writers.Count > 0 || _session.HasUrgentControl || _closing || _end is not null;

    private void Wake(bool wake, bool inline)
    {
        if (wake)
        {
            _wakeUp.Set(inline);
        }
    }

    /// <summary>
    /// Takes the open batch, with the waiting control frames in front and the waiting writers' frames behind. Null when there is nothing to
    /// send: then the loop either waits, or is over.
    /// </summary>
    private WriteBatch? TakeBatch(out bool over)
    {
        lock (Gate)
        {
            over = _end is not null;
            if (over)
            {
                return null;
            }

            _open ??= WriteBatch.Rent();
            _open.TakeControl(_session);
            ServeWriters();
            if (_open.Bytes.IsEmpty && _session.HasUrgentControl)
            {
                // Frames held back lest they overtake their stream's SYN: it has gone with an earlier batch.
                _open.TakeControl(_session);
            }

            var batch = _open;
            if (!batch.Bytes.IsEmpty)
            {
                _open = null;
                _session.OnOutput(_clock());
                return batch;
            }

            over = _closing && _writers.Count == 0;
            _open.Return();
            _open = null;
            if (!over)
            {
                _wakeUp.Arm();
                _writeLoopWaits = true;
            }

            return null;
        }
    }

    /// <summary>
    /// The peer does not take what is written: until it does, the batch, the next one and the ciphertext stay in memory at its expense. Where
    /// that is refused the link is cut, which ends the write.
    /// </summary>
    private void BeginStall(WriteBatch batch)
    {
        if (_resources is null)
        {
            return;
        }

        // The ciphertext is as long as the batch; the next batch may fill meanwhile.
        var held = (2 * batch.Held) + WriteBatch.Capacity;
        if (_resources.Take(held) is { } refusal)
        {
            Finish(new LinkEnd(LinkEndKind.ClosedLocally, $"The peer does not take what is sent: {refusal.Describe()}."), cut: true);
            return;
        }

        _stalled = held;
    }

    private void EndStall()
    {
        if (_stalled > 0)
        {
            _resources!.Return(_stalled);
            _stalled = 0;
        }
    }

    private async Task WriteLoopAsync()
    {
        try
        {
            var borrowed = 0;
            while (true)
            {
                var batch = TakeBatch(out var over);
                RaiseEnded();
                if (over)
                {
                    break;
                }

                if (batch is null)
                {
                    await _wakeUp.WaitAsync();
                    borrowed = 0;
                    continue;
                }

                _traffic?.OnSent(batch.Bytes.Length);
                var write = _conduit.WriteAsync(batch.Bytes);
                borrowed = write.IsCompleted ? borrowed + 1 : 0;
                if (!write.IsCompleted)
                {
                    BeginStall(batch);
                }

                await write;
                EndStall();
                batch.Return();
                if (borrowed == MaxBorrowedBatches)
                {
                    borrowed = 0;
                    await Task.Yield();
                }
            }

            if (_end is null)
            {
                await _conduit.CompleteWritesAsync();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            Finish(_closing ? OrderlyEnd() : new LinkEnd(LinkEndKind.TransportBroken, e.Message), cut: true);
        }
        catch
        {
            Finish(Fault, cut: true);
            throw;
        }
        finally
        {
            EndStall();
            _flushed.TrySetResult();
        }
    }
}
