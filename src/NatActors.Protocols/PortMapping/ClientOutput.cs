using System.Net;

namespace NatActors.Protocols.PortMapping;

/// <summary>What a client of one mapping protocol at one router wants done, or has learned.</summary>
internal abstract record ClientOutput
{
    private ClientOutput()
    {
    }

    /// <summary>Send a datagram by the client's socket.</summary>
    public sealed record Send(byte[] Datagram, IPEndPoint To) : ClientOutput;

    /// <summary>Make an HTTP request; answer with OnReply. Never two at a time.</summary>
    public sealed record Ask(GatewayRequest Request) : ClientOutput;

    /// <summary>The router speaks the protocol.</summary>
    public sealed record Found : ClientOutput;

    /// <summary>The router no longer answers, or not in this protocol; its mappings count as lost.</summary>
    public sealed record Gone(string Reason) : ClientOutput;

    /// <summary>The external address that the router reports has become known, or has changed.</summary>
    public sealed record Reported(IPAddress? External) : ClientOutput;

    /// <summary>The router confirmed a mapping, new or renewed.</summary>
    public sealed record Mapped(PortToMap Port, IPEndPoint External, TimeSpan Lease) : ClientOutput;

    /// <summary>The router will not map the port, or no longer; it may be asked again after the time.</summary>
    public sealed record Refused(PortToMap Port, string Reason, TimeSpan RetryIn) : ClientOutput;

    /// <summary>A mapping stands no longer, and the client is trying to get it back.</summary>
    public sealed record Lost(PortToMap Port, string Reason) : ClientOutput;
}
