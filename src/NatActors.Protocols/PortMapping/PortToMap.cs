using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Addresses;

namespace NatActors.Protocols.PortMapping;

/// <summary>A listen port that routers shall let in.</summary>
/// <param name="Protocol">Its transport protocol.</param>
/// <param name="Internal">The address of this machine that it listens at, no wildcard.</param>
/// <param name="Port">The port, 1 to 65535.</param>
public sealed record PortToMap(IpProtocol Protocol, IPAddress Internal, int Port)
{
    /// <summary>The number of the protocol in IP headers, as PCP and pinholes write it (IANA: TCP 6, UDP 17).</summary>
    public byte ProtocolNumber => Protocol == IpProtocol.Tcp ? (byte)6 : (byte)17;

    /// <summary>The protocol as UPnP writes it.</summary>
    public string ProtocolName => Protocol == IpProtocol.Tcp ? "TCP" : "UDP";

    /// <inheritdoc />
    public override string ToString() => $"{ProtocolName} {new IPEndPoint(Internal, Port)}";
}

/// <summary>The way from an address of this machine to the router that it uses.</summary>
/// <param name="Gateway">The router's address on this link.</param>
/// <param name="Local">This machine's address, of the same family.</param>
public sealed record GatewayLink(IPAddress Gateway, IPAddress Local)
{
    /// <summary>True for IPv6: ports are then opened, not translated.</summary>
    public bool IsIp6 { get; } = Gateway.GetAddressBytes().Length == 16;
}

/// <summary>A way to ask a router for a mapping, the preferred first.</summary>
public enum MappingMethod
{
    /// <summary>Port Control Protocol, RFC 6887: a lease, an owner's nonce, both families, restarts told.</summary>
    Pcp,

    /// <summary>NAT Port Mapping Protocol, RFC 6886: a lease, restarts told; IPv4 only.</summary>
    NatPmp,

    /// <summary>UPnP Internet Gateway Device, versions 1 and 2: the most common, the least exact.</summary>
    Upnp,
}

/// <summary>Text that a router says of itself, made fit for a person's eyes.</summary>
internal static class GatewayText
{
    /// <summary>A product name or fault is a line, not a page. Ours.</summary>
    public const int MaxLength = 80;

    /// <summary>
    /// A router that reports no external address: some, miniupnpd for one, also do so rather than report a private one.
    /// </summary>
    public const string NoExternal = "it has no external address of the internet: its own connection is down, or another NAT stands behind it";

    /// <summary>One line of at most <see cref="MaxLength"/> characters, without control characters.</summary>
    public static string Clean(string? text)
    {
        var line = string.Concat((text ?? "").Trim().Take(MaxLength + 1).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
        return line.Length > MaxLength ? line[..MaxLength] + "…" : line;
    }

    /// <summary>Why an external address that a router reports is no use, or empty.</summary>
    public static string ProblemWith(IPAddress? external) => external is null ? "" : AddressScope.KindOf(external) switch
    {
        AddressKind.Public => "",
        AddressKind.CarrierGrade => $"its external address {external} is a carrier's: another NAT stands behind it (CGNAT, RFC 6598)",
        AddressKind.Private or AddressKind.LinkLocal => $"its external address {external} is private: another NAT stands behind it",
        AddressKind.Unspecified => NoExternal,
        _ => $"its external address {external} is not one of the internet",
    };
}
