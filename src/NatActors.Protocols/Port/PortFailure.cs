namespace NatActors.Protocols.Port;

/// <summary>What one connect came to, and why a dial or a punch has no connection.</summary>
public enum PortFailureKind
{
    /// <summary>ECONNREFUSED: an RST came back.</summary>
    Refused,

    /// <summary>ETIMEDOUT, or the punch's window closed with no connect answered.</summary>
    TimedOut,

    /// <summary>No route, or a router said so by ICMP.</summary>
    Unreachable,

    /// <summary>EADDRNOTAVAIL or EADDRINUSE: the 4-tuple exists already.</summary>
    TupleInUse,

    /// <summary>ECONNRESET during the connect.</summary>
    Reset,

    /// <summary>Cancelled by the requester, or the port closed.</summary>
    Aborted,

    /// <summary>A local policy forbids it.</summary>
    NotPermitted,

    /// <summary>A punch to the same remote took over.</summary>
    Superseded,

    /// <summary>The remote's own connection was accepted meanwhile.</summary>
    Accepted,

    /// <summary>Anything else.</summary>
    Other,
}

/// <summary>A failure with words for a person.</summary>
public sealed record PortFailure(PortFailureKind Kind, string Detail);

/// <summary>Which end speaks first on a punched connection (DCUtR: the side that dialed the relayed connection is the dialer).</summary>
public enum PunchRole
{
    /// <summary>The initiator of every handshake.</summary>
    Dialer,

    /// <summary>The responder.</summary>
    Listener,
}
