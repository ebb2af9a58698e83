using NatActors.Protocols.Resources;
using NatActors.Transports.Muxing;

namespace NatActors.Node.Resources;

/// <summary>What one stream holds. Safe from any thread.</summary>
internal sealed class StreamResources
{
    private readonly NodeResources _node;
    private readonly StreamScope _scope;
    private IMuxedStream? _stream;

    public StreamResources(NodeResources node, StreamScope scope)
    {
        _node = node;
        _scope = scope;
        scope.Tag = this;
    }

    /// <summary>The stream that is reset to make room. One that holds what it receives charges it from now on.</summary>
    public void Attach(IMuxedStream stream)
    {
        Volatile.Write(ref _stream, stream);
        (stream as IChargedStream)?.ChargeTo(this);
    }

    /// <summary>The protocol is agreed: null, or why the stream has to go.</summary>
    public ResourceRefusal? Agree(string protocol) => _node.Agree(_scope, protocol);

    /// <summary>Memory for what was received, asked for under a lock: false means to ask again by <see cref="Take"/>, outside.</summary>
    public bool TryTake(int bytes) => _node.TryTake(_scope, bytes);

    /// <summary>Memory for what was received; null when it is granted, to be returned by <see cref="Return"/>.</summary>
    public ResourceRefusal? Take(int bytes) => _node.Take(_scope, bytes);

    /// <summary>Gives memory back.</summary>
    public void Return(int bytes) => _node.Return(_scope, bytes);

    /// <summary>The stream is over, and its place free; what it still holds counts until it is given back. A second time is nothing.</summary>
    public void Close() => _node.Close(_scope);

    /// <summary>Resets the stream: drops what it received, and has whoever serves it notice.</summary>
    public void Evict(ResourceRefusal refusal)
    {
        switch (Volatile.Read(ref _stream))
        {
            case IChargedStream charged: charged.ResetFor(refusal); break;
            case { } stream: stream.Reset(); break;
        }
    }
}

/// <summary>A raw stream whose receive buffer is charged.</summary>
internal interface IChargedStream
{
    /// <summary>To be called before anything is received.</summary>
    void ChargeTo(StreamResources resources);

    /// <summary>Resets the stream for want of a resource; whoever uses it is told which.</summary>
    void ResetFor(ResourceRefusal refusal);
}
