namespace NatActors.Wire.Muxing;

/// <summary>How a peer broke the protocol; each ends the session.</summary>
public enum YamuxViolation
{
    /// <summary>It did not.</summary>
    None,

    /// <summary>The version byte is not 0.</summary>
    UnknownVersion,

    /// <summary>The type byte is none of the four.</summary>
    UnknownFrameType,

    /// <summary>A data or window frame with stream id 0, which is the session's.</summary>
    StreamFrameOnSession,

    /// <summary>A ping or GoAway with a stream id.</summary>
    SessionFrameOnStream,

    /// <summary>A stream opened with an id of this side's parity.</summary>
    WrongStreamIdParity,

    /// <summary>A stream opened with the id of one that is open.</summary>
    DuplicateStream,

    /// <summary>Data on a stream that was never opened.</summary>
    DataOnUnopenedStream,

    /// <summary>More data than the receive window allows.</summary>
    ReceiveWindowExceeded,

    /// <summary>Window updates that add up to more than 2^32 - 1.</summary>
    SendWindowOverflow,

    /// <summary>More ping answers and resets provoked than the peer reads.</summary>
    ControlFrameFlood,

    /// <summary>Streams opened so fast that even their refusals are more than allowed.</summary>
    StreamFlood,

    /// <summary>
    /// More frames that carry nothing than allowed: pings, answers that nobody asked for, empty frames, credit of a few bytes, words to streams
    /// that are gone.
    /// </summary>
    IdleFrameFlood,

    /// <summary>A ping that is neither a question (SYN) nor an answer (ACK), or both.</summary>
    MalformedPing,
}

/// <summary>What <see cref="YamuxSession.Read"/> found.</summary>
public enum YamuxEventKind
{
    /// <summary>All input is consumed; nothing (more) to tell.</summary>
    NeedMoreData,

    /// <summary>The peer opened <see cref="YamuxEvent.Stream"/>. Refuse it by <see cref="YamuxSession.Reset"/>.</summary>
    StreamOpened,

    /// <summary>Payload for the stream: the last <see cref="YamuxEvent.PayloadLength"/> consumed bytes of the input.</summary>
    Data,

    /// <summary>The peer gave the stream credit.</summary>
    WindowOpened,

    /// <summary>The peer will send no more on the stream.</summary>
    RemoteFinished,

    /// <summary>The peer reset the stream.</summary>
    RemoteReset,

    /// <summary>The peer sent data after its FIN; the stream has been reset, the session goes on.</summary>
    DataAfterFin,

    /// <summary>An answer to a ping came: <see cref="YamuxSession.RoundTripTime"/> is new.</summary>
    RoundTripMeasured,

    /// <summary>The peer will accept no more streams: <see cref="YamuxEvent.Code"/> says why.</summary>
    GoneAway,

    /// <summary>The peer broke the protocol: <see cref="YamuxSession.Violation"/>. No more input is accepted.</summary>
    Violated,
}

/// <summary>One thing that happened on the wire.</summary>
/// <param name="Kind">What.</param>
/// <param name="Stream">On which stream, for the kinds that concern one.</param>
/// <param name="PayloadLength">Bytes of payload, for <see cref="YamuxEventKind.Data"/>.</param>
/// <param name="Code">The peer's reason, for <see cref="YamuxEventKind.GoneAway"/>.</param>
public readonly record struct YamuxEvent(YamuxEventKind Kind, YamuxStream? Stream = null, int PayloadLength = 0, uint Code = 0);

/// <summary>What a tick of the clock brought.</summary>
public enum YamuxTick
{
    /// <summary>Nothing to do.</summary>
    Idle,

    /// <summary>A ping was queued.</summary>
    PingQueued,

    /// <summary>
    /// The last ping was not answered, and nothing else came for the time-out, or whatever came, not before the deadline: the session is dead.
    /// </summary>
    KeepAliveTimeout,

    /// <summary>A frame that the peer began is not whole in its time.</summary>
    FrameTimeout,
}
