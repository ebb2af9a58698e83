using NatActors.Multiformats;
using NatActors.Multiformats.Crypto;

namespace NatActors.Wire.Security;

/// <summary>
/// What one side brings into its handshakes: a static key, made for this and never stored, and the identity's signature over it. Both may serve
/// any number of handshakes, as rust-libp2p has it (go-libp2p makes them anew each time): forward secrecy rests on the ephemeral keys alone. Safe
/// from any thread.
/// </summary>
public sealed class NoiseCredentials : IDisposable
{
    private readonly PrivateKey _identity;
    private byte[]? _payload;

    /// <summary>Draws the static key.</summary>
    /// <param name="identity">This side's identity; not disposed by this.</param>
    /// <param name="random">Where the static key comes from.</param>
    /// <param name="muxers">Muxer protocol ids by preference, to agree on one inside the handshake; empty to leave that to multistream-select.</param>
    public NoiseCredentials(PrivateKey identity, RandomSource random, IReadOnlyList<string> muxers)
    {
        _identity = identity;
        Muxers = muxers;
        StaticKey = X25519KeyPair.Generate(random);
    }

    /// <summary>Muxers by preference.</summary>
    public IReadOnlyList<string> Muxers { get; }

    /// <summary>Signatures of others over their static keys, found good in handshakes before.</summary>
    internal VerifiedSignatures Verified { get; } = new();

    /// <summary>The static key.</summary>
    internal X25519KeyPair StaticKey { get; }

    /// <summary>The handshake payload, signed when it is needed first. Two threads may make it at once; both are good.</summary>
    internal ReadOnlySpan<byte> Payload => _payload ??= NoisePayload.Encode(_identity, StaticKey.PublicKey, Muxers);

    /// <inheritdoc />
    public void Dispose() => StaticKey.Dispose();
}
