using Akka.Actor;
using NatActors.Multiformats;

namespace NatActors.Node.PortMapping;

/// <summary>The messages of the port mapping actor, at <c>portmap</c>.</summary>
public static class PortMapMessages
{
    /// <summary>Ask for what was found; answered to the sender by <see cref="State"/>.</summary>
    public sealed record GetState;

    /// <summary>The answer to <see cref="GetState"/>.</summary>
    /// <param name="Protocols">What was found, a mapping protocol and gateway each; empty when no router answers.</param>
    /// <param name="Mappings">The mappings that the routers confirmed.</param>
    public sealed record State(IReadOnlyList<ProtocolState> Protocols, IReadOnlyList<MappingState> Mappings);

    /// <summary>Give everything back and keep nothing from now on; answered by <see cref="Released"/> within about a second.</summary>
    public sealed record Release(IActorRef ReplyTo);

    /// <summary>The answer to <see cref="Release"/>.</summary>
    public sealed record Released;

    /// <summary>A mapping protocol at a gateway.</summary>
    /// <param name="Protocol"><c>upnp-igd1</c>, <c>upnp-igd2</c>, <c>nat-pmp</c> or <c>pcp</c>.</param>
    /// <param name="Gateway">The router's address.</param>
    /// <param name="Product">What the router calls itself, or empty.</param>
    /// <param name="External">The external IP address that it reports, or null.</param>
    /// <param name="Problem">What is wrong with it (refused, private external address), in words for a person, or empty.</param>
    public sealed record ProtocolState(string Protocol, string Gateway, string Product, string? External, string Problem);

    /// <summary>A mapping that a router confirmed.</summary>
    /// <param name="Protocol">The mapping protocol.</param>
    /// <param name="Internal">The listen address that it leads to.</param>
    /// <param name="External">The external address.</param>
    /// <param name="Lease">How long it stands from the last renewal.</param>
    public sealed record MappingState(string Protocol, Multiaddr Internal, Multiaddr External, TimeSpan Lease);
}
