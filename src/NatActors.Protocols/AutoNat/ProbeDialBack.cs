using NatActors.Multiformats;

namespace NatActors.Protocols.AutoNat;

/// <summary>A dial-back with a known nonce, and by which connection it came.</summary>
public sealed record ProbeDialBack
{
    /// <summary>This side's end of the connection.</summary>
    public required Multiaddr Local { get; init; }

    /// <summary>The other end.</summary>
    public required Multiaddr Remote { get; init; }

    /// <summary>True when the other side dialed and the connection came in by a listener.</summary>
    public required bool CameByListener { get; init; }

    /// <summary>True when the connection is younger than the question.</summary>
    public required bool IsNew { get; init; }

    /// <summary>True when the connection runs over a relay.</summary>
    public bool Relayed { get; init; }

    /// <summary>True when its host had never been contacted by this node (<see cref="ContactedHosts.CameAsStranger"/>).</summary>
    public bool FromStranger { get; init; }

    /// <summary>True when this node had dialed that very end point (<see cref="ContactedHosts.WasDialed"/>).</summary>
    public bool FromDialedPort { get; init; }

    /// <summary>
    /// Why this dial-back proves nothing about the address, in words for a person; null when it proves it. The spec's rule (autonat-v2.md,
    /// "Implementation Suggestions"): it must arrive on a local address of the same transport as the tested one. The others are ours: over a
    /// connection that exists already, a relay, or the way back of our own packets (rust-libp2p issue 3900) a nonce arrives through any NAT.
    /// </summary>
    public string? WhyNoProof(Multiaddr tested)
    {
        ArgumentNullException.ThrowIfNull(tested);
        if (Relayed)
        {
            return "its dial-back came over a relay";
        }

        if (!CameByListener || !IsNew)
        {
            return "its dial-back came over a connection that existed already";
        }

        if (FromDialedPort)
        {
            return "its dial-back came from the very port that this node had dialed";
        }

        if (ReachabilityPath.Of(Local) is not { } local || ReachabilityPath.Of(tested) is not { } path || local != path)
        {
            return "its dial-back came by another transport or IP version";
        }

        return AddressScope.IsPublic(tested) && !AddressScope.IsPublic(Remote) ? "its dial-back came from inside" : null;
    }
}
