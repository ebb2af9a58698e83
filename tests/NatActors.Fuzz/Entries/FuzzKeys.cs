using System.Text;
using NatActors.Multiformats;
using NatActors.Multiformats.Tests.Shared;

namespace NatActors.Fuzz.Entries;

/// <summary>Keys, peers and addresses that seeds are made of: the vectors of the peer-ids spec, the same in every run.</summary>
public static class FuzzKeys
{
    private static readonly VectorFile Vectors = new("keys.txt");

    /// <summary>A private key of each kind.</summary>
    public static IReadOnlyList<PrivateKey> Private { get; } =
        [.. new[] { "ed25519", "secp256k1", "ecdsa", "rsa" }.Select(kind => PrivateKey.FromProtobuf(Vectors[kind + ".private"]))];

    /// <summary>The usual identity.</summary>
    public static PrivateKey Ed25519 => Private[0];

    /// <summary>A peer of each kind of key.</summary>
    public static IReadOnlyList<PeerId> Peers { get; } = [.. Private.Select(key => key.PeerId)];

    /// <summary>Addresses of every kind that is known.</summary>
    public static IReadOnlyList<string> Addresses { get; } =
    [
        "/ip4/203.0.113.7/tcp/4001", "/ip6/2001:db8::1/tcp/4001", "/ip4/10.0.0.1/udp/4001/quic-v1", "/dns4/relay.example/tcp/443",
        "/dnsaddr/bootstrap.example",
        $"/ip4/203.0.113.7/tcp/4001/p2p/{Peers[0]}/p2p-circuit/p2p/{Peers[1]}", $"/ip6zone/eth0/ip6/fe80::1/tcp/1/p2p/{Peers[3]}",
        "/dns/example.org/tcp/443/tls/sni/example.org/wss",
        "/ip4/192.0.2.1/udp/9/quic-v1/webtransport/certhash/uEiAkH5a4DPGKUuOBjYw0CgwjvcJCJMD2K_1aluKR_tpevQ",
        "/ip6/::ffff:192.0.2.1/tcp/0", "/memory/18446744073709551615", "/ip4/192.0.2.1/udp/9/webrtc-direct", "/ip4/127.0.0.1/tcp/65535/ws",
        "/p2p/" + Peers[2].ToCid(),
    ];

    /// <summary>The same in bytes.</summary>
    public static IReadOnlyList<byte[]> AddressBytes { get; } = [.. Addresses.Select(text => Multiaddr.Parse(text).ToByteArray())];

    /// <summary>Text as an input.</summary>
    public static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);
}
