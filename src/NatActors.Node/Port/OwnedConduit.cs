using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Transports;

namespace NatActors.Node.Port;

/// <summary>
/// A connection of a shared port on loan: whoever ends it need not know the port's owner, which is told that the 4-tuple is free.
/// </summary>
internal sealed class OwnedConduit(IConduit inner, IActorRef owner, PortMessages.ConduitClosed closed) : IConduit
{
    private int _told;

    public Multiaddr LocalAddress => inner.LocalAddress;

    public Multiaddr RemoteAddress => inner.RemoteAddress;

    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.ReadAsync(buffer, cancellationToken);

    public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(buffer, cancellationToken);

    public ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default) => inner.CompleteWritesAsync(cancellationToken);

    public void Abort()
    {
        inner.Abort();
        Tell();
    }

    public async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        Tell();
    }

    private void Tell()
    {
        if (Interlocked.Exchange(ref _told, 1) == 0)
        {
            owner.Tell(closed, ActorRefs.NoSender);
        }
    }
}
