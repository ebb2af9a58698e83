using System.Security.Cryptography;
using NatActors.Multiformats;

namespace NatActors.Transports;

/// <summary>The operating system's cryptographic generator.</summary>
public sealed class SystemRandomSource : RandomSource
{
    /// <summary>The one instance; it has no state of its own.</summary>
    public static SystemRandomSource Instance { get; } = new();

    private SystemRandomSource()
    {
    }

    /// <inheritdoc />
    public override void Fill(Span<byte> buffer) => RandomNumberGenerator.Fill(buffer);
}
