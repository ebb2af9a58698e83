using System.Buffers.Binary;
using System.Security.Cryptography;

namespace NatActors.Protocols.PortMapping;

/// <summary>
/// The nonces of PCP mappings (RFC 6887 section 11.2). A server renews and removes a mapping only for who knows its nonce, and refuses
/// another for the same internal port until it ends; so a nonce must be nobody's guess and must outlive a crash of this process. Both hold
/// when it is made of a secret that the node keeps anyway.
/// </summary>
public sealed class MappingNonce
{
    private static readonly byte[] Purpose = "natactors pcp mapping nonce"u8.ToArray();

    private readonly byte[] _key;

    /// <summary>Nonces of a secret.</summary>
    /// <param name="secret">Something that only this node knows and that stays the same, such as its private key; not kept.</param>
    public MappingNonce(ReadOnlySpan<byte> secret) => _key = HMACSHA256.HashData(secret, Purpose);

    /// <summary>The nonce of a port: always the same, <see cref="PcpCodec.NonceLength"/> bytes.</summary>
    public byte[] Of(PortToMap port)
    {
        Span<byte> input = stackalloc byte[16 + 1 + 2];
        port.Internal.MapToIPv6().TryWriteBytes(input, out _);
        input[16] = port.ProtocolNumber;
        BinaryPrimitives.WriteUInt16BigEndian(input[17..], (ushort)port.Port);
        return HMACSHA256.HashData(_key, input)[..PcpCodec.NonceLength];
    }
}
