using System.Security.Cryptography;

namespace NatActors.Multiformats.Crypto;

/// <summary>
/// An X25519 private key that is used more than once (RFC 7748): the library computes its public key once, not for every agreement. The private
/// bytes are kept by the library alone, which wipes them. Safe from any thread.
/// </summary>
public sealed class X25519KeyPair : IDisposable
{
    private readonly PKeyHandle _key;
    private readonly byte[] _publicKey = new byte[X25519.KeyLength];

    private X25519KeyPair(PKeyHandle key)
    {
        _key = key;
        EvpKey.RawPublic(key, _publicKey);
    }

    /// <summary>The public key.</summary>
    public ReadOnlySpan<byte> PublicKey => _publicKey;

    /// <summary>A new one.</summary>
    /// <exception cref="CryptoUnavailableException">The library is missing.</exception>
    public static X25519KeyPair Generate(RandomSource random)
    {
        Span<byte> bytes = stackalloc byte[X25519.KeyLength];
        random.Fill(bytes);
        try
        {
            return new X25519KeyPair(EvpKey.FromRawPrivate(LibCrypto.KeyTypeX25519, bytes, "X25519"));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>
    /// The shared secret; false when it would be all zeros (RFC 7748 section 6.1): the other side chose a point of small order.
    /// </summary>
    public bool TryDerive(ReadOnlySpan<byte> peerPublicKey, Span<byte> secret) => X25519.TryDerive(_key, peerPublicKey, secret);

    /// <inheritdoc />
    public void Dispose() => _key.Dispose();
}
