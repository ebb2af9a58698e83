using System.Security.Cryptography;

namespace NatActors.Multiformats.Crypto;

/// <summary>X25519 key agreement over raw keys (RFC 7748).</summary>
public static unsafe class X25519
{
    /// <summary>Private keys, public keys and shared secrets, in bytes.</summary>
    public const int KeyLength = 32;

    /// <summary>The public key of any 32 private bytes.</summary>
    public static void GetPublicKey(ReadOnlySpan<byte> privateKey, Span<byte> publicKey)
    {
        using var key = EvpKey.FromRawPrivate(LibCrypto.KeyTypeX25519, privateKey, "X25519");
        EvpKey.RawPublic(key, publicKey[..KeyLength]);
    }

    /// <summary>
    /// The shared secret; false when it would be all zeros (RFC 7748 section 6.1): the other side chose a point of small order.
    /// </summary>
    public static bool TryDerive(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> peerPublicKey, Span<byte> secret)
    {
        using var key = EvpKey.FromRawPrivate(LibCrypto.KeyTypeX25519, privateKey, "X25519");
        return TryDerive(key, peerPublicKey, secret);
    }

    internal static bool TryDerive(PKeyHandle key, ReadOnlySpan<byte> peerPublicKey, Span<byte> secret)
    {
        if (peerPublicKey.Length != KeyLength)
        {
            return false;
        }

        using var peer = EvpKey.FromRawPublic(LibCrypto.KeyTypeX25519, peerPublicKey);
        return peer is not null && Derive(key, peer, secret[..KeyLength]);
    }

    private static bool Derive(PKeyHandle key, PKeyHandle peer, Span<byte> secret)
    {
        using var context = LibCrypto.NewPKeyContext(key, 0);
        if (context.IsInvalid || LibCrypto.DeriveInit(context) != 1)
        {
            throw LibCrypto.Failed("start a key agreement");
        }

        fixed (byte* pointer = secret)
        {
            var length = (nuint)secret.Length;
            // OpenSSL refuses an all-zero result itself; the check below holds whatever the version does.
            var derived = LibCrypto.DeriveSetPeer(context, peer) == 1 && LibCrypto.Derive(context, pointer, ref length) == 1;
            LibCrypto.ClearErrors();
            Span<byte> zeros = stackalloc byte[KeyLength];
            zeros.Clear();
            return derived && length == KeyLength && !CryptographicOperations.FixedTimeEquals(secret, zeros);
        }
    }
}
