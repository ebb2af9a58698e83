namespace NatActors.Transports.Muxing;

/// <summary>
/// One stream of a muxed link, raw: nothing negotiated on it yet. One reader and one writer at a time; the two may overlap.
/// </summary>
public interface IMuxedStream
{
    /// <summary>The stream's id on its link (yamux stream id, QUIC stream id).</summary>
    long Id { get; }

    /// <summary>
    /// Reads at least one byte into a non-empty buffer; 0 means that the other side has finished writing. With an empty buffer it only waits until
    /// there may be something to read, or the end, takes nothing and returns 0. Throws <see cref="IOException"/> when either side reset the
    /// stream or the link is gone; <see cref="OperationCanceledException"/> leaves the stream usable.
    /// </summary>
    ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    /// <summary>Writes the whole buffer, waiting for the peer's window as needed; completes when the buffer may be reused. Throws as <see cref="ReadAsync"/> does.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default);

    /// <summary>Says that no more bytes follow (FIN); reading goes on.</summary>
    ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Says that nothing more will be read: what is unread and what still comes is dropped, and the peer gets no more credit. Writing goes on;
    /// once that is finished too, a peer that has used up its credit and not finished is reset, for it would wait for ever.
    /// </summary>
    void StopReading()
    {
    }

    /// <summary>Ends both directions at once, now. Safe from any thread, any number of times, also after the end.</summary>
    void Reset(uint errorCode = 0);
}

/// <summary>How a stream of a muxed link ended.</summary>
public enum StreamEnd
{
    /// <summary>Both sides finished writing.</summary>
    Completed,

    /// <summary>This side reset it.</summary>
    ResetLocally,

    /// <summary>The other side reset it.</summary>
    ResetByPeer,

    /// <summary>The link went away under it.</summary>
    LinkLost,
}

/// <summary>A link that is already secured and multiplexed: yamux over Noise, or QUIC. Node code never knows which.</summary>
public interface IMuxedLink : IAsyncDisposable
{
    /// <summary>
    /// Starts the link's loops; called once. The task ends when the link has ended, for whatever reason, and never faults: the reason is its
    /// result. Events go to <paramref name="events"/> until then, and none after.
    /// </summary>
    Task<LinkEnd> RunAsync(IMuxedLinkEvents events);

    /// <summary>
    /// Opens a stream, or returns null when the link is closing or the peer has not acknowledged as many streams as it may leave open.
    /// </summary>
    IMuxedStream? TryOpenStream();

    /// <summary>False once the link opens no streams any more: it has ended, or either side said goodbye. Never true again after that.</summary>
    bool IsOpenForStreams { get; }

    /// <summary>
    /// The owner's timer: the link sends its keep-alive, measures the round trip and gives up on a silent peer from here. It has no timer of
    /// its own.
    /// </summary>
    /// <returns>After how long it is to be called again at the latest.</returns>
    TimeSpan OnTimer();

    /// <summary>How often the link shows signs of life, from now on; <see cref="OnTimer"/> is to be called next.</summary>
    void SetPace(KeepAlivePace pace);

    /// <summary>
    /// Finds out whether the peer lives, now: the link ends unless something arrives from it in the time given. <see cref="OnTimer"/> is to be
    /// called next.
    /// </summary>
    void Check(TimeSpan timeout);

    /// <summary>Streams now open, both directions.</summary>
    int StreamCount { get; }

    /// <summary>The round-trip time last measured on the link, or null before the first measurement.</summary>
    TimeSpan? RoundTripTime { get; }

    /// <summary>Says goodbye (yamux GoAway), flushes what is queued for at most the time the caller allows, then closes.</summary>
    ValueTask CloseAsync(CancellationToken cancellationToken);

    /// <summary>Cuts the link at once. Safe from any thread.</summary>
    void Abort();
}

/// <summary>How often a link shows signs of life.</summary>
/// <param name="Silence">A ping follows when nothing was sent or received for this long: it keeps the mappings of NATs.</param>
/// <param name="Liveness">A ping follows when the last one was this long ago, whatever the traffic: it tells that the peer lives.</param>
public readonly record struct KeepAlivePace(TimeSpan Silence, TimeSpan Liveness);

/// <summary>What a link tells its owner. Calls come from the link's loops, one at a time; they must not block.</summary>
public interface IMuxedLinkEvents
{
    /// <summary>The peer opened a stream. Returning false refuses it (reset); the link bounds how many wait unanswered.</summary>
    bool StreamOpened(IMuxedStream stream);

    /// <summary>A stream, opened by either side, has ended; its id may be forgotten.</summary>
    void StreamEnded(IMuxedStream stream, StreamEnd end);

    /// <summary>A round trip was measured.</summary>
    void RoundTripMeasured(TimeSpan roundTripTime);
}

/// <summary>Why a link ended.</summary>
/// <param name="Kind">The class of the end.</param>
/// <param name="Detail">The cause in words for a person.</param>
public sealed record LinkEnd(LinkEndKind Kind, string Detail);

/// <summary>The class of a link's end.</summary>
public enum LinkEndKind
{
    /// <summary>This side closed or aborted it.</summary>
    ClosedLocally,

    /// <summary>The other side closed it in order.</summary>
    ClosedByPeer,

    /// <summary>The conduit under it broke.</summary>
    TransportBroken,

    /// <summary>The peer broke the protocol.</summary>
    ProtocolViolation,

    /// <summary>The peer no longer answered keep-alives.</summary>
    KeepAliveTimeout,
}
