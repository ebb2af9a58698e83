using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace NatActors.Multiformats;

/// <summary>The transports whose addresses are made from an end point.</summary>
public enum MultiaddrTransport
{
    /// <summary><c>/tcp/PORT</c>.</summary>
    Tcp,

    /// <summary><c>/udp/PORT</c>.</summary>
    Udp,

    /// <summary><c>/udp/PORT/quic-v1</c>.</summary>
    QuicV1,
}

/// <content>What the components say, and addresses made from others.</content>
public sealed partial class Multiaddr
{
    /// <summary>
    /// The IP address at the head, with its zone, unless that is a name that a peer wrote (<see cref="TryDecodeForeign"/>); null when the head
    /// is a name or something else.
    /// </summary>
    public IPAddress? Host => _components[0].Protocol == MultiaddrProtocol.Ip4
        ? new IPAddress(_components[0].Value.Span)
        : HostIndex() is { } index && _components[index].Protocol == MultiaddrProtocol.Ip6 ? Ip6Host(index) : null;

    /// <summary>The peer at the end: the last <c>/p2p</c>, provided that no <c>/p2p-circuit</c> follows it; null when there is none.</summary>
    public PeerId? PeerId
    {
        get
        {
            var index = LastIndexOf(MultiaddrProtocol.P2p);
            return index > LastIndexOf(MultiaddrProtocol.P2pCircuit) ? PeerAt(index) : null;
        }
    }

    /// <summary>True when the address goes through a relay.</summary>
    public bool IsRelayed => LastIndexOf(MultiaddrProtocol.P2pCircuit) >= 0;

    /// <summary>True for plain TCP to an IP address or name: nothing but an optional <c>/p2p</c> follows the port. Never true when relayed.</summary>
    public bool IsTcp => HostIndex() is { } host && IsPlainAfter(host, MultiaddrProtocol.Tcp);

    /// <summary>True for QUIC version 1 to an IP address or name, WebTransport excluded. Never true when relayed.</summary>
    public bool IsQuic => HostIndex() is { } host
        && host + 2 < _components.Length
        && _components[host + 1].Protocol == MultiaddrProtocol.Udp
        && IsPlainAfter(host + 1, MultiaddrProtocol.QuicV1);

    /// <summary>True when the head is a name that has to be looked up.</summary>
    public bool UsesDns => IsName(_components[0].Protocol);

    /// <summary>The TCP address of an end point; an IPv4-mapped address becomes <c>/ip4</c>, a scope id becomes <c>/ip6zone</c>.</summary>
    public static Multiaddr FromTcp(IPEndPoint endPoint) => FromIPEndPoint(endPoint, MultiaddrTransport.Tcp);

    /// <summary>The address of an end point under a transport.</summary>
    public static Multiaddr FromIPEndPoint(IPEndPoint endPoint, MultiaddrTransport transport)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        var address = endPoint.Address.IsIPv4MappedToIPv6 ? endPoint.Address.MapToIPv4() : endPoint.Address;
        var raw = address.GetAddressBytes();
        var isIp4 = raw.Length == 4;
        var bytes = new List<byte>();
        if (!isIp4 && address.ScopeId != 0)
        {
            var zone = address.ScopeId.ToString(CultureInfo.InvariantCulture);
            MultiaddrCodec.Write(bytes, MultiaddrProtocol.Ip6Zone, System.Text.Encoding.ASCII.GetBytes(zone));
        }

        MultiaddrCodec.Write(bytes, isIp4 ? MultiaddrProtocol.Ip4 : MultiaddrProtocol.Ip6, raw);
        Span<byte> port = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(port, (ushort)endPoint.Port);
        MultiaddrCodec.Write(bytes, transport == MultiaddrTransport.Tcp ? MultiaddrProtocol.Tcp : MultiaddrProtocol.Udp, port);
        if (transport == MultiaddrTransport.QuicV1)
        {
            MultiaddrCodec.Write(bytes, MultiaddrProtocol.QuicV1, []);
        }

