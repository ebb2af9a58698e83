using NatActors.Multiformats;
using NatActors.Protocols.Resources;
using NatActors.Wire.Muxing;

namespace NatActors.Node.Resources;

/// <summary>What one connection holds, from its handshake to its end. Safe from any thread.</summary>
internal sealed class ConnectionResources : IReceivePromises
{
    /// <summary>
    /// What a handshake holds: the buffers of the negotiation (1 KiB a side) and of Noise (4 KiB read, its three messages, 4 KiB for the
    /// session), rounded up.
    /// </summary>
    public const int HandshakeMemory = 16 * 1024;

    private readonly NodeResources _node;
    private readonly ConnectionScope _scope;

    public ConnectionResources(NodeResources node, ConnectionScope scope)
    {
        _node = node;
        _scope = scope;
        scope.Tag = this;
    }

    /// <summary>Cuts the connection to make room; set by its owner. Called on any thread, outside all locks of the resources.</summary>
    public Action<ResourceRefusal>? WhenEvicted { get; set; }

    /// <inheritdoc />
    public bool AreToStaySmall => _node.IsTight(_scope);

    /// <summary>The handshake is over, the peer proven.</summary>
    public void KnowPeer(PeerId peer) => _node.KnowPeer(_scope, peer);

    /// <summary>A stream: its resources, to be closed once, or null with the reason.</summary>
    public StreamResources? OpenStream(bool inbound, out ResourceRefusal? refusal) => _node.OpenStream(_scope, inbound, out refusal);

    /// <summary>Memory of the connection itself; null when it is granted, to be returned by <see cref="Return"/>.</summary>
    public ResourceRefusal? Take(int bytes) => _node.Take(_scope, bytes);

    /// <summary>Gives memory back.</summary>
    public void Return(int bytes) => _node.Return(_scope, bytes);

    /// <summary>The connection is over, and so are its streams. A second time is nothing.</summary>
    public void Close() => _node.Close(_scope);

    public void Evict(ResourceRefusal refusal) => WhenEvicted?.Invoke(refusal);
}
