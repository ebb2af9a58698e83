namespace NatActors.Lab.Nat;

/// <summary>How a router maps outgoing flows and whom it lets in.</summary>
public enum RouterType
{
    /// <summary>Plain routing: the hosts behind it have public addresses, anyone may come in.</summary>
    None,

    /// <summary>Plain routing of public addresses; only replies come in, IPv4 and IPv6.</summary>
    Firewall,

    /// <summary>NAT that keeps ports; anyone may come in to the first host behind it, on every port.</summary>
    FullCone,

    /// <summary>NAT that keeps ports; any port of an address that was contacted may come in, to the first host behind it.</summary>
    AddrRestricted,

    /// <summary>NAT that keeps ports; anyone may come in to one forwarded port, elsewhere only replies.</summary>
    PortForward,

    /// <summary>NAT that keeps ports; only replies come in: from a contacted address and port. The usual home router.</summary>
    PortRestricted,

    /// <summary>NAT that takes another, random port for every destination; only replies come in.</summary>
    Symmetric,

    /// <summary><see cref="PortRestricted"/> behind a carrier's router that is <see cref="PortRestricted"/> too.</summary>
    Cgnat,

    /// <summary><see cref="PortRestricted"/> behind a carrier's router that is <see cref="Symmetric"/>.</summary>
    CgnatSym,
}

/// <summary>Traits a router has besides its type.</summary>
[Flags]
public enum RouterModifiers
{
    /// <summary>Strays are dropped in silence, UDP passes, mappings live long, no hairpin, IPv6 only without NAT.</summary>
    None = 0,

    /// <summary>Stray TCP is refused (RST), not dropped.</summary>
    Rst = 1,

    /// <summary>No UDP passes in either direction.</summary>
    UdpBlocked = 2,

    /// <summary>Mappings live for seconds: UDP 2 s (4 s once answered), TCP 5 s.</summary>
    Short = 4,

    /// <summary>A host behind the router reaches what the router lets in by the router's own outer address.</summary>
    Hairpin = 8,

    /// <summary>A NAT type gives its hosts IPv6 as well, behind a stateful firewall. Routed types always do.</summary>
    Ipv6 = 16,

    /// <summary>No IPv4 behind the router; only with a routed type.</summary>
    NoIpv4 = 32,
}
