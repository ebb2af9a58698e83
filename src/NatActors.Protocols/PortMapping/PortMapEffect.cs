using System.Net;

namespace NatActors.Protocols.PortMapping;

/// <summary>What a channel is for.</summary>
public enum GatewayChannel
{
    /// <summary>PCP or NAT-PMP with the one router, from the link's local address.</summary>
    Control,

    /// <summary>The search of UPnP: to a group, answered by anybody.</summary>
    Search,

    /// <summary>What routers tell everybody when they start or are renumbered (RFC 6886 section 3.2.1, RFC 6887 section 14.1).</summary>
    Announcements,

    /// <summary>What UPnP devices tell everybody when they come and go (UPnP Device Architecture 1.1 section 1.2).</summary>
    Notices,
}

/// <summary>What a <see cref="PortMapKeeper"/> wants done, or has to tell.</summary>
public abstract record PortMapEffect
{
    private PortMapEffect()
    {
    }

    /// <summary>Open a socket; its datagrams go to OnDatagram, its failure to OnChannelFailed.</summary>
    /// <param name="Channel">Its number, used once.</param>
    /// <param name="Kind">What it is for.</param>
    /// <param name="Link">Where.</param>
    public sealed record OpenChannel(int Channel, GatewayChannel Kind, GatewayLink Link) : PortMapEffect;

    /// <summary>Close a socket.</summary>
    public sealed record CloseChannel(int Channel) : PortMapEffect;

    /// <summary>Send a datagram.</summary>
    public sealed record Send(int Channel, byte[] Datagram, IPEndPoint To) : PortMapEffect;

    /// <summary>Make an HTTP request; its answer goes to OnReply.</summary>
    public sealed record Ask(long Id, GatewayRequest Request) : PortMapEffect;

    /// <summary>A router confirmed a mapping.</summary>
    /// <param name="Protocol"><c>upnp-igd1</c>, <c>upnp-igd2</c>, <c>nat-pmp</c> or <c>pcp</c>.</param>
    /// <param name="Port">What it leads to.</param>
    /// <param name="External">Where others come in.</param>
    /// <param name="Lease">How long it stands.</param>
    /// <param name="IsRenewal">True when the same mapping stood already.</param>
    public sealed record Confirmed(string Protocol, PortToMap Port, IPEndPoint External, TimeSpan Lease, bool IsRenewal) : PortMapEffect;

    /// <summary>A mapping stands no longer.</summary>
    public sealed record Lost(string Protocol, PortToMap Port, IPEndPoint External, string Reason) : PortMapEffect;

    /// <summary>The external address that a router reports has become known, has changed, or (null) is no longer known.</summary>
    public sealed record Reported(string Protocol, IPAddress? External) : PortMapEffect;

    /// <summary>Everything was given back, or the time for it is over.</summary>
    public sealed record Released : PortMapEffect;
}

/// <summary>A mapping protocol at a router, as it stands.</summary>
/// <param name="Protocol"><c>upnp-igd1</c>, <c>upnp-igd2</c>, <c>nat-pmp</c> or <c>pcp</c>.</param>
/// <param name="Gateway">The router.</param>
/// <param name="Product">What it calls itself, or empty.</param>
/// <param name="External">The external address that it reports, or null.</param>
/// <param name="Problem">What is wrong with it, in words for a person, or empty.</param>
public sealed record FoundProtocol(string Protocol, IPAddress Gateway, string Product, IPAddress? External, string Problem);

/// <summary>A mapping that stands.</summary>
/// <param name="Protocol">By which protocol.</param>
/// <param name="Port">What it leads to.</param>
/// <param name="External">Where others come in.</param>
/// <param name="Lease">How long it stands from its last renewal.</param>
public sealed record StandingMapping(string Protocol, PortToMap Port, IPEndPoint External, TimeSpan Lease);
