using System.Buffers.Binary;
using NatActors.Multiformats;

namespace NatActors.Protocols.Tests.Connections;

/// <summary>Peer ids in a known order, and addresses, for tests.</summary>
internal static class Peers
{
    /// <summary>Peer <paramref name="number"/>; a smaller number is a smaller id. No key is behind it.</summary>
    public static PeerId Numbered(int number)
    {
        var bytes = new byte[34];
        (bytes[0], bytes[1]) = (0x12, 0x20);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(2), number);
        return PeerId.TryDecode(bytes, out var id, out _) ? id : throw new InvalidOperationException("bad test peer id");
    }

    public static Multiaddr Address(string text) => Multiaddr.Parse(text);

    public static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}

/// <summary>Counts up: every byte differs from the last one.</summary>
internal sealed class CountingRandom : RandomSource
{
    private byte _next;

    public override void Fill(Span<byte> buffer)
    {
        foreach (ref var b in buffer)
        {
            b = _next++;
        }
    }
}