        return FromOwnBytes(bytes);
    }

    /// <summary>The end point of a plain TCP address on an IP address; a trailing <c>/p2p</c> is ignored, anything else there makes it false.</summary>
    public bool TryGetTcpEndPoint([NotNullWhen(true)] out IPEndPoint? endPoint)
    {
        endPoint = null;
        if (!IsTcp || Host is not { } host || HostIndex() is not { } index)
        {
            return false;
        }

        endPoint = new IPEndPoint(host, PortAt(index + 1));
        return true;
    }

    /// <summary>
    /// Takes a relayed address apart. True when exactly one <c>/p2p-circuit</c> is there and the relay before it is named by its <c>/p2p</c>.
    /// </summary>
    /// <param name="relay">The relay's address, with its <c>/p2p</c>.</param>
    /// <param name="relayPeer">The relay.</param>
    /// <param name="target">The peer behind it; null when the address names none.</param>
    public bool TrySplitCircuit(
        [NotNullWhen(true)] out Multiaddr? relay,
        [NotNullWhen(true)] out PeerId? relayPeer,
        out PeerId? target)
    {
        (relay, relayPeer, target) = (null, null, null);
        var circuit = LastIndexOf(MultiaddrProtocol.P2pCircuit);
        if (circuit < 1
            || _components.Count(c => c.Protocol == MultiaddrProtocol.P2pCircuit) != 1
            || _components[circuit - 1].Protocol != MultiaddrProtocol.P2p)
        {
            return false;
        }

        relay = Take(circuit);
        relayPeer = PeerAt(circuit - 1);
        target = PeerId;
        return true;
    }

    /// <summary>This address ending in that peer; an other peer id at the end is replaced, the same one is kept as it is.</summary>
    public Multiaddr WithPeerId(PeerId peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        var keep = _components[^1].Protocol == MultiaddrProtocol.P2p ? _components.Length - 1 : _components.Length;
        var bytes = new List<byte>(_bytes.Length + Multihash.MaxLength);
        foreach (var component in _components.AsSpan(0, keep))
        {
            MultiaddrCodec.Write(bytes, component.Protocol, component.Value.Span);
        }

        MultiaddrCodec.Write(bytes, MultiaddrProtocol.P2p, peer.Bytes.Span);
        return FromOwnBytes(bytes);
    }

    /// <summary>This address without every <c>/p2p</c> at its very end; an address that is nothing else stays as it is.</summary>
    public Multiaddr WithoutPeerId()
    {
        var keep = _components.Length;
        while (keep > 1 && _components[keep - 1].Protocol == MultiaddrProtocol.P2p)
        {
            keep--;
        }

        return keep == _components.Length ? this : Take(keep);
    }

    /// <summary>This address followed by another.</summary>
    /// <exception cref="ArgumentException">Together they are longer than <see cref="MaxLength"/>.</exception>
    public Multiaddr Append(Multiaddr other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return FromOwnBytes([.. _bytes, .. other._bytes]);
    }

    /// <summary>This address followed by others in text, e.g. <c>/p2p-circuit</c>.</summary>
    /// <exception cref="FormatException">The text is not a multiaddr.</exception>
    public Multiaddr Append(string text) => Append(Parse(text));

    private static bool IsName(MultiaddrProtocol protocol) =>
        protocol == MultiaddrProtocol.Dns
        || protocol == MultiaddrProtocol.Dns4
        || protocol == MultiaddrProtocol.Dns6
        || protocol == MultiaddrProtocol.DnsAddr;

    private static Multiaddr FromOwnBytes(List<byte> bytes) =>
        TryDecode(bytes.ToArray(), out var address, out var failure)
            ? address
            : throw new ArgumentException($"The address that would result is refused: {failure}.");

    private int? HostIndex()
    {
        var index = _components[0].Protocol == MultiaddrProtocol.Ip6Zone ? 1 : 0;
        if (index == _components.Length)
        {
            return null;
        }

        var protocol = _components[index].Protocol;
        var isHost = protocol == MultiaddrProtocol.Ip6 || (index == 0 && (protocol == MultiaddrProtocol.Ip4 || IsName(protocol)));
        return isHost ? index : null;
    }

    private IPAddress Ip6Host(int index)
    {
        var address = new IPAddress(_components[index].Value.Span);
        if (index == 0)
        {
            return address;
        }

        // A zone is a number or an interface's name; the parser of IPAddress knows both. What a peer calls a zone names nothing here, so no
        // interface is looked up for it.
        var zone = _components[0].Text;
        var isKnown = !_isForeign || zone.All(char.IsAsciiDigit);
        return isKnown && IPAddress.TryParse($"{address}%{zone}", out var scoped) ? scoped : address;
    }

    private bool IsPlainAfter(int index, MultiaddrProtocol transport) =>
        index + 1 < _components.Length
        && _components[index + 1].Protocol == transport
        && _components.AsSpan(index + 2) is { Length: 0 } or [{ Protocol.Kind: MultiaddrValueKind.PeerId }];

    private ushort PortAt(int index) => BinaryPrimitives.ReadUInt16BigEndian(_components[index].Value.Span);

    private PeerId PeerAt(int index) =>
        PeerId.TryDecode(_components[index].Value.Span, out var id, out var failure)
            ? id
            : throw new InvalidOperationException($"A validated peer id does not decode: {failure}.");

    private int LastIndexOf(MultiaddrProtocol protocol) => Array.FindLastIndex(_components, c => c.Protocol == protocol);

    private Multiaddr Take(int count)
    {
        var bytes = new List<byte>(_bytes.Length);
        foreach (var component in _components.AsSpan(0, count))
        {
            MultiaddrCodec.Write(bytes, component.Protocol, component.Value.Span);
        }

        return FromOwnBytes(bytes);
    }
}
