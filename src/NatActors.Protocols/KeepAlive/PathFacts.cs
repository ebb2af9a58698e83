namespace NatActors.Protocols.KeepAlive;

/// <summary>What is known of a connection's path, to tell whether a mapping (or a firewall's memory) on this side has to be kept.</summary>
public readonly record struct PathFacts
{
    /// <summary>Over a relay: the mapping is that of the relay's connection.</summary>
    public required bool Relayed { get; init; }

    /// <summary>The peer is reached without a router, or is this machine.</summary>
    public required bool OnLink { get; init; }

    /// <summary>This end has a public address.</summary>
    public required bool LocalIsPublic { get; init; }

    /// <summary>Strangers are known to reach this end's address and port as it is, so that nothing before it forgets.</summary>
    public required bool LocalIsReachable { get; init; }

    /// <summary>The peer came in.</summary>
    public required bool Accepted { get; init; }

    /// <summary>By a hole punch: that the peer came in does not tell that it could have done so by itself.</summary>
    public required bool Punched { get; init; }

    /// <summary>
    /// True when this side refreshes. Where it is false for one end it is mostly true for the other, and who does not refresh only looks
    /// whether the peer lives.
    /// </summary>
    public bool NeedsRefresh => !Relayed && !OnLink && !(LocalIsPublic && (LocalIsReachable || (Accepted && !Punched)));
}
