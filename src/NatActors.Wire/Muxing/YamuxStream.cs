namespace NatActors.Wire.Muxing;

/// <summary>The session's record of one stream. Changed by <see cref="YamuxSession"/> only, under the same lock as the session.</summary>
public sealed class YamuxStream
{
    internal YamuxStream(uint id, bool isInbound, TimeSpan now)
    {
        Id = id;
        IsInbound = isInbound;
        EpochStart = now;
    }

    /// <summary>The stream id: odd for the client's streams, even for the server's.</summary>
    public uint Id { get; }

    /// <summary>True when the peer opened it.</summary>
    public bool IsInbound { get; }

    /// <summary>Whatever the owner of the session wants to find again with an event.</summary>
    public object? Tag { get; set; }

    /// <summary>Bytes that may still be sent.</summary>
    public long SendWindow { get; internal set; } = YamuxOptions.InitialWindow;

    /// <summary>The receive window now aimed at: 256 KiB, tuned up by the measured round trip.</summary>
    public int ReceiveWindow { get; internal set; } = YamuxOptions.InitialWindow;

    /// <summary>Bytes received and not yet consumed.</summary>
    public long Buffered { get; internal set; }

    /// <summary>True once this side said FIN.</summary>
    public bool IsLocallyFinished { get; internal set; }

    /// <summary>True once the peer said FIN.</summary>
    public bool IsRemotelyFinished { get; internal set; }

    /// <summary>True once both sides finished or one reset: the stream is out of the table.</summary>
    public bool IsClosed { get; internal set; }

    /// <summary>Credit that the peer still has.</summary>
    internal long ReceiveCredit { get; set; } = YamuxOptions.InitialWindow;

    /// <summary>When the last window update was decided, for the tuning.</summary>
    internal TimeSpan EpochStart { get; set; }

    /// <summary>SYN (own) or ACK (peer's) has been put on a frame.</summary>
    internal bool IsAnnounced { get; set; }

    /// <summary>An own stream that the peer acknowledged.</summary>
    internal bool IsAcknowledged { get; set; }

    /// <summary>A window update is queued.</summary>
    internal bool IsUpdateQueued { get; set; }

    /// <summary>The drain in whose batch the SYN rides on data; control frames of the stream must not overtake it.</summary>
    internal long AnnouncedWithData { get; set; } = -1;

    /// <summary>The window no longer counts against the session's budget.</summary>
    internal bool IsReleased { get; set; }
}
