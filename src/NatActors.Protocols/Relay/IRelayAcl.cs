using NatActors.Multiformats;

namespace NatActors.Protocols.Relay;

/// <summary>
/// The owner's say about who may use a relay. Called from the relay's actor: answer at once. A refusal is PERMISSION_DENIED.
/// </summary>
public interface IRelayAcl
{
    /// <summary>May this peer, seen at this address, have a reservation?</summary>
    bool AllowReserve(PeerId peer, Multiaddr address) => true;

    /// <summary>May the source open a circuit to the destination?</summary>
    bool AllowConnect(PeerId source, Multiaddr address, PeerId destination) => true;
}

/// <summary>Serves everybody.</summary>
public sealed class OpenRelayAcl : IRelayAcl
{
    /// <summary>The one instance.</summary>
    public static OpenRelayAcl Instance { get; } = new();
}
