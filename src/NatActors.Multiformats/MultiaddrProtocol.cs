using System.Collections.Frozen;

namespace NatActors.Multiformats;

/// <summary>How the value of a component is written, in bytes and in text.</summary>
internal enum MultiaddrValueKind
{
    None,
    Ip4,
    Ip6,
    Port,
    UInt64,
    Name,
    PeerId,
    CertHash,
}

/// <summary>One kind of multiaddr component (multiformats/multicodec table, libp2p/specs addressing).</summary>
public sealed class MultiaddrProtocol
{
    private static readonly Dictionary<string, MultiaddrProtocol> Named = new(StringComparer.Ordinal);

    /// <summary>An IPv4 address, 4 bytes.</summary>
    public static readonly MultiaddrProtocol Ip4 = Add(4, "ip4", MultiaddrValueKind.Ip4);

    /// <summary>A TCP port.</summary>
    public static readonly MultiaddrProtocol Tcp = Add(6, "tcp", MultiaddrValueKind.Port);

    /// <summary>An IPv6 address, 16 bytes.</summary>
    public static readonly MultiaddrProtocol Ip6 = Add(41, "ip6", MultiaddrValueKind.Ip6);

    /// <summary>The zone of the ip6 component that follows it.</summary>
    public static readonly MultiaddrProtocol Ip6Zone = Add(42, "ip6zone", MultiaddrValueKind.Name);

    /// <summary>A domain name, either family.</summary>
    public static readonly MultiaddrProtocol Dns = Add(53, "dns", MultiaddrValueKind.Name);

    /// <summary>A domain name, IPv4 only.</summary>
    public static readonly MultiaddrProtocol Dns4 = Add(54, "dns4", MultiaddrValueKind.Name);

    /// <summary>A domain name, IPv6 only.</summary>
    public static readonly MultiaddrProtocol Dns6 = Add(55, "dns6", MultiaddrValueKind.Name);

    /// <summary>A domain whose TXT records hold multiaddrs.</summary>
    public static readonly MultiaddrProtocol DnsAddr = Add(56, "dnsaddr", MultiaddrValueKind.Name);

    /// <summary>A UDP port.</summary>
    public static readonly MultiaddrProtocol Udp = Add(273, "udp", MultiaddrValueKind.Port);

    /// <summary>WebRTC to a listener without a signalling server.</summary>
    public static readonly MultiaddrProtocol WebRtcDirect = Add(280, "webrtc-direct", MultiaddrValueKind.None);

    /// <summary>WebRTC between browsers.</summary>
    public static readonly MultiaddrProtocol WebRtc = Add(281, "webrtc", MultiaddrValueKind.None);

    /// <summary>What stands before it is a relay, what follows is reached through it.</summary>
    public static readonly MultiaddrProtocol P2pCircuit = Add(290, "p2p-circuit", MultiaddrValueKind.None);

    /// <summary>A peer id. <c>/ipfs/</c> is read as the same.</summary>
    public static readonly MultiaddrProtocol P2p = Add(421, "p2p", MultiaddrValueKind.PeerId);

    /// <summary>TLS.</summary>
    public static readonly MultiaddrProtocol Tls = Add(448, "tls", MultiaddrValueKind.None);

    /// <summary>The server name that TLS asks for.</summary>
    public static readonly MultiaddrProtocol Sni = Add(449, "sni", MultiaddrValueKind.Name);

    /// <summary>Noise.</summary>
    public static readonly MultiaddrProtocol Noise = Add(454, "noise", MultiaddrValueKind.None);

    /// <summary>QUIC draft-29; nobody here dials it.</summary>
    public static readonly MultiaddrProtocol Quic = Add(460, "quic", MultiaddrValueKind.None);

    /// <summary>QUIC version 1 (RFC 9000).</summary>
    public static readonly MultiaddrProtocol QuicV1 = Add(461, "quic-v1", MultiaddrValueKind.None);

    /// <summary>WebTransport.</summary>
    public static readonly MultiaddrProtocol WebTransport = Add(465, "webtransport", MultiaddrValueKind.None);

    /// <summary>The hash of a certificate, a multihash; multibase text.</summary>
    public static readonly MultiaddrProtocol CertHash = Add(466, "certhash", MultiaddrValueKind.CertHash);

    /// <summary>WebSocket.</summary>
    public static readonly MultiaddrProtocol Ws = Add(477, "ws", MultiaddrValueKind.None);

    /// <summary>WebSocket over TLS.</summary>
    public static readonly MultiaddrProtocol Wss = Add(478, "wss", MultiaddrValueKind.None);

    /// <summary>A link inside one process, 8-byte number.</summary>
    public static readonly MultiaddrProtocol Memory = Add(777, "memory", MultiaddrValueKind.UInt64);

    private const string LegacyP2pName = "ipfs";

    private static readonly FrozenDictionary<ulong, MultiaddrProtocol> ByCode = Named.Values.ToFrozenDictionary(p => p.Code);
    private static readonly FrozenDictionary<string, MultiaddrProtocol> ByName = Named.ToFrozenDictionary(StringComparer.Ordinal);

    private MultiaddrProtocol(ulong code, string name, MultiaddrValueKind kind)
    {
        Code = code;
        Name = name;
        Kind = kind;
    }

    /// <summary>The multicodec code.</summary>
    public ulong Code { get; }

    /// <summary>The name between the slashes.</summary>
    public string Name { get; }

    /// <summary>True when a value follows the name.</summary>
    public bool HasValue => Kind != MultiaddrValueKind.None;

    internal MultiaddrValueKind Kind { get; }

    /// <inheritdoc />
    public override string ToString() => Name;

    internal static MultiaddrProtocol? Find(ulong code) => ByCode.GetValueOrDefault(code);

    internal static MultiaddrProtocol? Find(string name) => name == LegacyP2pName ? P2p : ByName.GetValueOrDefault(name);

    private static MultiaddrProtocol Add(ulong code, string name, MultiaddrValueKind kind)
    {
        var protocol = new MultiaddrProtocol(code, name, kind);
        Named.Add(name, protocol);
        return protocol;
    }
}
