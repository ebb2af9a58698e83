using System.Net;
using NatActors.Protocols.PortMapping;

namespace NatActors.Node.PortMapping;

/// <summary>The messages between the port mapping actor and its exchanges with routers.</summary>
internal static class GatewayMessages
{
    /// <summary>To a channel: send a datagram.</summary>
    public sealed record Send(byte[] Datagram, IPEndPoint To);

    /// <summary>To a channel: the last <see cref="Received"/> is dealt with, go on. So no sender fills a mailbox.</summary>
    public sealed record Continue
    {
        /// <summary>The one instance.</summary>
        public static readonly Continue Instance = new();
    }

    /// <summary>From a channel: a datagram came in.</summary>
    public sealed record Received(int Channel, ReadOnlyMemory<byte> Datagram, IPEndPoint From);

    /// <summary>From a request: what it came to.</summary>
    public sealed record Replied(long Id, GatewayReply Reply);
}
