using System.Buffers.Binary;
using System.Security.Cryptography;

namespace NatActors.Wire.Security;

/// <summary>
/// One direction of a Noise session: frames of a 2-byte big-endian unsigned length, ciphertext and tag (libp2p/specs noise, "Wire Format").
/// Not thread-safe; each direction has its own. Nothing is allocated per frame.
/// </summary>
public sealed class NoiseCipher : IDisposable
{
    /// <summary>The length prefix, in bytes.</summary>
    public const int HeaderLength = sizeof(ushort);

    /// <summary>The authentication tag, in bytes (RFC 8439).</summary>
    public const int TagLength = 16;

    /// <summary>The longest ciphertext with its tag, in bytes (Noise specification section 3).</summary>
    public const int MaxCiphertextLength = ushort.MaxValue;

    /// <summary>The longest plaintext of one frame, in bytes.</summary>
    public const int MaxPlaintextLength = MaxCiphertextLength - TagLength;

    /// <summary>The longest frame, length prefix included, in bytes.</summary>
    public const int MaxFrameLength = HeaderLength + MaxCiphertextLength;

    /// <summary>A key, in bytes.</summary>
    internal const int KeyLength = 32;

    // Noise specification section 5.1: the nonce 2^64-1 is reserved and never used.
    private const ulong ReservedNonce = ulong.MaxValue;
    private const int NonceLength = 12;
    private const int NonceCounterOffset = 4;

    private readonly ChaCha20Poly1305 _cipher;
    private ulong _nonce;

    /// <summary>Starts at a nonce; anything but 0 is for tests.</summary>
    internal NoiseCipher(ReadOnlySpan<byte> key, ulong nonce = 0)
    {
        _cipher = new ChaCha20Poly1305(key);
        _nonce = nonce;
    }

    /// <summary>True when every nonce has been used: the connection has to be closed. At a million frames a second that takes 584,000 years.</summary>
    public bool IsExhausted => _nonce == ReservedNonce;

    /// <summary>How long the frame of a plaintext is, in bytes.</summary>
    public static int FrameLength(int plaintextLength) => HeaderLength + plaintextLength + TagLength;

    /// <summary>Reads the length prefix: how many bytes of ciphertext, tag included, follow it.</summary>
    public static int ReadHeader(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt16BigEndian(header);

    /// <summary>Writes a whole frame and returns its length.</summary>
    /// <param name="plaintext">At most <see cref="MaxPlaintextLength"/> bytes.</param>
    /// <param name="frame">
    /// At least <see cref="FrameLength"/> bytes. It may hold the plaintext, if that stands exactly behind the length prefix.
    /// </param>
    /// <exception cref="ArgumentException">The plaintext is too long or the frame too short.</exception>
    /// <exception cref="InvalidOperationException">The cipher is exhausted.</exception>
    public int Encrypt(ReadOnlySpan<byte> plaintext, Span<byte> frame)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(plaintext.Length, MaxPlaintextLength, nameof(plaintext));
        var length = FrameLength(plaintext.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(frame.Length, length, nameof(frame));
        Seal(plaintext, [], frame[HeaderLength..length]);
        BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)(length - HeaderLength));
        return length;
    }

    /// <summary>Reads what stands behind a length prefix. False when it was not sealed by the other side, or not in this order.</summary>
    /// <param name="ciphertext">Ciphertext and tag: exactly as many bytes as the length prefix said.</param>
    /// <param name="plaintext">At least <see cref="TagLength"/> bytes less; it may start exactly where the ciphertext does.</param>
    /// <param name="written">The plaintext's length, in bytes; may be 0.</param>
    public bool TryDecrypt(ReadOnlySpan<byte> ciphertext, Span<byte> plaintext, out int written)
    {
        var good = TryOpen(ciphertext, [], plaintext);
        written = good ? ciphertext.Length - TagLength : 0;
        return good;
    }

    /// <inheritdoc />
    public void Dispose() => _cipher.Dispose();

    internal void Seal(ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associated, Span<byte> destination)
    {
        if (IsExhausted)
        {
            throw new InvalidOperationException("Every nonce of this Noise session has been used; the connection has to be closed.");
        }

        Span<byte> nonce = stackalloc byte[NonceLength];
        WriteNonce(nonce);
        _cipher.Encrypt(nonce, plaintext, destination[..plaintext.Length], destination.Slice(plaintext.Length, TagLength), associated);
        _nonce++;
    }

    internal bool TryOpen(ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> associated, Span<byte> plaintext)
    {
        var length = ciphertext.Length - TagLength;
        if (length < 0 || length > plaintext.Length || IsExhausted)
        {
            return false;
        }

        Span<byte> nonce = stackalloc byte[NonceLength];
        WriteNonce(nonce);
        try
        {
            _cipher.Decrypt(nonce, ciphertext[..length], ciphertext[length..], plaintext[..length], associated);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        _nonce++;
        return true;
    }

    // Noise specification section 12.3: 32 bits of zeros, then the counter in little-endian.
    private void WriteNonce(Span<byte> nonce)
    {
        nonce[..NonceCounterOffset].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(nonce[NonceCounterOffset..], _nonce);
    }
}
