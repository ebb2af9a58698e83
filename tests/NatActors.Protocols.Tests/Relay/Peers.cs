using System.Security.Cryptography;
using NatActors.Multiformats;

namespace NatActors.Protocols.Tests.Relay;

/// <summary>Peers and addresses for tests, the same in every run.</summary>
internal static class Peers
{
    public static PrivateKey Key(int number)
    {
        var seed = SHA256.HashData(BitConverter.GetBytes(number));
        return PrivateKey.GenerateEd25519(new Fixed(seed));
    }

    public static PeerId Id(int number) => Key(number).PeerId;

    public static Multiaddr Address(string text) => Multiaddr.Parse(text);

    /// <summary>Gives the same bytes again and again.</summary>
    public sealed class Fixed(byte[] bytes) : RandomSource
    {
        public override void Fill(Span<byte> buffer)
        {
            for (var i = 0; i < buffer.Length; i++)
            {
                buffer[i] = bytes[i % bytes.Length];
            }
        }
    }

    /// <summary>Always zero: no jitter.</summary>
    public static RandomSource NoJitter { get; } = new Fixed([0]);
}
