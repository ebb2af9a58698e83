using NatActors.Multiformats;

namespace NatActors.Transports.Security;

/// <summary>Which end speaks first. Fixed by who dialed, except in a hole punch, where DCUtR fixes it.</summary>
public enum ConnectionRole
{
    /// <summary>Initiator of multistream-select, of the security handshake, and the yamux client.</summary>
    Dialer,

    /// <summary>Responder of all three.</summary>
    Listener,
}

/// <summary>Turns a plain conduit into an authenticated, encrypted one: Noise now, TLS later. Works over relayed conduits as over TCP.</summary>
public interface ISecurityUpgrade
{
    /// <summary>The protocol id offered in multistream-select, e.g. <c>/noise</c>.</summary>
    string Protocol { get; }

    /// <summary>
    /// Runs the handshake. A peer's bad bytes, a wrong peer id or an early end are returned as <see cref="SecurityResult.Failure"/>; only
    /// cancellation and a broken conduit throw.
    /// </summary>
    /// <param name="conduit">The conduit; owned by the result on success, by the caller on failure.</param>
    /// <param name="role">Which end this side is.</param>
    /// <param name="expectedPeer">The peer id that must be proven, or null to accept any.</param>
    /// <param name="cancellationToken">Cancels the handshake.</param>
    ValueTask<SecurityResult> UpgradeAsync(IConduit conduit, ConnectionRole role, PeerId? expectedPeer, CancellationToken cancellationToken);
}

/// <summary>What a security handshake came to: either <see cref="Conduit"/>, <see cref="RemotePeer"/> and <see cref="RemoteKey"/>, or <see cref="Failure"/>.</summary>
public sealed record SecurityResult
{
    /// <summary>The secured conduit.</summary>
    public IConduit? Conduit { get; init; }

    /// <summary>The proven identity of the other end.</summary>
    public PeerId? RemotePeer { get; init; }

    /// <summary>The identity key behind <see cref="RemotePeer"/>.</summary>
    public PublicKey? RemoteKey { get; init; }

    /// <summary>The muxer agreed inside the handshake, or null when multistream-select has to choose it.</summary>
    public string? EarlyMuxer { get; init; }

    /// <summary>Why it failed, in words for a person; null on success.</summary>
    public string? Failure { get; init; }

    /// <summary>True when it failed because both ends dialed at the same moment and neither listens: another port helps.</summary>
    public bool Crossed { get; init; }
}
