using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Connections;

namespace NatActors.Protocols.AutoNat;

/// <summary>Why a server does not dial an address that somebody named.</summary>
public enum DialBackRefusal
{
    /// <summary>It does.</summary>
    None,

    /// <summary>It leads through a relay: that would test the relay.</summary>
    Relayed,

    /// <summary>Not an address of the internet: nobody may aim this node at the inside of a network.</summary>
    NotPublic,

    /// <summary>An address of this very node: nobody may make it knock at its own door.</summary>
    OwnAddress,

    /// <summary>A transport, an IP version or a form that this node cannot dial.</summary>
    Unsupported,
}

/// <summary>
/// Which addresses AutoNAT's answering side dials at all, whoever asks (autonat-v2.md, "Implementation Suggestions"; go-libp2p host/autonat,
/// dialPolicy).
/// </summary>
public sealed class AutoNatServerPolicy
{
    private readonly Func<Multiaddr, bool> _canDial;
    private HashSet<IPAddress> _own = [];
    private bool _hasIPv4 = true;
    private bool _hasIPv6 = true;

    /// <summary>A policy for a node whose addresses are not known yet; see <see cref="SetOwn"/>.</summary>
    /// <param name="allowPrivate">
    /// True for closed networks and tests: addresses of limited reach, loopback and documentation too; then the own address is dialed as
    /// well unless it is public, as such networks may be one machine.
    /// </param>
    /// <param name="canDial">True for a transport address that this node has a transport for.</param>
    public AutoNatServerPolicy(bool allowPrivate, Func<Multiaddr, bool> canDial)
    {
        AllowPrivate = allowPrivate;
        _canDial = canDial;
    }

    /// <summary>True for closed networks and tests.</summary>
    public bool AllowPrivate { get; }

    /// <summary>This node's addresses, as far as known.</summary>
    public IReadOnlySet<IPAddress> Own => _own;

    /// <summary>Which addresses this node has.</summary>
    /// <param name="interfaces">Those of its interfaces: the IP versions among them are the ones it can dial.</param>
    /// <param name="outside">Those under which others see it.</param>
    public void SetOwn(IEnumerable<IPAddress> interfaces, IEnumerable<IPAddress> outside)
    {
        var inner = interfaces.Select(Plain).ToArray();
        _own = [.. inner, .. outside.Select(Plain)];
        var usable = inner.Where(IsUsable).ToArray();

        // Where the system does not say what it has, a dial will.
        _hasIPv4 = inner.Length == 0 || Array.Exists(usable, a => !IsIPv6(a));
        _hasIPv6 = inner.Length == 0 || Array.Exists(usable, IsIPv6);
    }

    /// <summary>Whether this node dials the address, or why not. A peer id behind it does not matter.</summary>
    public DialBackRefusal Judge(Multiaddr address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.IsRelayed)
        {
            return DialBackRefusal.Relayed;
        }

        // A zone means something on its own machine only; an IPv4 address inside an IPv6 one would be dialed by another way than it looks.
        if (address.Components[0].Protocol == MultiaddrProtocol.Ip6Zone || (address.Host is { } host && IsDisguised(host)))
        {
            return DialBackRefusal.Unsupported;
        }

        if (!IsAllowed(address))
        {
            return DialBackRefusal.NotPublic;
        }

        if (address.Host is { } ip && _own.Contains(ip) && (!AllowPrivate || AddressScope.IsPublic(ip)))
        {
            return DialBackRefusal.OwnAddress;
        }

        return HasFamilyOf(address) && HasPort(address) && _canDial(address.WithoutPeerId()) ? DialBackRefusal.None : DialBackRefusal.Unsupported;
    }

    /// <summary>An IPv4 address inside an IPv6 one as itself.</summary>
    internal static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private bool IsAllowed(Multiaddr address) => AllowPrivate
        ? AddressScope.KindOf(address) is not (AddressKind.Unspecified or AddressKind.Multicast or AddressKind.Reserved)
        : AddressScope.IsPublic(address);

    private bool HasFamilyOf(Multiaddr address) => address.Host is not { } host || (IsIPv6(host) ? _hasIPv6 : _hasIPv4);

    private static bool IsIPv6(IPAddress address) => AddressPrefix.Observer(address).IsIPv6;

    /// <summary>An address of the loopback interface, or of one cable, says nothing about the way to others.</summary>
    private bool IsUsable(IPAddress address) =>
        AllowPrivate || AddressScope.KindOf(address) is not (AddressKind.Loopback or AddressKind.LinkLocal or AddressKind.Unspecified);

    private static bool IsDisguised(IPAddress host) => host.IsIPv4MappedToIPv6 || AddressScope.IsNat64(host);

    private static bool HasPort(Multiaddr address) => !address.TryGetTcpEndPoint(out var endPoint) || endPoint.Port != 0;
}
