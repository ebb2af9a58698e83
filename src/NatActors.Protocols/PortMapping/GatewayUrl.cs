using System.Net;
using NatActors.Protocols.Connections;

namespace NatActors.Protocols.PortMapping;

/// <summary>
/// A place at a router that HTTP requests may go to. A device tells where its description and its controls are; taken at its word, anybody
/// in the house could make this machine send requests to wherever he likes. So only an address may stand there, and only that of the
/// device itself.
/// </summary>
/// <param name="EndPoint">Where to connect.</param>
/// <param name="Host">For the Host header.</param>
/// <param name="Path">The path with its query.</param>
public sealed record GatewayUrl(IPEndPoint EndPoint, string Host, string Path)
{
    /// <summary>The longest text looked at.</summary>
    public const int MaxLength = 512;

    /// <summary>Where a description is; null when the request must not be made.</summary>
    /// <param name="location">What the device said.</param>
    /// <param name="responder">Where its answer came from.</param>
    /// <param name="link">The router that is known.</param>
    public static GatewayUrl? OfLocation(string location, IPAddress responder, GatewayLink link)
    {
        if (location.Length > MaxLength || !Uri.TryCreate(location, UriKind.Absolute, out var uri))
        {
            return null;
        }

        var owner = new[] { responder, link.Gateway }.FirstOrDefault(address => IsAt(uri, address));
        return owner is not null && IsNear(owner, link) ? Of(uri, owner) : null;
    }

    /// <summary>A place that a description names, relative to where the description was or absolute; null when it is not at the same device.</summary>
    /// <param name="reference">What the description says.</param>
    /// <param name="baseUrl">The URLBase of the description, or null.</param>
    public GatewayUrl? Resolve(string reference, string? baseUrl)
    {
        if (reference.Length is 0 or > MaxLength || !Uri.TryCreate($"http://{Host}{Path}", UriKind.Absolute, out var start))
        {
            return null;
        }

        // A base elsewhere is a mistake that some routers make; the description's own place is right then.
        if (baseUrl is { Length: > 0 and <= MaxLength } && Uri.TryCreate(baseUrl, UriKind.Absolute, out var told) && IsAt(told, EndPoint.Address))
        {
            start = told;
        }

        return Uri.TryCreate(start, reference, out var uri) && IsAt(uri, EndPoint.Address) ? Of(uri, EndPoint.Address) : null;
    }

    private static GatewayUrl Of(Uri uri, IPAddress address) => new(new IPEndPoint(address, uri.Port), uri.Authority, uri.PathAndQuery);

    /// <summary>Plain HTTP to just this address; its zone is ours to know.</summary>
    private static bool IsAt(Uri uri, IPAddress address) =>
        uri.Scheme == Uri.UriSchemeHttp
        && uri.UserInfo.Length == 0
        && uri.Port is > 0 and <= 65_535
        && uri.HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6
        && IPAddress.TryParse(uri.DnsSafeHost, out var host)
        && host.GetAddressBytes().AsSpan().SequenceEqual(address.GetAddressBytes());

    /// <summary>
    /// The router itself, or a device beside it: of the same /24 or (IPv6) /64 as this machine. Where a datagram says that it comes from is
    /// no proof, and other networks that this machine reaches, virtual ones for example, are no business of the house's.
    /// </summary>
    private static bool IsNear(IPAddress address, GatewayLink link) => address.Equals(link.Gateway)
        || (!address.Equals(link.Local)
            && AddressPrefix.Of(address, 24, 64) == AddressPrefix.Of(link.Local, 24, 64));
}
