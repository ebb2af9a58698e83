using System.Collections.Immutable;
using Akka.Actor;

namespace NatActors.Node.Streams;

/// <summary>
/// Serves one inbound stream. The stream is completed or reset for the handler when its task ends: reset if it threw, closed in order
/// otherwise. The token is cancelled when the node goes down.
/// </summary>
public delegate Task StreamHandler(PeerStream stream, CancellationToken cancellationToken);

/// <summary>Who serves a protocol: an actor, which is sent <see cref="StreamMessages.InboundStream"/>, or a handler.</summary>
/// <param name="Protocol">The protocol id, e.g. <c>/ipfs/ping/1.0.0</c>.</param>
/// <param name="Actor">The actor, or null.</param>
/// <param name="Handler">The handler, or null.</param>
/// <param name="AllowLimited">True when it is served on limited (relayed) connections too.</param>
public sealed record ProtocolRegistration(string Protocol, IActorRef? Actor, StreamHandler? Handler, bool AllowLimited);

/// <summary>The protocols this node serves. Read by every inbound negotiation, changed rarely; safe from any thread.</summary>
public sealed class ProtocolTable
{
    private ImmutableSortedDictionary<string, ProtocolRegistration> _table =
        ImmutableSortedDictionary.Create<string, ProtocolRegistration>(StringComparer.Ordinal);

    /// <summary>Raised after each change, on the changer's thread.</summary>
    public event Action? Changed;

    /// <summary>The protocol ids served now, in ordinal order.</summary>
    public IReadOnlyList<string> Protocols => [.. Volatile.Read(ref _table).Keys];

    /// <summary>Registers a protocol; dispose the result to stop serving it. Fails if the protocol is taken.</summary>
    /// <exception cref="InvalidOperationException">The protocol is registered already.</exception>
    public IDisposable Register(ProtocolRegistration registration)
    {
        ArgumentNullException.ThrowIfNull(registration);
        var added = ImmutableInterlocked.Update(
            ref _table,
            table => table.ContainsKey(registration.Protocol) ? table : table.Add(registration.Protocol, registration));
        if (!added)
        {
            throw new InvalidOperationException(
                $"{registration.Protocol} is served already; dispose the earlier registration first.");
        }

        Changed?.Invoke();
        return new Registration(this, registration);
    }

    /// <summary>Registers an actor.</summary>
    public IDisposable Register(string protocol, IActorRef actor, bool allowLimited) =>
        Register(new ProtocolRegistration(protocol, actor, null, allowLimited));

    /// <summary>Registers a handler.</summary>
    public IDisposable Register(string protocol, StreamHandler handler, bool allowLimited) =>
        Register(new ProtocolRegistration(protocol, null, handler, allowLimited));

    /// <summary>The registration for a protocol on a connection of that kind, or null when it is not served there.</summary>
    public ProtocolRegistration? Find(string protocol, bool limited) =>
        Volatile.Read(ref _table).TryGetValue(protocol, out var found) && (found.AllowLimited || !limited) ? found : null;

    private sealed class Registration(ProtocolTable table, ProtocolRegistration registration) : IDisposable
    {
        public void Dispose()
        {
            var removed = ImmutableInterlocked.Update(
                ref table._table,
                t => t.TryGetValue(registration.Protocol, out var now) && ReferenceEquals(now, registration)
                    ? t.Remove(registration.Protocol)
                    : t);
            if (removed)
            {
                table.Changed?.Invoke();
            }
        }
    }
}
