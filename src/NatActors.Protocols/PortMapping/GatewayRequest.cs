using System.Net;

namespace NatActors.Protocols.PortMapping;

/// <summary>An HTTP request to a router. The host is always an address, never a name: nothing is looked up.</summary>
/// <param name="Remote">Where to connect.</param>
/// <param name="Local">Where to connect from: routers open ports for the address that asks.</param>
/// <param name="Host">What stands in the Host header.</param>
/// <param name="Path">The path with its query, starting with a slash.</param>
/// <param name="Action">The value of the SOAPAction header for a POST; null for a GET.</param>
/// <param name="Body">What is posted.</param>
public sealed record GatewayRequest(IPEndPoint Remote, IPAddress Local, string Host, string Path, string? Action, byte[] Body)
{
    /// <summary>
    /// The longest answer read. Descriptions of real routers have 2 to 30 kB (measured: miniupnpd 4 kB); more is no router's.
    /// </summary>
    public const int MaxAnswer = 128 * 1024;
}

/// <summary>What an HTTP request to a router came to: an answer, or why there is none.</summary>
/// <param name="Status">The status code; 0 without an answer.</param>
/// <param name="Body">The body, at most <see cref="GatewayRequest.MaxAnswer"/> bytes.</param>
/// <param name="Failure">Why there is no answer, in words for a person; null when there is one.</param>
public sealed record GatewayReply(int Status, ReadOnlyMemory<byte> Body, string? Failure)
{
    /// <summary>No answer.</summary>
    public static GatewayReply Failed(string why) => new(0, default, why);
}
