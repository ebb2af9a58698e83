namespace NatActors.Protocols.Ping;

/// <summary>What both sides of a ping know. Source: libp2p/specs ping/ping.md.</summary>
public static class PingProtocol
{
    /// <summary>The protocol's id on a stream.</summary>
    public const string Id = "/ipfs/ping/1.0.0";

    /// <summary>A ping is this many random bytes, echoed.</summary>
    public const int PayloadLength = 32;

    /// <summary>Inbound ping streams one peer may hold open (specs ping/ping.md).</summary>
    public const int MaxInboundPerPeer = 2;

    /// <summary>Outbound ping streams held open to one peer (specs ping/ping.md).</summary>
    public const int MaxOutboundPerPeer = 1;
}

/// <summary>Times of a ping.</summary>
public sealed record PingOptions
{
    /// <summary>How long an answer may take. Above zero; default 10 s (go-libp2p's ping timeout).</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From one answer to the next ping. Zero or more; default 1 s, as ping(8).</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long the answering side keeps a silent ping stream. Above zero; default 60 s, several usual intervals (rust 15 s, js 10 s per
    /// ping).
    /// </summary>
    public TimeSpan ResponderIdle { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>Why a ping came to nothing.</summary>
public enum PingFailure
{
    /// <summary>No whole answer within the time allowed.</summary>
    TimedOut,

    /// <summary>The answer was not what was sent.</summary>
    WrongEcho,

    /// <summary>Bytes came that nobody asked for.</summary>
    Unasked,

    /// <summary>The peer ended the stream.</summary>
    EndedByPeer,
}

/// <summary>What the pinging side wants done.</summary>
public abstract record PingEffect
{
    private PingEffect()
    {
    }

    /// <summary>Write these bytes.</summary>
    public sealed record Send(ReadOnlyMemory<byte> Payload) : PingEffect;

    /// <summary>Ping <paramref name="Number"/> (from 1) came back after <paramref name="RoundTrip"/>.</summary>
    public sealed record Measured(int Number, TimeSpan RoundTrip) : PingEffect;

    /// <summary>All pings came back: finish writing and forget the stream. Last effect.</summary>
    public sealed record Finished : PingEffect;

    /// <summary>It failed at ping <paramref name="Number"/>: reset the stream. Last effect.</summary>
    public sealed record Failed(int Number, PingFailure Reason) : PingEffect;
}
