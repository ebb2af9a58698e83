using Akka.Actor;
using NatActors.Transports.Network;

namespace NatActors.Node.Network;

/// <summary>The messages of the actor that watches the machine's network, at <c>network</c>.</summary>
public static class NetworkMessages
{
    /// <summary>Tell me the state now and each change, as <see cref="Changed"/>; ends with the subscriber's death.</summary>
    public sealed record Subscribe(IActorRef Subscriber);

    /// <summary>To subscribers: the network is now like this.</summary>
    /// <param name="State">The network.</param>
    /// <param name="What">
    /// What changed, in words for a person, a line each; empty for the first message to a subscriber, and where only such changed as is no
    /// reason to do anything anew (a temporary address, a link-local one).
    /// </param>
    public sealed record Changed(NetworkState State, IReadOnlyList<string> What);

    /// <summary>Ask for the state; answered to the sender by <see cref="State"/>.</summary>
    public sealed record GetState;

    /// <summary>The answer to <see cref="GetState"/>.</summary>
    /// <param name="Network">The network.</param>
    /// <param name="KeepAlive">How long this network's mappings live and how often they are refreshed, in words for a person, a line each.</param>
    public sealed record State(NetworkState Network, IReadOnlyList<string> KeepAlive);

    /// <summary>From keep-alive: how long this network's mappings live and how often they are refreshed, in words for a person, a line each.</summary>
    public sealed record KeepAliveChanged(IReadOnlyList<string> Lines);
}
