using NatActors.Multiformats;

namespace NatActors.Wire.Tests.Security;

/// <summary>Gives out prepared bytes in order: the keys that a test vector names.</summary>
internal sealed class FixedKeys(params byte[][] keys) : RandomSource
{
    private readonly Queue<byte[]> _keys = new(keys);

    public override void Fill(Span<byte> buffer) => _keys.Dequeue().CopyTo(buffer);
}
