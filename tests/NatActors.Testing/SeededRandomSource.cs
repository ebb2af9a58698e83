using System.Buffers.Binary;
using System.Security.Cryptography;
using NatActors.Multiformats;

namespace NatActors.Testing;

/// <summary>The same bytes for the same seed, on every machine: SHA-256 of seed and counter. Never for real keys.</summary>
public sealed class SeededRandomSource : RandomSource
{
    private readonly Lock _gate = new();
    private readonly byte[] _input = new byte[16];
    private readonly byte[] _block = new byte[SHA256.HashSizeInBytes];
    private int _used = SHA256.HashSizeInBytes;
    private ulong _counter;

    /// <summary>Starts at the seed.</summary>
    public SeededRandomSource(ulong seed = 1) => BinaryPrimitives.WriteUInt64LittleEndian(_input, seed);

    /// <inheritdoc />
    public override void Fill(Span<byte> buffer)
    {
        lock (_gate)
        {
            while (!buffer.IsEmpty)
            {
                if (_used == _block.Length)
                {
                    BinaryPrimitives.WriteUInt64LittleEndian(_input.AsSpan(sizeof(ulong)), _counter++);
                    SHA256.HashData(_input, _block);
                    _used = 0;
                }

                var take = Math.Min(buffer.Length, _block.Length - _used);
                _block.AsSpan(_used, take).CopyTo(buffer);
                _used += take;
                buffer = buffer[take..];
            }
        }
    }
}
