using NatActors.Transports.Muxing;
using NatActors.Wire.Muxing;

namespace NatActors.Node.Muxing;

/// <summary>The read loop: bytes to the session, events to streams and owner.</summary>
public sealed partial class YamuxLink
{
    /// <summary>Reads that may complete at once before the loop lets others have its thread: about 4 MiB.</summary>
    private const int MaxReadyReads = 64;

    /// <summary>Reads that may complete at once before readers with bytes are woken: what one read of the socket brings.</summary>
    private const int MaxHeldReads = 4;

    private readonly List<YamuxLinkStream> _held = [];

    /// <summary>The peer will see the stream although nothing was written: see <see cref="YamuxSession.Announce"/>.</summary>
    internal void Announce(YamuxLinkStream stream)
    {
        bool wake;
        lock (Gate)
        {
            _session.Announce(stream.State);
            wake = TakeWake();
        }

        Wake(wake, inline: false);
    }

    /// <summary>A reader took bytes: the peer may get credit.</summary>
    internal void OnConsumed(YamuxLinkStream stream, int count)
    {
        bool wake;
        lock (Gate)
        {
            _session.OnConsumed(stream.State, count, _clock());
            wake = TakeWake();
        }

        Wake(wake, inline: true);
    }

    /// <summary>
    /// What is buffered of a stream was dropped; no credit for it. A peer that cannot end the stream without some is not left waiting.
    /// </summary>
    internal void Discard(YamuxLinkStream stream)
    {
        bool stalled;
        lock (Gate)
        {
            _session.Discard(stream.State);
            stalled = _session.IsStalled(stream.State);
        }

        if (stalled)
        {
            ResetStream(stream);
        }
    }

    /// <summary>Resets a stream on behalf of this side.</summary>
    internal void ResetStream(YamuxLinkStream stream)
    {
        bool wake;
        lock (Gate)
        {
            _session.Reset(stream.State);
            EndStream(stream, StreamEnd.ResetLocally);
            wake = TakeWake();
        }

        stream.FailReading(StreamEnd.ResetLocally);
        RaiseEnded();
        Wake(wake, inline: false);
        CloseIfGoneAway();
    }

    private async Task ReadLoopAsync()
    {
        try
        {
            await ReadToTheEndAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            Finish(_closing ? OrderlyEnd() : new LinkEnd(LinkEndKind.TransportBroken, e.Message), cut: true);
        }
        finally
        {
            WakeReaders();

            // Nothing to do unless the loop failed by a fault of ours: then nobody may wait for ever.
            Finish(Fault, cut: true);
        }
    }

    private async Task ReadToTheEndAsync()
    {
        byte[]? buffer = null;
        try
        {
            for (var ready = 0; ; ready++)
            {
                if (ready == MaxReadyReads)
                {
                    ready = 0;
                    WakeReaders();
                    await Task.Yield();
                }

                var waiting = _conduit.ReadAsync(Memory<byte>.Empty);
                if (!waiting.IsCompleted)
                {
                    ready = 0;
                    GiveBack(ref buffer);
                    await new ThenOnThisThread(waiting, TakeLastReader());
                }
                else
                {
                    // What failed is told once: a conduit that was cut inside a frame says later that it has ended.
                    await waiting;
                    if (ready % MaxHeldReads == 0)
                    {
                        WakeReaders();
                    }
                }

                buffer ??= ReadBuffers.Rent();
                var read = await _conduit.ReadAsync(buffer);
                if (read == 0)
                {
                    GiveBack(ref buffer);
                    await OwnGoodbyeAsync();
                    Finish(OrderlyEnd(), cut: false);
                    return;
                }

                _traffic?.OnReceived(read);
                if (!Take(buffer.AsSpan(0, read)))
                {
                    return;
                }
            }
        }
        finally
        {
            GiveBack(ref buffer);
        }
    }

    /// <summary>
    /// A peer that closes sends its GoAway and its end of the conduit in one go: the answer to the first is not to be cut for the second,
    /// which would reset what is being closed in order. A peer that does not take it is found out as any other, by its silence.
    /// </summary>
    private Task OwnGoodbyeAsync()
    {
        lock (Gate)
        {
            return _closing && _end is null ? _flushed.Task : Task.CompletedTask;
        }
    }

    /// <summary>A link that waits holds no buffer: most links do nothing but wait.</summary>
    private static void GiveBack(ref byte[]? buffer)
    {
        if (buffer is not null)
        {
            ReadBuffers.Return(buffer);
            buffer = null;
        }
    }

    private void WakeReaders()
    {
        foreach (var stream in _held)
        {
            stream.CompleteRead(inline: false);
        }

        _held.Clear();
    }

    /// <summary>Wakes all readers that have got bytes but one, which is to be woken on this thread; null when there is none.</summary>
    private YamuxLinkStream? TakeLastReader()
    {
        if (_held.Count == 0)
        {
            return null;
        }

        var last = _held[^1];
        _held.RemoveAt(_held.Count - 1);
        WakeReaders();
        return last;
    }

