using NatActors.Multiformats;

namespace NatActors.Wire.Security;

/// <summary>Where a handshake stands.</summary>
public enum NoiseStatus
{
    /// <summary>The other side has to speak next.</summary>
    NeedMoreData,

    /// <summary>Both sides are proven; the session is there.</summary>
    Done,

    /// <summary>It came to nothing; the failure says why.</summary>
    Failed,
}

/// <summary>Why a handshake came to nothing.</summary>
public enum NoiseFailure
{
    /// <summary>It has not.</summary>
    None,

    /// <summary>A handshake message is longer than this code accepts.</summary>
    MessageTooLarge,

    /// <summary>A handshake message is too short for its keys and tags.</summary>
    MessageTooShort,

    /// <summary>
    /// The other side is an initiator too: where the second message should come, there is a first one. Two nodes dialed each other at the
    /// same moment from and to the same ports (RFC 9293, simultaneous open).
    /// </summary>
    Crossed,

    /// <summary>The other side chose a key that makes the shared secret known to all.</summary>
    WeakKey,

    /// <summary>A message was not sealed with the agreed keys: damaged, or somebody is in between.</summary>
    NotAuthentic,

    /// <summary>A payload is not the protobuf message it should be.</summary>
    PayloadMalformed,

    /// <summary>The identity key is absent, malformed or of an unknown type.</summary>
    BadIdentityKey,

    /// <summary>The identity key did not sign the static key.</summary>
    BadSignature,

    /// <summary>The other side is somebody else than the peer that was dialed.</summary>
    WrongPeer,

    /// <summary>Both sides listed stream muxers and have none in common.</summary>
    NoCommonMuxer,

    /// <summary>The other side closed before the handshake was complete.</summary>
    Truncated,
}

/// <summary>A finished handshake: who the other side is, and the ciphers. Disposing it wipes the keys.</summary>
public sealed class NoiseSession : IDisposable
{
    internal NoiseSession(PublicKey remoteKey, string? earlyMuxer, NoiseCipher sender, NoiseCipher receiver)
    {
        RemoteKey = remoteKey;
        RemotePeer = PeerId.FromPublicKey(remoteKey);
        EarlyMuxer = earlyMuxer;
        Sender = sender;
        Receiver = receiver;
    }

    /// <summary>The proven identity of the other side.</summary>
    public PeerId RemotePeer { get; }

    /// <summary>The key behind <see cref="RemotePeer"/>.</summary>
    public PublicKey RemoteKey { get; }

    /// <summary>The muxer agreed inside the handshake; null when one side listed none and multistream-select has to choose it.</summary>
    public string? EarlyMuxer { get; }

    /// <summary>Seals what this side sends.</summary>
    public NoiseCipher Sender { get; }

    /// <summary>Opens what the other side sent.</summary>
    public NoiseCipher Receiver { get; }

    /// <inheritdoc />
    public void Dispose()
    {
        Sender.Dispose();
        Receiver.Dispose();
    }
}
