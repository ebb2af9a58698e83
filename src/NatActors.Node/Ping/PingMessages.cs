using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Protocols.Perf;

namespace NatActors.Node.Ping;

/// <summary>
/// The messages of the <see cref="PingActor"/>, which pings and measures. Ids are chosen by the requester and unique for it; each request
/// ends in exactly one answer, a cancelled one in none.
/// </summary>
public static class PingMessages
{
    /// <summary>
    /// Ping a connected peer <paramref name="Count"/> times (at least 1), a second apart. Each echo is told as <see cref="Pinged"/>; ends
    /// in
    /// <see cref="PingFinished"/> or <see cref="PingFailed"/>.
    /// </summary>
    public sealed record Ping(long Id, PeerId Peer, int Count, IActorRef ReplyTo)
    {
        /// <summary>True to use a limited (relayed) connection too. Default true.</summary>
        public bool AllowLimited { get; init; } = true;

        /// <summary>True when the node asks for itself: then no <see cref="NodeEvents.Pinged"/> is told. Default false.</summary>
        public bool Quiet { get; init; }
    }

    /// <summary>Ping <paramref name="Number"/> (from 1) came back.</summary>
    public sealed record Pinged(long Id, int Number, TimeSpan RoundTripTime, bool Relayed);

    /// <summary>All pings came back.</summary>
    public sealed record PingFinished(long Id);

    /// <summary>A ping did not come back, or no stream could be opened, in words for a person.</summary>
    public sealed record PingFailed(long Id, string Reason);

    /// <summary>
    /// Measure the throughput to a connected peer. Progress is told as <see cref="MeasureProgress"/>; ends in <see cref="Measured"/> or
    /// <see cref="MeasureFailed"/>.
    /// </summary>
    public sealed record Measure(long Id, PeerId Peer, ulong Upload, ulong Download, IActorRef ReplyTo)
    {
        /// <summary>True to use a limited (relayed) connection too. Default true.</summary>
        public bool AllowLimited { get; init; } = true;
    }

    /// <summary>How far a measurement is.</summary>
    public sealed record MeasureProgress(long Id, PerfProgress Progress);

    /// <summary>The measurement is done.</summary>
    public sealed record Measured(long Id, PerfResult Result, bool Relayed);

    /// <summary>The measurement came to nothing, in words for a person.</summary>
    public sealed record MeasureFailed(long Id, string Reason);

    /// <summary>The requester gives up; no more is sent.</summary>
    public sealed record Cancel(long Id, IActorRef ReplyTo);
}
