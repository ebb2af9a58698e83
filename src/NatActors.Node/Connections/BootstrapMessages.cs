using NatActors.Multiformats;

namespace NatActors.Node.Connections;

/// <summary>The messages between a <see cref="BootstrapActor"/> and the peers that it keeps.</summary>
public static class BootstrapMessages
{
    /// <summary>A dial of the peer failed; it is tried again.</summary>
    public sealed record Unreachable(PeerId Peer);
}
