namespace NatActors.Multiformats.Crypto;

/// <summary>What the curves have in common: raw keys in and out, one-shot sign and verify.</summary>
internal static unsafe class EvpKey
{
    internal static PKeyHandle FromRawPrivate(int type, ReadOnlySpan<byte> key, string what)
    {
        LibCrypto.EnsureAvailable();
        fixed (byte* pointer = key)
        {
            var handle = LibCrypto.NewRawPrivateKey(type, 0, pointer, (nuint)key.Length);
            return handle.IsInvalid ? throw LibCrypto.Failed($"load the {what} private key") : handle;
        }
    }

    /// <summary>Null when the bytes are no public key of that type.</summary>
    internal static PKeyHandle? FromRawPublic(int type, ReadOnlySpan<byte> key)
    {
        LibCrypto.EnsureAvailable();
        fixed (byte* pointer = key)
        {
            return OrNull(LibCrypto.NewRawPublicKey(type, 0, pointer, (nuint)key.Length));
        }
    }

    /// <summary>Null when the DER is no private key.</summary>
    internal static PKeyHandle? FromPrivateDer(ReadOnlySpan<byte> der)
    {
        LibCrypto.EnsureAvailable();
        fixed (byte* pointer = der)
        {
            var input = pointer;
            return OrNull(LibCrypto.ParsePrivateKey(0, ref input, der.Length));
        }
    }

    /// <summary>Null when the DER (SubjectPublicKeyInfo) is no public key.</summary>
    internal static PKeyHandle? FromPublicDer(ReadOnlySpan<byte> der)
    {
        LibCrypto.EnsureAvailable();
        fixed (byte* pointer = der)
        {
            var input = pointer;
            return OrNull(LibCrypto.ParsePublicKey(0, ref input, der.Length));
        }
    }

    internal static void RawPublic(PKeyHandle key, Span<byte> destination)
    {
        fixed (byte* pointer = destination)
        {
            var length = (nuint)destination.Length;
            if (LibCrypto.GetRawPublicKey(key, pointer, ref length) != 1 || length != (nuint)destination.Length)
            {
                throw LibCrypto.Failed("derive the public key");
            }
        }
    }

    /// <summary>The SubjectPublicKeyInfo.</summary>
    internal static byte[] PublicDer(PKeyHandle key)
    {
        byte* nothing = null;
        var length = LibCrypto.FormatPublicKey(key, ref nothing);
        if (length <= 0)
        {
            throw LibCrypto.Failed("write the public key");
        }

        var der = new byte[length];
        fixed (byte* pointer = der)
        {
            var output = pointer;
            _ = LibCrypto.FormatPublicKey(key, ref output);
        }

        return der;
    }

    /// <summary>Signs in one go; the digest is 0 for curves that hash by themselves.</summary>
    internal static int Sign(PKeyHandle key, nint digest, ReadOnlySpan<byte> data, Span<byte> signature)
    {
        using var context = LibCrypto.NewDigestContext();
        fixed (byte* dataPointer = NonEmpty(data), signaturePointer = signature)
        {
            var length = (nuint)signature.Length;
            if (LibCrypto.SignInit(context, 0, digest, 0, key) != 1
                || LibCrypto.Sign(context, signaturePointer, ref length, dataPointer, (nuint)data.Length) != 1)
            {
                throw LibCrypto.Failed("sign");
            }

            return (int)length;
        }
    }

    internal static bool Verify(PKeyHandle key, nint digest, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        using var context = LibCrypto.NewDigestContext();
        fixed (byte* dataPointer = NonEmpty(data), signaturePointer = NonEmpty(signature))
        {
            if (LibCrypto.VerifyInit(context, 0, digest, 0, key) != 1)
            {
                throw LibCrypto.Failed("verify a signature");
            }

            var good = LibCrypto.Verify(context, signaturePointer, (nuint)signature.Length, dataPointer, (nuint)data.Length) == 1;
            LibCrypto.ClearErrors();
            return good;
        }
    }

    // A null pointer means "tell me the length" to some of these functions; an empty span must not become one.
    private static ReadOnlySpan<byte> NonEmpty(ReadOnlySpan<byte> data) => data.IsEmpty ? [0] : data;

    private static PKeyHandle? OrNull(PKeyHandle handle)
    {
        if (!handle.IsInvalid)
        {
            return handle;
        }

        LibCrypto.ClearErrors();
        handle.Dispose();
        return null;
    }
}
