using System.Security.Cryptography;

namespace NatActors.Multiformats;

/// <summary>Hash functions of a multihash that peer ids and certificate hashes use (multicodec table).</summary>
public enum MultihashCode
{
    /// <summary>The digest is the content itself.</summary>
    Identity = 0x00,

    /// <summary>SHA-256.</summary>
    Sha256 = 0x12,
}

/// <summary>A self-describing digest: varint code, varint length, digest (multiformats/multihash). Only identity and sha2-256.</summary>
public readonly struct Multihash
{
    /// <summary>
    /// The longest identity digest accepted, in bytes. Peer ids inline keys up to 42 bytes (peer-ids spec); nothing else here inlines anything.
    /// </summary>
    public const int MaxIdentityLength = 42;

    /// <summary>The length of a sha2-256 digest, in bytes.</summary>
    public const int Sha256Length = SHA256.HashSizeInBytes;

    /// <summary>The longest multihash accepted, in bytes: one byte each for code and length, then the digest.</summary>
    public const int MaxLength = 2 + MaxIdentityLength;

    private Multihash(MultihashCode code, int digestOffset, int length)
    {
        Code = code;
        DigestOffset = digestOffset;
        Length = length;
    }

    /// <summary>The hash function.</summary>
    public MultihashCode Code { get; }

    /// <summary>Where the digest starts inside the bytes that were read.</summary>
    public int DigestOffset { get; }

    /// <summary>How many bytes code, length and digest take together.</summary>
    public int Length { get; }

    /// <summary>Reads a multihash that takes up the whole buffer.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out Multihash multihash, out DecodeFailure failure)
    {
        multihash = default;
        if (source.Length > MaxLength)
        {
            failure = DecodeFailure.TooLarge;
            return false;
        }

        if (!TryReadNumber(source, out var code, out var codeLength, out failure)
            || !TryReadNumber(source[codeLength..], out var length, out var lengthLength, out failure)
            || !IsAcceptable(code, length, out failure))
        {
            return false;
        }

        var offset = codeLength + lengthLength;
        var end = offset + (int)length;
        if (end != source.Length)
        {
            failure = end > source.Length ? DecodeFailure.Truncated : DecodeFailure.TrailingBytes;
            return false;
        }

        multihash = new Multihash((MultihashCode)code, offset, end);
        return true;
    }

    /// <summary>The multihash of content under a hash function, as bytes.</summary>
    /// <exception cref="ArgumentException">Content too long for <see cref="MultihashCode.Identity"/>.</exception>
    public static byte[] Of(MultihashCode code, ReadOnlySpan<byte> content)
    {
        if (code == MultihashCode.Identity && content.Length > MaxIdentityLength)
        {
            throw new ArgumentException($"An identity multihash holds at most {MaxIdentityLength} bytes.", nameof(content));
        }

        var digestLength = code == MultihashCode.Identity ? content.Length : Sha256Length;
        var bytes = new byte[2 + digestLength];
        bytes[0] = (byte)code;
        bytes[1] = (byte)digestLength;
        if (code == MultihashCode.Identity)
        {
            content.CopyTo(bytes.AsSpan(2));
        }
        else
        {
            SHA256.HashData(content, bytes.AsSpan(2));
        }

        return bytes;
    }

    private static bool TryReadNumber(ReadOnlySpan<byte> source, out ulong value, out int bytesRead, out DecodeFailure failure)
    {
        var status = Varint.TryRead(source, out value, out bytesRead, out failure);
        if (status == DecodeStatus.NeedMoreData)
        {
            failure = DecodeFailure.Truncated;
        }

        return status == DecodeStatus.Done;
    }

    private static bool IsAcceptable(ulong code, ulong length, out DecodeFailure failure)
    {
        failure = code switch
        {
            (ulong)MultihashCode.Identity => length > MaxIdentityLength ? DecodeFailure.TooLarge : DecodeFailure.None,
            (ulong)MultihashCode.Sha256 => length != Sha256Length ? DecodeFailure.Malformed : DecodeFailure.None,
            _ => DecodeFailure.Unsupported,
        };
        return failure == DecodeFailure.None;
    }
}
