using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Streams;
using NatActors.Protocols.Relay;

namespace NatActors.Node.Relay;

/// <summary>The messages between the <see cref="RelayServerActor"/> and its children.</summary>
public static class RelayServerMessages
{
    /// <summary>
    /// From a <see cref="HopActor"/>: this was asked. Answered to the sender by <see cref="Say"/> or <see cref="HandedOver"/>.
    /// </summary>
    public sealed record Asked(HopDecoded Question, PeerStream Stream, ConnectionInfo Connection);

    /// <summary>Answer this on the stream and close it.</summary>
    public sealed record Say(HopMessage.Status Status);

    /// <summary>The stream belongs to a circuit from now on.</summary>
    public sealed record HandedOver;
}

/// <summary>One circuit to be.</summary>
public sealed record CircuitSeed
{
    /// <summary>Its id in the rules.</summary>
    public required long Id { get; init; }

    /// <summary>The hop stream, on which CONNECT was asked.</summary>
    public required PeerStream Source { get; init; }

    /// <summary>The peer to be reached.</summary>
    public required PeerId Destination { get; init; }

    /// <summary>The connection that holds its reservation.</summary>
    public required long DestinationConnection { get; init; }

    /// <summary>What it may last and carry.</summary>
    public required RelayLimits Limits { get; init; }
}
