namespace NatActors.Protocols.Addresses;

/// <summary>How a NAT chooses the outside address and port of an inside one (RFC 4787 section 4.1).</summary>
public enum NatMapping
{
    /// <summary>Not enough evidence.</summary>
    Unknown,

    /// <summary>No translation: others see the address that the interface has.</summary>
    None,

    /// <summary>The same for every destination.</summary>
    EndpointIndependent,

    /// <summary>
    /// Another for each destination address; whether also for each of its ports is not known, as no destination was contacted on two.
    /// </summary>
    Dependent,

    /// <summary>Another for each destination address, whatever the port.</summary>
    AddressDependent,

    /// <summary>Another for each destination address and port.</summary>
    AddressAndPortDependent,
}

/// <summary>Whom a NAT or firewall lets in (RFC 4787 section 5).</summary>
public enum NatFiltering
{
    /// <summary>Not enough evidence.</summary>
    Unknown,

    /// <summary>Anybody, once the mapping stands.</summary>
    EndpointIndependent,

    /// <summary>Any port of an address that was contacted.</summary>
    AddressDependent,

    /// <summary>Only an address and port that was contacted.</summary>
    AddressAndPortDependent,
}

/// <summary>Something that is so, is not so, or is not known.</summary>
public enum Known
{
    /// <summary>Not known.</summary>
    Unknown,

    /// <summary>It is so.</summary>
    Yes,

    /// <summary>It is not so.</summary>
    No,
}

/// <summary>The IP version.</summary>
public enum IpFamily
{
    /// <summary>IPv4.</summary>
    Ip4,

    /// <summary>IPv6.</summary>
    Ip6,
}

/// <summary>The transport protocol that a NAT translates.</summary>
public enum IpProtocol
{
    /// <summary>TCP.</summary>
    Tcp,

    /// <summary>UDP.</summary>
    Udp,
}

/// <summary>What stands between this node and the others, for one IP version and one transport protocol, in the terms of RFC 4787.</summary>
public sealed record NatReport
{
    /// <summary>The IP version.</summary>
    public required IpFamily Family { get; init; }

    /// <summary>The transport protocol.</summary>
    public required IpProtocol Protocol { get; init; }

    /// <summary>How outside ports are chosen.</summary>
    public NatMapping Mapping { get; init; }

    /// <summary>The constant step between the outside ports of successive destinations, when the mapping is dependent and one shows; else null.</summary>
    public int? PortStep { get; init; }

    /// <summary>Who is let in.</summary>
    public NatFiltering Filtering { get; init; }

    /// <summary>Whether the outside port is the inside one (RFC 4787 section 4.2.1).</summary>
    public Known PortPreserved { get; init; }

    /// <summary>Whether the inside reaches its own outside address (RFC 4787 section 6).</summary>
    public Known Hairpin { get; init; }

    /// <summary>Whether a second NAT, a carrier's for one, stands behind the first.</summary>
    public Known DoubleNat { get; init; }

    /// <summary>On what each claim stands, in words for a person.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>True for a mapping that is another for other destinations: a symmetric NAT.</summary>
    public bool IsSymmetric =>
        Mapping is NatMapping.Dependent or NatMapping.AddressDependent or NatMapping.AddressAndPortDependent;

    /// <summary>True when the other makes the same claims, whatever they stand on.</summary>
    public bool ClaimsTheSame(NatReport? other) => other is not null && this with { Reasons = other.Reasons } == other;

    /// <summary>
    /// A behaviour as RFC 4787 writes it, in lower case: <c>endpoint-independent</c>, <c>address-dependent</c>,
    /// <c>address-and-port-dependent</c>; <c>dependent</c> where the last two are not told apart; <c>none</c>, <c>unknown</c>.
    /// </summary>
    public static string Describe(NatMapping mapping) => mapping switch
    {
        NatMapping.None => "none",
        NatMapping.EndpointIndependent => "endpoint-independent",
        NatMapping.Dependent => "dependent",
        NatMapping.AddressDependent => "address-dependent",
        NatMapping.AddressAndPortDependent => "address-and-port-dependent",
        _ => "unknown",
    };

    /// <inheritdoc cref="Describe(NatMapping)" />
    public static string Describe(NatFiltering filtering) => filtering switch
    {
        NatFiltering.EndpointIndependent => "endpoint-independent",
        NatFiltering.AddressDependent => "address-dependent",
        NatFiltering.AddressAndPortDependent => "address-and-port-dependent",
        _ => "unknown",
    };
}