    private static LinkEnd Fault => new(LinkEndKind.TransportBroken, "The link failed by a fault on this side.");

    private LinkEnd OrderlyEnd() => _closing && !_peerClosesFirst
        ? new LinkEnd(LinkEndKind.ClosedLocally, "Closed on this side.")
        : new LinkEnd(LinkEndKind.ClosedByPeer, "The peer closed the connection.");

    /// <summary>False when the link is over.</summary>
    private bool Take(ReadOnlySpan<byte> input)
    {
        var now = _clock();
        while (true)
        {
            YamuxEvent happened;
            int consumed;
            bool wake;
            lock (Gate)
            {
                if (_end is not null)
                {
                    return false;
                }

                happened = _session.Read(input, now, out consumed);
                OnEventUnderGate(happened);
                wake = TakeWake();
            }

            if (happened.Kind == YamuxEventKind.Violated)
            {
                // The GoAway goes out if the write loop is idle and the conduit takes it at once; such a peer is not waited for.
                Wake(wake, inline: true);
                wake = false;
            }

            OnEvent(happened, input[..consumed]);
            Wake(wake, inline: true);
            if (happened.Kind is YamuxEventKind.NeedMoreData or YamuxEventKind.Violated)
            {
                return happened.Kind == YamuxEventKind.NeedMoreData;
            }

            input = input[consumed..];
        }
    }

    private void OnEventUnderGate(in YamuxEvent happened)
    {
        var stream = happened.Stream?.Tag as YamuxLinkStream;
        switch (happened.Kind)
        {
            case YamuxEventKind.Data:
                _answerDue = true;
                break;
            case YamuxEventKind.StreamOpened:
                _ = new YamuxLinkStream(this, happened.Stream!);
                break;
            case YamuxEventKind.WindowOpened:
                QueueWriter(stream!);
                break;
            case YamuxEventKind.RemoteFinished when happened.Stream!.IsClosed:
                EndStream(stream!, StreamEnd.Completed);
                break;
            case YamuxEventKind.RemoteReset:
                EndStream(stream!, StreamEnd.ResetByPeer);
                break;
            case YamuxEventKind.DataAfterFin:
                EndStream(stream!, StreamEnd.ResetLocally);
                break;
            case YamuxEventKind.GoneAway:
                _goneAway = true;
                _peerClosesFirst |= !_closing;
                break;
            case YamuxEventKind.Violated:
                _session.SendGoAway(YamuxGoAwayCode.ProtocolError);
                break;
        }
    }

    private void OnEvent(in YamuxEvent happened, ReadOnlySpan<byte> consumed)
    {
        var stream = happened.Stream?.Tag as YamuxLinkStream;
        switch (happened.Kind)
        {
            case YamuxEventKind.Data:
                OnData(stream!, consumed[^happened.PayloadLength..]);
                break;
            case YamuxEventKind.StreamOpened:
                OnStreamOpened(stream!);
                break;
            case YamuxEventKind.RemoteFinished:
                stream!.OnRemoteFinished();
                RaiseEnded();
                CloseIfGoneAway();
                break;
            case YamuxEventKind.RemoteReset:
                stream!.FailReading(StreamEnd.ResetByPeer);
                RaiseEnded();
                CloseIfGoneAway();
                break;
            case YamuxEventKind.DataAfterFin:
                stream!.FailReading(StreamEnd.ResetLocally);
                RaiseEnded();
                break;
            case YamuxEventKind.RoundTripMeasured:
                RaiseRoundTrip();
                break;
            case YamuxEventKind.GoneAway:
                CloseIfGoneAway();
                break;
            case YamuxEventKind.Violated:
                Finish(new LinkEnd(LinkEndKind.ProtocolViolation, $"The peer broke the yamux protocol: {_session.Violation}."), cut: false);
                break;
        }
    }

    private void OnData(YamuxLinkStream stream, ReadOnlySpan<byte> payload)
    {
        switch (stream.OnData(payload))
        {
            case DataTaken.Held: _held.Add(stream); break;
            case DataTaken.Unwanted: Discard(stream); break;
            case DataTaken.Refused: ResetStream(stream); break;
        }
    }

    private void OnStreamOpened(YamuxLinkStream stream)
    {
        lock (_eventGate)
        {
            stream.IsKnownToOwner = _end is null && _events!.StreamOpened(stream);
        }

        if (!stream.IsKnownToOwner)
        {
            ResetStream(stream);
        }
    }

    private void RaiseRoundTrip()
    {
        lock (_eventGate)
        {
            if (_end is null && RoundTripTime is { } roundTrip)
            {
                _events!.RoundTripMeasured(roundTrip);
            }
        }
    }

    /// <summary>After the peer's GoAway the last stream's end is the link's.</summary>
    private void CloseIfGoneAway()
    {
        if (_goneAway && StreamCount == 0)
        {
            BeginClosing();
        }
    }
}
