using NatActors.Multiformats;

namespace NatActors.Node.Connections;

/// <summary>
/// The application's say about who may connect. Called from actors: answer at once, do not block. Null lets pass; a text refuses, and is
/// the reason told to the requester and the log.
/// </summary>
public interface IConnectionGater
{
    /// <summary>Before an address is dialed.</summary>
    string? RefuseDial(PeerId? peer, Multiaddr address) => null;

    /// <summary>When a conduit was accepted, before any byte is read.</summary>
    string? RefuseAccept(Multiaddr remoteAddress) => null;

    /// <summary>When the peer has proven its identity, in both directions.</summary>
    string? RefusePeer(PeerId peer, Multiaddr remoteAddress, ConnectionDirection direction) => null;
}

/// <summary>Lets everybody pass.</summary>
public sealed class OpenGater : IConnectionGater
{
    /// <summary>The one instance.</summary>
    public static OpenGater Instance { get; } = new();
}
