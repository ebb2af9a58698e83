using System.Net;
using NatActors.Fuzz.Engine;
using NatActors.Multiformats;

namespace NatActors.Fuzz.Entries.Protocols;

/// <summary>Peers and addresses of every kind, the same ones in each run: events name them by a byte, so that they meet again.</summary>
internal static class Samples
{
    private const int PeerCount = 16;

    /// <summary>A key to sign with.</summary>
    public static PrivateKey Key { get; } = PrivateKey.GenerateEd25519(new FuzzRandomSource(7));

    /// <summary>Peers; the first has <see cref="Key"/>.</summary>
    public static IReadOnlyList<PeerId> Peers { get; } =
        [Key.PeerId, .. Enumerable.Range(1,
            PeerCount - 1).Select(i => PrivateKey.GenerateEd25519(new FuzzRandomSource((ulong)(100 + i))).PeerId)];

    /// <summary>Addresses: public, private, special, of both families, relayed, by name, of other transports.</summary>
    public static IReadOnlyList<Multiaddr> Addresses { get; } =
    [
        .. new[]
        {
            "/ip4/11.0.0.1/tcp/4001", "/ip4/11.0.0.1/tcp/4002", "/ip4/11.0.0.2/tcp/4001", "/ip4/12.0.0.1/tcp/4001", "/ip4/13.1.2.3/tcp/9",
            "/ip4/14.4.4.4/tcp/65535", "/ip4/192.168.1.2/tcp/4001", "/ip4/192.168.1.3/tcp/4001", "/ip4/10.0.0.5/tcp/4001",
            "/ip4/100.64.1.1/tcp/4001", "/ip4/127.0.0.1/tcp/4001", "/ip4/169.254.3.3/tcp/4001", "/ip4/0.0.0.0/tcp/4001",
                "/ip4/11.0.0.9/tcp/0",
            "/ip4/224.0.0.1/tcp/1", "/ip4/203.0.113.5/tcp/4001", "/ip4/11.0.0.1/udp/4001/quic-v1", "/ip4/12.0.0.1/udp/4001/quic-v1",
            "/ip4/11.0.0.1/udp/4001", "/ip6/2a01:4f8::1/tcp/4001", "/ip6/2a01:4f8::1/tcp/4002", "/ip6/2a01:4f8:0:100::2/tcp/4001",
            "/ip6/2a02:8::3/udp/4001/quic-v1", "/ip6/::1/tcp/4001", "/ip6/::/tcp/4001", "/ip6/fd00::7/tcp/4001", "/ip6/fe80::1/tcp/4001",
            "/ip6zone/2/ip6/fe80::2/tcp/4001", "/ip6/::ffff:11.0.0.1/tcp/4001", "/ip6/64:ff9b::b00:1/tcp/4001", "/ip6/ff02::1/tcp/1",
            "/dns4/example.com/tcp/4001", "/dns/example.org/udp/1/quic-v1", "/dnsaddr/bootstrap.example.net",
            $"/ip4/11.0.0.7/tcp/4001/p2p/{Peers[2]}/p2p-circuit", $"/ip4/11.0.0.7/tcp/4001/p2p/{Peers[2]}/p2p-circuit/p2p/{Peers[3]}",
            $"/dns4/relay.example/tcp/1/p2p/{Peers[4]}/p2p-circuit", $"/ip4/11.0.0.7/tcp/4001/p2p/{Peers[2]}",
            $"/p2p/{Peers[5]}", "/p2p-circuit", "/ip4/11.0.0.1/tcp/443/tls/ws", "/memory/7",
        }.Select(Multiaddr.Parse),
    ];

    /// <summary>Hosts of both families.</summary>
    public static IReadOnlyList<IPAddress> Hosts { get; } =
    [
        .. new[]
        {
            "11.0.0.1", "11.0.0.2", "11.0.1.1", "12.0.0.1", "13.1.2.3", "192.168.1.1", "192.168.1.2", "10.0.0.1", "100.64.0.1", "127.0.0.1",
            "169.254.1.1", "0.0.0.0", "224.0.0.1", "2a01:4f8::1", "2a01:4f8::2", "2a01:4f8:0:100::1", "2a02:8::3", "::1", "::", "fd00::7",
            "fe80::1", "fe80::2%2", "::ffff:11.0.0.1", "64:ff9b::b00:1", "ff02::1",
        }.Select(IPAddress.Parse),
    ];

    /// <summary>One of the peers.</summary>
    public static PeerId Peer(ref EventArguments arguments) => arguments.Pick(Peers);

    /// <summary>A host: one of the samples, or of as many as an attacker has.</summary>
    public static IPAddress Host(ref EventArguments arguments)
    {
        var kind = arguments.Byte();
        if (kind < 224)
        {
            return Hosts[kind % Hosts.Count];
        }

        var bytes = new byte[kind < 240 ? 4 : 16];
        var part = arguments.Bytes();
        part[..Math.Min(part.Length, bytes.Length)].CopyTo(bytes);
        return new IPAddress(bytes);
    }

    /// <summary>An end point on one of few ports.</summary>
    public static IPEndPoint EndPoint(ref EventArguments arguments) =>
        new(Host(ref arguments), arguments.Byte() is var port && port < 128 ? 4000 + (port % 4) : arguments.UInt16());

    /// <summary>An address: one of the samples, one on a host, or whatever decodes out of the event's bytes.</summary>
    public static Multiaddr Address(ref EventArguments arguments)
    {
        var kind = arguments.Byte();
        if (kind < 200)
        {
            return Addresses[kind % Addresses.Count];
        }

        if (kind < 230)
        {
            return Multiaddr.FromIPEndPoint(EndPoint(ref arguments), (MultiaddrTransport)(kind % 3));
        }

        return Multiaddr.TryDecodeForeign(arguments.Bytes(), out var address) ? address : Addresses[kind % Addresses.Count];
    }

    /// <summary>Up to so many addresses.</summary>
    public static List<Multiaddr> AddressList(ref EventArguments arguments, int most)
    {
        var count = arguments.Below(most + 1);
        var addresses = new List<Multiaddr>(count);
        for (var i = 0; i < count; i++)
        {
            addresses.Add(Address(ref arguments));
        }

        return addresses;
    }

    /// <summary>True for a text that a person may be shown: no control characters.</summary>
    public static bool IsPrintable(string text)
    {
        foreach (var letter in text)
        {
            if (char.IsControl(letter))
            {
                return false;
            }
        }

        return true;
    }
}
