using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Resources;
using NatActors.Node.Streams;
using NatActors.Protocols.KeepAlive;
using NatActors.Transports;
using NatActors.Transports.Muxing;
using NatActors.Transports.Security;

namespace NatActors.Node.Connections;

/// <summary>A conduit about to become a connection, with all that is known of it.</summary>
public sealed record ConnectionSeed
{
    /// <summary>The connection's id.</summary>
    public required long Id { get; init; }

    /// <summary>The conduit; the connection owns it from now on.</summary>
    public required IConduit Conduit { get; init; }

    /// <summary>The role in the upgrade.</summary>
    public required ConnectionRole Role { get; init; }

    /// <summary>Who dialed.</summary>
    public required ConnectionDirection Direction { get; init; }

    /// <summary>The peer that must prove itself, or null for any.</summary>
    public PeerId? ExpectedPeer { get; init; }

    /// <summary>A listener that hears nothing for this long becomes the dialer; null for never.</summary>
    public TimeSpan? SpeakAfter { get; init; }

    /// <summary>True when this end is a listen port.</summary>
    public bool PortReused { get; init; }

    /// <summary>True for a conduit through a relay.</summary>
    public bool Relayed { get; init; }

    /// <summary>True when a hole punch made it.</summary>
    public bool Punched { get; init; }

    /// <summary>The relay's limits, null for none.</summary>
    public StreamLimits? Limits { get; init; }

    /// <summary>What the connection holds; closed by its actor.</summary>
    internal ConnectionResources? Resources { get; init; }
}

/// <summary>The messages between a <see cref="ConnectionActor"/> and its parent. Streams are asked for by <see cref="ConnectionsMessages.OpenStream"/>.</summary>
public static class ConnectionMessages
{
    /// <summary>To the parent: secured and muxed, waiting for <see cref="Admit"/> or <see cref="Close"/>.</summary>
    public sealed record Upgraded(ConnectionInfo Connection);

    /// <summary>To the parent: the handshake came to nothing; the actor stops.</summary>
    public sealed record UpgradeFailed(long ConnectionId, PeerId? Peer, string Reason)
    {
        /// <summary>See <see cref="DialFailureKind.Crossed"/>.</summary>
        public bool Crossed { get; init; }
    }

    /// <summary>From the parent: go to work.</summary>
    public sealed record Admit;

    /// <summary>From the parent: close in order, at most a second, then stop.</summary>
    public sealed record Close(string Reason);

    /// <summary>From the parent: cut at once, sending nothing; its path is known to be dead.</summary>
    public sealed record Cut(string Reason);

    /// <summary>How often to show signs of life, from now on.</summary>
    public sealed record KeepAlive(KeepAlivePace Pace);

    /// <summary>Find out at once whether the peer lives: the connection ends unless something arrives from it in that time.</summary>
    public sealed record Check(TimeSpan Timeout);

    /// <summary>To the parent: it was up and has ended; the actor hands back what it is still asked, until <see cref="Forgotten"/>.</summary>
    public sealed record Closed(long ConnectionId, string Reason, LinkEndKind Kind);

    /// <summary>From the parent: nothing more will be asked of the ended connection; the actor stops.</summary>
    public sealed record Forgotten;

    /// <summary>To the parent: the connection takes no new streams any more; another one, if there is any, has to serve the request.</summary>
    public sealed record OpenElsewhere(long ConnectionId, ConnectionsMessages.OpenStream Open);

    /// <summary>To the parent: the number of open streams changed from or to zero.</summary>
    public sealed record StreamsChanged(long ConnectionId, int Streams);

    /// <summary>To the parent: a round trip was measured.</summary>
    public sealed record RoundTrip(long ConnectionId, TimeSpan RoundTripTime);

    /// <summary>From the parent, by way of identify: what the peer speaks.</summary>
    public sealed record PeerSpeaks(IReadOnlyList<string> Protocols);

    /// <summary>To the actor, from the upgrade it started: at most one of the two is set.</summary>
    internal sealed record UpgradeDone(UpgradeResult? Result, string? Failure) : IDeadLetterSuppression
    {
        /// <summary>Set instead of either when the dialer wants no connection but one of <see cref="LifetimeProtocol"/> to be measured.</summary>
        public IConduit? Measured { get; init; }

        /// <summary>See <see cref="DialFailureKind.Crossed"/>.</summary>
        public bool Crossed { get; init; }
    }
}
