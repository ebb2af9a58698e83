using System.Security.Cryptography;

namespace NatActors.Wire.Security;

/// <summary>Noise specification section 5.2: the chaining key, the transcript hash and the current cipher.</summary>
internal sealed class NoiseSymmetricState : IDisposable
{
    internal const int HashLength = SHA256.HashSizeInBytes;

    private readonly byte[] _chainingKey = new byte[HashLength];
    private readonly byte[] _hash = new byte[HashLength];
    private NoiseCipher? _cipher;

    /// <summary>Starts from a protocol name of at most 32 bytes, padded with zeros.</summary>
    internal NoiseSymmetricState(ReadOnlySpan<byte> protocolName)
    {
        protocolName.CopyTo(_hash);
        _hash.CopyTo(_chainingKey, 0);
    }

    /// <summary>The hash of everything said so far.</summary>
    internal ReadOnlySpan<byte> Hash => _hash;

    /// <summary>How much longer an encrypted piece is than its plaintext, at this point, in bytes.</summary>
    internal int Overhead => _cipher is null ? 0 : NoiseCipher.TagLength;

    internal void MixHash(ReadOnlySpan<byte> data)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(_hash);
        hash.AppendData(data);
        hash.GetHashAndReset(_hash);
    }

    internal void MixKey(ReadOnlySpan<byte> secret)
    {
        Span<byte> keys = stackalloc byte[2 * HashLength];
        Derive(secret, keys);
        keys[..HashLength].CopyTo(_chainingKey);
        _cipher?.Dispose();
        _cipher = new NoiseCipher(keys[HashLength..]);
        CryptographicOperations.ZeroMemory(keys);
    }

    /// <summary>Encrypts if there is a key by now, else copies; the destination takes the plaintext and <see cref="Overhead"/>.</summary>
    internal void EncryptAndHash(ReadOnlySpan<byte> plaintext, Span<byte> destination)
    {
        if (_cipher is null)
        {
            plaintext.CopyTo(destination);
        }
        else
        {
            _cipher.Seal(plaintext, _hash, destination);
        }

        MixHash(destination);
    }

    /// <summary>Decrypts if there is a key by now, else copies; the destination takes the ciphertext less <see cref="Overhead"/>.</summary>
    internal bool TryDecryptAndHash(ReadOnlySpan<byte> ciphertext, Span<byte> destination)
    {
        if (_cipher is null)
        {
            ciphertext.CopyTo(destination);
        }
        else if (!_cipher.TryOpen(ciphertext, _hash, destination))
        {
            return false;
        }

        MixHash(ciphertext);
        return true;
    }

    /// <summary>The two transport ciphers: the initiator's, then the responder's.</summary>
    internal (NoiseCipher Initiator, NoiseCipher Responder) Split()
    {
        Span<byte> keys = stackalloc byte[2 * HashLength];
        Derive([], keys);
        var ciphers = (new NoiseCipher(keys[..HashLength]), new NoiseCipher(keys[HashLength..]));
        CryptographicOperations.ZeroMemory(keys);
        return ciphers;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _cipher?.Dispose();
        CryptographicOperations.ZeroMemory(_chainingKey);
    }

    // Noise specification section 4.3, with two outputs. Not the BCL's HKDF: over OpenSSL it refuses the empty secret of the last step.
    private void Derive(ReadOnlySpan<byte> secret, Span<byte> output)
    {
        Span<byte> temporary = stackalloc byte[HashLength];
        Span<byte> block = stackalloc byte[HashLength + 1];
        HMACSHA256.HashData(_chainingKey, secret, temporary);
        HMACSHA256.HashData(temporary, [1], output[..HashLength]);
        output[..HashLength].CopyTo(block);
        block[HashLength] = 2;
        HMACSHA256.HashData(temporary, block, output[HashLength..]);
        CryptographicOperations.ZeroMemory(temporary);
        CryptographicOperations.ZeroMemory(block);
    }
}
