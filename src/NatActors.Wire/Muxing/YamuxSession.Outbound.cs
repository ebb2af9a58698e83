namespace NatActors.Wire.Muxing;

/// <summary>The outbound half: headers of data frames, queued control frames.</summary>
public sealed partial class YamuxSession
{
    private readonly record struct ControlFrame(YamuxHeader Header, long AnnouncedWithData);

    private readonly Queue<ControlFrame> _control = new();
    private readonly Queue<YamuxStream> _updates = new();
    private readonly Queue<YamuxStream> _acknowledgements = new();
    private long _drain;

    /// <summary>
    /// Acknowledgements wait for a frame to ride on; this many of them are a reason to send one. An eighth of the backlog that peers allow.
    /// </summary>
    private const int UrgentAcknowledgements = 32;

    /// <summary>True when control frames wait that are worth a write of their own.</summary>
    public bool HasUrgentControl => _control.Count > 0 || _updates.Count > 0 || _acknowledgements.Count >= UrgentAcknowledgements;

    /// <summary>The largest data frame the stream may send now: 0 means wait for <see cref="YamuxEventKind.WindowOpened"/>.</summary>
    public int SendLimit(YamuxStream stream) => (int)Math.Min(stream.SendWindow, _options.MaxDataPayload);

    /// <summary>
    /// Writes the header of a data frame and takes its length from the window. The owner puts the payload right behind it, and sends frames
    /// in the order in which their headers were written.
    /// </summary>
    /// <param name="stream">An open stream on which this side has not finished.</param>
    /// <param name="length">At most <see cref="SendLimit"/>; 0 only with <paramref name="fin"/> or to announce the stream.</param>
    /// <param name="fin">True to say that nothing follows.</param>
    /// <param name="header">Room for <see cref="YamuxHeader.Size"/> bytes.</param>
    public void WriteDataHeader(YamuxStream stream, int length, bool fin, Span<byte> header)
    {
        if (stream.IsClosed || stream.IsLocallyFinished || length > SendLimit(stream))
        {
            throw new InvalidOperationException("Data on a finished stream or beyond its window.");
        }

        var flags = TakeOpeningFlags(stream);
        if ((flags & YamuxFlags.Syn) != 0)
        {
            stream.AnnouncedWithData = _drain;
        }

        if (fin)
        {
            flags |= YamuxFlags.Fin;
            stream.IsLocallyFinished = true;
        }

        stream.SendWindow -= length;
        if (length > 0)
        {
            OnPayloadSent(stream);
        }

        new YamuxHeader(YamuxFrameType.Data, flags, stream.Id, (uint)length).Write(header);
        CloseIfFinished(stream);
    }

    /// <summary>
    /// Makes the stream known to the peer although there is nothing to say yet: its SYN rides on a window update, as go does it.
    /// </summary>
    public void Announce(YamuxStream stream)
    {
        if (!stream.IsClosed && !stream.IsAnnounced)
        {
            QueueUpdate(stream);
        }
    }

    /// <summary>Says that this side accepts no more streams. Streams that are open go on.</summary>
    public void SendGoAway(YamuxGoAwayCode code)
    {
        if (!_goAwaySent)
        {
            _goAwaySent = true;
            Queue(new YamuxHeader(YamuxFrameType.GoAway, YamuxFlags.None, 0, (uint)code));
        }
    }

    /// <summary>
    /// Writes waiting control frames, as many as fit, to be sent in front of the data frames laid out since the last call; returns the
    /// bytes written. Frames that would overtake their stream's SYN stay for the next time.
    /// </summary>
    public int DrainControl(Span<byte> destination)
    {
        var written = DrainQueue(destination);
        written += DrainUpdates(destination[written..]);
        written += DrainAcknowledgements(destination[written..]);
        _drain++;
        return written;
    }

    private int DrainQueue(Span<byte> destination)
    {
        var written = 0;
        for (var count = _control.Count; count > 0 && destination.Length - written >= YamuxHeader.Size; count--)
        {
            var frame = _control.Dequeue();
            if (frame.AnnouncedWithData == _drain)
            {
                _control.Enqueue(frame);
                continue;
            }

            frame.Header.Write(destination[written..]);
            written += YamuxHeader.Size;
        }

        return written;
    }

    private int DrainUpdates(Span<byte> destination)
    {
        var written = 0;
        for (var count = _updates.Count; count > 0 && destination.Length - written >= YamuxHeader.Size; count--)
        {
            var stream = _updates.Dequeue();
            if (!stream.IsClosed && stream.AnnouncedWithData == _drain)
            {
                _updates.Enqueue(stream);
                continue;
            }

            stream.IsUpdateQueued = false;
            if (stream.IsClosed)
            {
                continue;
            }

            var grant = stream.IsRemotelyFinished ? 0 : Math.Max(0, Grantable(stream));
            stream.ReceiveCredit += grant;
            WriteUpdate(stream, (uint)grant, destination[written..]);
            written += YamuxHeader.Size;
        }

        return written;
    }

    private int DrainAcknowledgements(Span<byte> destination)
    {
        var written = 0;
        while (_acknowledgements.Count > 0 && destination.Length - written >= YamuxHeader.Size)
        {
            var stream = _acknowledgements.Dequeue();
            if (!stream.IsClosed && !stream.IsAnnounced)
            {
                WriteUpdate(stream, 0, destination[written..]);
                written += YamuxHeader.Size;
            }
        }

        return written;
    }

    private void WriteUpdate(YamuxStream stream, uint credit, Span<byte> destination) =>
        new YamuxHeader(YamuxFrameType.WindowUpdate, TakeOpeningFlags(stream), stream.Id, credit).Write(destination);

    private static YamuxFlags TakeOpeningFlags(YamuxStream stream)
    {
        if (stream.IsAnnounced)
        {
            return YamuxFlags.None;
        }

        stream.IsAnnounced = true;
        return stream.IsInbound ? YamuxFlags.Ack : YamuxFlags.Syn;
    }

    private void QueueUpdate(YamuxStream stream)
    {
        if (stream.IsUpdateQueued)
        {
            return;
        }

        stream.IsUpdateQueued = true;
        _updates.Enqueue(stream);
        PruneUpdates();
    }

    /// <summary>While nothing can be sent, streams that come and go must not pile up here.</summary>
    private void PruneUpdates()
    {
        if (_updates.Count <= _options.MaxPendingControlFrames + _streams.Count)
        {
            return;
        }

        for (var count = _updates.Count; count > 0; count--)
        {
            var stream = _updates.Dequeue();
            if (!stream.IsClosed)
            {
                _updates.Enqueue(stream);
            }
        }
    }

    private bool QueueAcknowledgement(YamuxStream stream)
    {
        _acknowledgements.Enqueue(stream);
        return _acknowledgements.Count <= _options.MaxPendingControlFrames;
    }

    private bool QueueReset(uint streamId, long announcedWithData) =>
        Queue(new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.Rst, streamId, 0), announcedWithData);

    private bool QueuePingAnswer(uint value) => Queue(new YamuxHeader(YamuxFrameType.Ping, YamuxFlags.Ack, 0, value));

    /// <summary>Queues always; false when more wait than the peer may provoke.</summary>
    private bool Queue(YamuxHeader header, long announcedWithData = -1)
    {
        _control.Enqueue(new ControlFrame(header, announcedWithData));
        return _control.Count <= _options.MaxPendingControlFrames;
    }
}
