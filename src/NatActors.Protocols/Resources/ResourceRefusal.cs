using System.Globalization;

namespace NatActors.Protocols.Resources;

/// <summary>Why something was refused, or taken back: which scope is full, and of what.</summary>
/// <param name="Scope">The kind of the scope that is full.</param>
/// <param name="Name">Which one of its kind: a peer id, a protocol id, a number of a connection; empty for the only one.</param>
/// <param name="Resource">What there is no more of.</param>
/// <param name="Limit">How much the scope may hold.</param>
/// <param name="Used">How much it holds.</param>
/// <param name="Asked">How much more was asked for.</param>
public sealed record ResourceRefusal(ResourceScopeKind Scope, string Name, ResourceKind Resource, long Limit, long Used, long Asked)
{
    /// <summary>
    /// At how much of the limit this is refused already, in percent: 100, or less for what is refused first, see <see cref="ResourceTree"/>.
    /// </summary>
    public int Percent { get; init; } = 100;

    /// <summary>The option that sets the limit, as it stands in a configuration.</summary>
    public string Option => (Scope, Resource) switch
    {
        (ResourceScopeKind.ProtocolPeer, ResourceKind.Memory) => "Resources.Protocol.MaxMemoryPerPeer",
        (ResourceScopeKind.ProtocolPeer, ResourceKind.InboundStreams) => "Resources.Protocol.MaxInboundStreamsPerPeer",
        (ResourceScopeKind.ProtocolPeer, _) => "Resources.Protocol.MaxStreamsPerPeer",
        (ResourceScopeKind.System, ResourceKind.Connections) => "Connections.MaxConnections",
        (ResourceScopeKind.Transient, ResourceKind.InboundConnections) => "Connections.MaxPendingInbound",
        (ResourceScopeKind.Connection, ResourceKind.InboundStreams) => "Connections.MaxStreamsPerConnection",
        (ResourceScopeKind.Peer, ResourceKind.Connections) => "Connections.MaxConnectionsPerPeer",
        _ => $"Resources.{Scope}.Max{Resource}",
    };

    /// <summary>In words for a person: the scope, what it holds of how much, and the option that says so.</summary>
    public string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Holder} {(Scope is ResourceScopeKind.ProtocolPeer ? "hold" : "holds")} {Used} of {Limit} {Words(Resource)} and asks for {Asked} more{Early} ({Option})");

    private string Early => Percent == 100 ? "" : string.Create(CultureInfo.InvariantCulture, $", {Percent} % being for what is open already");

    private string Holder => Scope switch
    {
        ResourceScopeKind.System => "this node",
        ResourceScopeKind.Transient => "what is not known yet",
        ResourceScopeKind.Protocol => $"the protocol {Name}",
        ResourceScopeKind.ProtocolPeer => $"the streams of {Name}",
        ResourceScopeKind.Peer => $"the peer {Name}",
        ResourceScopeKind.Connection => $"the connection {Name}",
        _ => $"the stream {Name}",
    };

    private static string Words(ResourceKind resource) => resource switch
    {
        ResourceKind.Memory => "bytes",
        ResourceKind.Streams => "streams",
        ResourceKind.InboundStreams => "inbound streams",
        ResourceKind.Connections => "connections",
        _ => "inbound connections",
    };
}
