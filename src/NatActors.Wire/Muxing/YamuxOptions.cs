using NatActors.Multiformats;

namespace NatActors.Wire.Muxing;

/// <summary>Which end of a yamux session this is. The client's streams have odd ids, the server's even ones.</summary>
public enum YamuxRole
{
    /// <summary>The end that dialed (in a hole punch: the end that DCUtR makes the client).</summary>
    Client,

    /// <summary>The end that accepted.</summary>
    Server,
}

/// <summary>Why a session is closed by GoAway (yamux spec, "Go Away").</summary>
public enum YamuxGoAwayCode : uint
{
    /// <summary>Normal termination.</summary>
    Normal = 0,

    /// <summary>The other side broke the protocol.</summary>
    ProtocolError = 1,

    /// <summary>Something failed inside.</summary>
    InternalError = 2,
}

/// <summary>Limits and timings of a yamux session. Sizes are bytes.</summary>
public sealed record YamuxOptions
{
    /// <summary>The window that every stream starts with, fixed by the protocol (yamux spec, "Flow Control").</summary>
    public const int InitialWindow = 256 * 1024;

    /// <summary>
    /// Largest receive window that a stream is tuned up to, at least <see cref="InitialWindow"/>. Default 16 MiB, as go-yamux: enough for
    /// 1 Gbit/s at 130 ms.
    /// </summary>
    public int MaxReceiveWindow { get; init; } = 16 * 1024 * 1024;

    /// <summary>
    /// Sum of the receive windows of all streams of the session, hence the most it can hold in receive buffers. Streams beyond it are
    /// refused, windows stop growing. Default 96 MiB: 256 streams of 256 KiB, and 32 MiB to grow.
    /// </summary>
    public long ReceiveBudget { get; init; } = 96L * 1024 * 1024;

    /// <summary>Tells when windows are to stay small; null for never.</summary>
    public IReceivePromises? Promises { get; init; }

    /// <summary>
    /// Streams that the other side may have open at one time; more are reset. Default 256, the accept backlog of go-yamux.
    /// </summary>
    public int MaxInboundStreams { get; init; } = 256;

    /// <summary>
    /// Own streams that may wait for their acknowledgement; opening stops there. Default 256 (yamux spec, accept backlog).
    /// </summary>
    public int MaxUnacknowledgedStreams { get; init; } = 256;

    /// <summary>
    /// Largest payload of a data frame that is sent. Default 65,507: with its header it fills one Noise frame of 65,519. go-yamux sends up
    /// to 64 KiB, rust-yamux accepts up to 1 MiB.
    /// </summary>
    public int MaxDataPayload { get; init; } = 65_519 - YamuxHeader.Size;

    /// <summary>
    /// Control frames (ping answers, resets) that may wait to be sent. A peer that provokes more without reading them breaks the session.
    /// Default 1024.
    /// </summary>
    public int MaxPendingControlFrames { get; init; } = 1024;

    /// <summary>
    /// Time between two pings, which keep mappings open and measure the round trip, until the session is given another pace; and the time after
    /// which a ping follows what the peer has not answered. Default 30 s, as go-yamux.
    /// </summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long after an unanswered ping the session is given up if nothing at all has arrived meanwhile. Default 20 s: go-yamux's 10 s is
    /// less than a cable out for ten seconds.
    /// </summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// A ping must be answered within this, whatever else arrives. Default one minute; go-yamux gives up after 10 s, but an answer may stand
    /// behind megabytes on a slow line.
    /// </summary>
    public TimeSpan PingDeadline { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// A frame that has begun must be whole after this, and a second more for each <see cref="LeastFrameRate"/> bytes of its payload. Default
    /// 30 s.
    /// </summary>
    public TimeSpan FrameTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes a second that a frame's payload makes at least on the slowest line that is waited for.</summary>
    public const int LeastFrameRate = 1024;

    /// <summary>
    /// Streams that the other side may open: more are reset, and resets beyond the same rate break the session. Default 1,000 a second over a
    /// burst of 4,000.
    /// </summary>
    public RateLimit InboundStreams { get; init; } = new(1000, 4000);

    /// <summary>
    /// Frames that carry nothing, see <see cref="YamuxViolation.IdleFrameFlood"/>. Default 1,000 a second over a burst of 10,000.
    /// </summary>
    public RateLimit IdleFrames { get; init; } = new(1000, 10_000);

    /// <summary>
    /// Credit below this counts as nothing: a peer that grants it bytewise makes this side send frames of bytes. Honest peers grant a good part
    /// of a window at a time, or what a frame took as soon as it is there (js-libp2p): as many grants as frames were sent count as something.
    /// </summary>
    public const int LeastCredit = 1024;
}
