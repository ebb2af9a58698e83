using System.Runtime.InteropServices;

namespace NatActors.Multiformats.Crypto;

/// <summary>
/// The functions of OpenSSL's libcrypto that this code calls (EVP API, the same in 1.1.1 and 3). .NET on Linux needs the library anyway.
/// Thread-safe: each call uses its own context, and the error queue is per thread.
/// </summary>
internal static unsafe partial class LibCrypto
{
    /// <summary>EVP_PKEY_X25519 (obj_mac.h, NID_X25519).</summary>
    internal const int KeyTypeX25519 = 1034;

    /// <summary>EVP_PKEY_ED25519 (obj_mac.h, NID_ED25519).</summary>
    internal const int KeyTypeEd25519 = 1087;

    private const string Library = "libcrypto";

    // crypto.h: .NET sets it too, since threads may still be at work in the library while the process ends.
    private const ulong InitNoAtExit = 0x00080000;
    private const int ErrorTextLength = 256;

    // By preference: the versioned name that distributions install, then the developer's link, then the release before.
    private static readonly string[] Names = ["libcrypto.so.3", "libcrypto.so", "libcrypto.so.1.1", "libcrypto.3.dylib"];

    private static readonly nint Handle = Load();

    /// <summary>True when the library was found.</summary>
    internal static bool IsAvailable => Handle != 0;

    /// <summary>Says in one line what to do when the library is missing.</summary>
    /// <exception cref="CryptoUnavailableException">It is missing.</exception>
    internal static void EnsureAvailable()
    {
        if (Handle == 0)
        {
            throw new CryptoUnavailableException(
                $"OpenSSL's libcrypto was not found (looked for {string.Join(", ", Names)}). Install OpenSSL 3, e.g. 'apt install libssl3'.");
        }
    }

    /// <summary>An exception with the library's own words for the last error of this thread.</summary>
    internal static CryptoUnavailableException Failed(string operation) => new($"OpenSSL could not {operation}: {TakeError()}.");

    /// <summary>Empties this thread's error queue, so that no later call, of .NET's own either, finds it.</summary>
    internal static void ClearErrors() => ErrClearError();

    private static string TakeError()
    {
        var code = ErrGetError();
        ErrClearError();
        if (code == 0)
        {
            return "no reason given";
        }

        var buffer = stackalloc byte[ErrorTextLength];
        ErrErrorString(code, buffer, ErrorTextLength);
        return Marshal.PtrToStringUTF8((nint)buffer) ?? "no reason given";
    }

    private static nint Load()
    {
        nint handle = 0;
        foreach (var name in Names)
        {
            if (NativeLibrary.TryLoad(name, out handle))
            {
                break;
            }
        }

        if (handle != 0)
        {
            NativeLibrary.SetDllImportResolver(typeof(LibCrypto).Assembly, (name, _, _) => name == Library ? handle : 0);
            _ = InitCrypto(InitNoAtExit, 0);
        }

        return handle;
    }

    [LibraryImport(Library, EntryPoint = "OPENSSL_init_crypto")]
    private static partial int InitCrypto(ulong options, nint settings);

    [LibraryImport(Library, EntryPoint = "ERR_get_error")]
    private static partial nuint ErrGetError();

    [LibraryImport(Library, EntryPoint = "ERR_clear_error")]
    private static partial void ErrClearError();

    [LibraryImport(Library, EntryPoint = "ERR_error_string_n")]
    private static partial void ErrErrorString(nuint code, byte* buffer, nuint length);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_new_raw_private_key")]
    internal static partial PKeyHandle NewRawPrivateKey(int type, nint engine, byte* key, nuint length);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_new_raw_public_key")]
    internal static partial PKeyHandle NewRawPublicKey(int type, nint engine, byte* key, nuint length);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_get_raw_public_key")]
    internal static partial int GetRawPublicKey(PKeyHandle key, byte* buffer, ref nuint length);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_free")]
    internal static partial void FreePKey(nint key);

    [LibraryImport(Library, EntryPoint = "d2i_AutoPrivateKey")]
    internal static partial PKeyHandle ParsePrivateKey(nint target, ref byte* input, nint length);

    [LibraryImport(Library, EntryPoint = "d2i_PUBKEY")]
    internal static partial PKeyHandle ParsePublicKey(nint target, ref byte* input, nint length);

    [LibraryImport(Library, EntryPoint = "i2d_PUBKEY")]
    internal static partial int FormatPublicKey(PKeyHandle key, ref byte* output);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_CTX_new")]
    internal static partial PKeyContextHandle NewPKeyContext(PKeyHandle key, nint engine);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_CTX_free")]
    internal static partial void FreePKeyContext(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_derive_init")]
    internal static partial int DeriveInit(PKeyContextHandle context);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_derive_set_peer")]
    internal static partial int DeriveSetPeer(PKeyContextHandle context, PKeyHandle peer);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_derive")]
    internal static partial int Derive(PKeyContextHandle context, byte* secret, ref nuint length);

    [LibraryImport(Library, EntryPoint = "EVP_MD_CTX_new")]
    internal static partial DigestContextHandle NewDigestContext();

    [LibraryImport(Library, EntryPoint = "EVP_MD_CTX_free")]
    internal static partial void FreeDigestContext(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_sha256")]
    internal static partial nint Sha256();

    [LibraryImport(Library, EntryPoint = "EVP_DigestSignInit")]
    internal static partial int SignInit(DigestContextHandle context, nint keyContext, nint digest, nint engine, PKeyHandle key);

    [LibraryImport(Library, EntryPoint = "EVP_DigestSign")]
    internal static partial int Sign(DigestContextHandle context, byte* signature, ref nuint signatureLength, byte* data, nuint length);

    [LibraryImport(Library, EntryPoint = "EVP_DigestVerifyInit")]
    internal static partial int VerifyInit(DigestContextHandle context, nint keyContext, nint digest, nint engine, PKeyHandle key);

    [LibraryImport(Library, EntryPoint = "EVP_DigestVerify")]
    internal static partial int Verify(DigestContextHandle context, byte* signature, nuint signatureLength, byte* data, nuint length);
}

/// <summary>An EVP_PKEY.</summary>
internal sealed class PKeyHandle : SafeHandle
{
    public PKeyHandle()
        : base(0, ownsHandle: true)
    {
    }

    /// <inheritdoc />
    public override bool IsInvalid => handle == 0;

    /// <inheritdoc />
    protected override bool ReleaseHandle()
    {
        LibCrypto.FreePKey(handle);
        return true;
    }
}

/// <summary>An EVP_PKEY_CTX.</summary>
internal sealed class PKeyContextHandle : SafeHandle
{
    public PKeyContextHandle()
        : base(0, ownsHandle: true)
    {
    }

    /// <inheritdoc />
    public override bool IsInvalid => handle == 0;

    /// <inheritdoc />
    protected override bool ReleaseHandle()
    {
        LibCrypto.FreePKeyContext(handle);
        return true;
    }
}

/// <summary>An EVP_MD_CTX.</summary>
internal sealed class DigestContextHandle : SafeHandle
{
    public DigestContextHandle()
        : base(0, ownsHandle: true)
    {
    }

    /// <inheritdoc />
    public override bool IsInvalid => handle == 0;

    /// <inheritdoc />
    protected override bool ReleaseHandle()
    {
        LibCrypto.FreeDigestContext(handle);
        return true;
    }
}
