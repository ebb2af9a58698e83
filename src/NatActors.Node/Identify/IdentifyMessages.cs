using Akka.Actor;
using NatActors.Node.Connections;
using NatActors.Protocols.Identify;

namespace NatActors.Node.Identify;

/// <summary>The messages of the <see cref="IdentifyActor"/>.</summary>
public static class IdentifyMessages
{
    /// <summary>
    /// Tell me what every peer says of itself, from now on and of the connections that are up; ends with the subscriber's death.
    /// </summary>
    public sealed record Subscribe(IActorRef Subscriber);

    /// <summary>
    /// To subscribers: what a peer said over a connection, in an answer or a push. May come again when something changed.
    /// </summary>
    public sealed record Identified(ConnectionInfo Connection, IdentifyInfo Info);

    /// <summary>To subscribers: a peer did not say who it is, and why, in words for a person. The connection stays.</summary>
    public sealed record IdentifyFailed(ConnectionInfo Connection, string Reason);
}
