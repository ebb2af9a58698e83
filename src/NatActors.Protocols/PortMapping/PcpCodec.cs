using System.Buffers.Binary;
using System.Net;

namespace NatActors.Protocols.PortMapping;

/// <summary>What a PCP server answered (RFC 6887 section 7.4). Numbers that are not listed there are kept as they are.</summary>
public enum PcpResult
{
    /// <summary>Done.</summary>
    Success = 0,

    /// <summary>It speaks another version.</summary>
    UnsupportedVersion = 1,

    /// <summary>A rule forbids it, or the mapping is another's (its nonce differs).</summary>
    NotAuthorized = 2,

    /// <summary>It could not read the request.</summary>
    MalformedRequest = 3,

    /// <summary>It does not know the operation.</summary>
    UnsupportedOpcode = 4,

    /// <summary>It does not know an option that it should.</summary>
    UnsupportedOption = 5,

    /// <summary>It could not read an option.</summary>
    MalformedOption = 6,

    /// <summary>It has no connection itself; may pass.</summary>
    NetworkFailure = 7,

    /// <summary>It can hold no more mappings now; may pass.</summary>
    NoResources = 8,

    /// <summary>It does not map this transport protocol.</summary>
    UnsupportedProtocol = 9,

    /// <summary>This machine has had its share; may pass.</summary>
    UserExceededQuota = 10,

    /// <summary>It cannot give the external address or port that was wished for.</summary>
    CannotProvideExternal = 11,

    /// <summary>The request came from another address than it says: a NAT stands between.</summary>
    AddressMismatch = 12,

    /// <summary>Too many filters.</summary>
    ExcessiveRemotePeers = 13,
}

/// <summary>An answer of a PCP server.</summary>
/// <param name="Version">The version that it speaks.</param>
/// <param name="Result">What came of the request.</param>
/// <param name="Lifetime">The lease, or after an error how long the same is to be expected.</param>
/// <param name="Epoch">Seconds since the server's table was new.</param>
/// <param name="Mapping">The mapping, of an answer to MAP that is long enough to hold it; else null.</param>
public sealed record PcpAnswer(byte Version, PcpResult Result, TimeSpan Lifetime, uint Epoch, PcpMapping? Mapping);

/// <summary>The body of MAP, the same in requests and answers (RFC 6887 section 11.1).</summary>
/// <param name="Nonce">Whose mapping it is: <see cref="PcpCodec.NonceLength"/> bytes.</param>
/// <param name="Protocol">The protocol number.</param>
/// <param name="InternalPort">The internal port.</param>
/// <param name="ExternalPort">The external port, wished for or given.</param>
/// <param name="External">The external address, wished for or given; all zeros for any.</param>
public sealed record PcpMapping(ReadOnlyMemory<byte> Nonce, byte Protocol, int InternalPort, int ExternalPort, IPAddress External);

/// <summary>The datagrams of PCP version 2 (RFC 6887 sections 7 and 11), without options: this client acts for itself only.</summary>
public static class PcpCodec
{
    /// <summary>The version of RFC 6887.</summary>
    public const byte Version = 2;

    /// <summary>The longest message (section 7).</summary>
    public const int MaxMessage = 1100;

    /// <summary>Bytes of a mapping's nonce (section 11.1).</summary>
    public const int NonceLength = 12;

    private const byte AnswerBit = 128;
    private const byte OpAnnounce = 0;
    private const byte OpMap = 1;
    private const int Header = 24;
    private const int MapBody = 36;

    /// <summary>Asks the server to say that it is there (ANNOUNCE, section 14.1).</summary>
    /// <param name="client">The address that the datagram leaves from.</param>
    public static byte[] Announce(IPAddress client) => Request(OpAnnounce, client, TimeSpan.Zero, Header);

