using NatActors.Multiformats;
using NatActors.Transports;

namespace NatActors.Node.Negotiation;

/// <summary>A conduit that yields first what was read from it too early.</summary>
internal sealed class LeftoverConduit : IConduit
{
    private readonly IConduit _inner;
    private ReadOnlyMemory<byte> _leftover;

    public LeftoverConduit(IConduit inner, ReadOnlyMemory<byte> leftover)
    {
        _inner = inner;
        _leftover = leftover;
    }

    public Multiaddr LocalAddress => _inner.LocalAddress;

    public Multiaddr RemoteAddress => _inner.RemoteAddress;

    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_leftover.IsEmpty)
        {
            return _inner.ReadAsync(buffer, cancellationToken);
        }

        var take = Math.Min(_leftover.Length, buffer.Length);
        _leftover[..take].CopyTo(buffer);
        _leftover = take == _leftover.Length ? default : _leftover[take..];
        return new ValueTask<int>(take);
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _inner.WriteAsync(buffer, cancellationToken);

    public ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default) => _inner.CompleteWritesAsync(cancellationToken);

    public void Abort() => _inner.Abort();

    public ValueTask DisposeAsync() => _inner.DisposeAsync();
}
