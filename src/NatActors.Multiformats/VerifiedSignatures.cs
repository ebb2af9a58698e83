using System.Buffers.Binary;
using System.Security.Cryptography;

namespace NatActors.Multiformats;

/// <summary>
/// Checks signatures, and knows again those that it found good lately: a peer that comes again, or by a second path, shows the same bytes,
/// and a check costs as much as a tenth of a handshake. Only the hash of key, data and signature together is kept, and nothing of bad ones.
/// Bounded, the oldest are forgotten. Safe from any thread.
/// </summary>
public sealed class VerifiedSignatures
{
    /// <summary>Signatures remembered. Ours: the peers of a busy hour; about 25 KiB.</summary>
    public const int MaxRemembered = 256;

    private readonly Lock _gate = new();
    private readonly HashSet<(UInt128 High, UInt128 Low)> _good = [];
    private readonly Queue<(UInt128 High, UInt128 Low)> _inOrder = new();

    /// <summary>How many are remembered now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _good.Count;
            }
        }
    }

    /// <summary>True when the signature is that key's over the data, as <see cref="PublicKey.Verify"/> says.</summary>
    public bool Verify(PublicKey key, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        ArgumentNullException.ThrowIfNull(key);
        var digest = Digest(key, data, signature);
        lock (_gate)
        {
            if (_good.Contains(digest))
            {
                return true;
            }
        }

        if (!key.Verify(data, signature))
        {
            return false;
        }

        lock (_gate)
        {
            Remember(digest);
        }

        return true;
    }

    private void Remember((UInt128 High, UInt128 Low) digest)
    {
        if (!_good.Add(digest))
        {
            return;
        }

        _inOrder.Enqueue(digest);
        if (_inOrder.Count > MaxRemembered)
        {
            _good.Remove(_inOrder.Dequeue());
        }
    }

    /// <summary>The lengths go first: the same bytes divided otherwise are something else.</summary>
    private static (UInt128 High, UInt128 Low) Digest(PublicKey key, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        var name = key.ToProtobuf();
        var bytes = new byte[sizeof(int) + sizeof(int) + name.Length + data.Length + signature.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, name.Length);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(sizeof(int)), data.Length);
        var rest = bytes.AsSpan(2 * sizeof(int));
        name.CopyTo(rest);
        data.CopyTo(rest[name.Length..]);
        signature.CopyTo(rest[(name.Length + data.Length)..]);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, digest);
        return (BinaryPrimitives.ReadUInt128BigEndian(digest), BinaryPrimitives.ReadUInt128BigEndian(digest[(SHA256.HashSizeInBytes / 2)..]));
    }
}
