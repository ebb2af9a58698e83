namespace NatActors.Protocols.Relay;

/// <summary>The names of circuit relay v2.</summary>
public static class RelayProtocol
{
    /// <summary>Client to relay: reserve and connect.</summary>
    public const string Hop = "/libp2p/circuit/relay/0.2.0/hop";

    /// <summary>Relay to the peer that is reached through it.</summary>
    public const string Stop = "/libp2p/circuit/relay/0.2.0/stop";
}