    /// <summary>Asks for a mapping, its renewal, or (no lifetime) its removal.</summary>
    /// <param name="client">The address that the datagram leaves from, which is the internal one.</param>
    /// <param name="mapping">What to map.</param>
    /// <param name="lifetime">The lease; zero removes.</param>
    public static byte[] Map(IPAddress client, PcpMapping mapping, TimeSpan lifetime)
    {
        var request = Request(OpMap, client, lifetime, Header + MapBody);
        var body = request.AsSpan(Header);
        mapping.Nonce.Span.CopyTo(body);
        body[12] = mapping.Protocol;
        BinaryPrimitives.WriteUInt16BigEndian(body[16..], (ushort)mapping.InternalPort);
        BinaryPrimitives.WriteUInt16BigEndian(body[18..], (ushort)mapping.ExternalPort);
        WriteAddress(mapping.External, body[20..]);
        return request;
    }

    /// <summary>
    /// Reads an answer, of any version: an old server answers in its own that it does not speak ours (section 9). Null for anything that is
    /// no answer.
    /// </summary>
    public static PcpAnswer? Parse(ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length is < 4 or > MaxMessage || datagram[1] < AnswerBit)
        {
            return null;
        }

        if (datagram[0] != Version)
        {
            // NAT-PMP's result has 16 bits here, PCP's the lower eight of them: the same number for a wrong version.
            return new PcpAnswer(datagram[0], (PcpResult)datagram[3], TimeSpan.Zero, 0, null);
        }

        // Section 8.3: lengths that no server sends are dropped.
        if (datagram.Length < Header || datagram.Length % 4 != 0)
        {
            return null;
        }

        var result = (PcpResult)datagram[3];
        var lifetime = TimeSpan.FromSeconds(BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]));
        var epoch = BinaryPrimitives.ReadUInt32BigEndian(datagram[8..]);
        return (datagram[1] - AnswerBit) switch
        {
            OpAnnounce => new PcpAnswer(Version, result, lifetime, epoch, null),
            OpMap when datagram.Length >= Header + MapBody =>
                new PcpAnswer(Version, result, lifetime, epoch, ReadMapping(datagram[Header..])),
            OpMap when result != PcpResult.Success => new PcpAnswer(Version, result, lifetime, epoch, null),
            _ => null,
        };
    }

    /// <summary>A result in words for a person.</summary>
    public static string Describe(PcpResult result) => result switch
    {
        PcpResult.Success => "done",
        PcpResult.UnsupportedVersion => "it does not speak PCP version 2",
        PcpResult.NotAuthorized => "its owner or a rule forbids it, or the port is mapped for another (not authorized)",
        PcpResult.NetworkFailure => GatewayText.NoExternal + " (network failure)",
        PcpResult.NoResources => "it can hold no more mappings (no resources)",
        PcpResult.UnsupportedProtocol => "it does not map this transport protocol",
        PcpResult.UserExceededQuota => "this machine has its share of mappings (quota exceeded)",
        PcpResult.CannotProvideExternal => "it cannot provide the external address or port",
        PcpResult.AddressMismatch => "a NAT stands between this machine and it (address mismatch)",
        _ => $"PCP result {(int)result}",
    };

    private static byte[] Request(byte opcode, IPAddress client, TimeSpan lifetime, int length)
    {
        var request = new byte[length];
        request[0] = Version;
        request[1] = opcode;
        BinaryPrimitives.WriteUInt32BigEndian(request.AsSpan(4), (uint)lifetime.TotalSeconds);
        WriteAddress(client, request.AsSpan(8));
        return request;
    }

    private static PcpMapping ReadMapping(ReadOnlySpan<byte> body)
    {
        var external = new IPAddress(body.Slice(20, 16));
        return new PcpMapping(
            body[..NonceLength].ToArray(),
            body[12],
            BinaryPrimitives.ReadUInt16BigEndian(body[16..]),
            BinaryPrimitives.ReadUInt16BigEndian(body[18..]),
            external.IsIPv4MappedToIPv6 ? external.MapToIPv4() : external);
    }

    /// <summary>Sixteen bytes; IPv4 in mapped form (section 5).</summary>
    private static void WriteAddress(IPAddress address, Span<byte> to) => address.MapToIPv6().TryWriteBytes(to, out _);
}
