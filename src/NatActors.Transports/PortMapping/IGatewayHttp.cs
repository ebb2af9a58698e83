using System.Net;

namespace NatActors.Transports.PortMapping;

/// <summary>A plain HTTP request to a router.</summary>
/// <param name="Remote">Where to connect; nothing is looked up, no proxy asked, no redirection followed.</param>
/// <param name="Local">Where to connect from.</param>
/// <param name="Host">The Host header.</param>
/// <param name="Path">The path with its query, starting with a slash.</param>
/// <param name="SoapAction">The SOAPAction header of a POST; null for a GET.</param>
/// <param name="Body">What is posted.</param>
/// <param name="MaxAnswer">The longest body that is read.</param>
public sealed record GatewayHttpRequest(
    IPEndPoint Remote, IPAddress Local, string Host, string Path, string? SoapAction, ReadOnlyMemory<byte> Body, int MaxAnswer);

/// <summary>What a request came to.</summary>
/// <param name="Status">The status code; 0 without an answer.</param>
/// <param name="Body">The body.</param>
/// <param name="Failure">Why there is no answer, in words for a person; null when there is one.</param>
public sealed record GatewayHttpAnswer(int Status, ReadOnlyMemory<byte> Body, string? Failure);

/// <summary>Makes HTTP requests to routers, each on a connection of its own.</summary>
public interface IGatewayHttp
{
    /// <summary>Makes a request. Never throws for failures of the network or of the router; does when cancelled.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives up. There is no other limit of time.</param>
    Task<GatewayHttpAnswer> SendAsync(GatewayHttpRequest request, CancellationToken cancellationToken);
}
