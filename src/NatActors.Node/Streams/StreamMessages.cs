using Akka.Actor;
using NatActors.Node.Connections;

namespace NatActors.Node.Streams;

/// <summary>The messages around one protocol stream.</summary>
public static class StreamMessages
{
    /// <summary>
    /// To the actor registered for the protocol: a peer opened a stream for it, already negotiated. The receiver owns the stream from now
    /// on and must end it (complete both ways, or reset).
    /// </summary>
    public sealed record InboundStream(PeerStream Stream, ConnectionInfo Connection);

    /// <summary>From the connection to its stream actor: the raw stream has ended.</summary>
    public sealed record StreamEnded(Transports.Muxing.StreamEnd End);
}
