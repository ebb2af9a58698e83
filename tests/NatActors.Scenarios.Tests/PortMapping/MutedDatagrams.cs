using System.Net;
using NatActors.Transports.Datagrams;

namespace NatActors.Scenarios.Tests.PortMapping;

/// <summary>Datagram sockets that lose what a test does not want the router to hear.</summary>
public sealed class MutedDatagrams(IDatagramSockets inner, Func<ReadOnlyMemory<byte>, bool> isLost) : IDatagramSockets
{
    /// <summary>True for a request of PCP.</summary>
    public static bool IsPcp(ReadOnlyMemory<byte> datagram) => datagram.Span[0] == 2;

    public DatagramOpenResult Open(IPAddress local, DatagramOptions? options = null)
    {
        var opened = inner.Open(local, options);
        return opened.Socket is null ? opened : new DatagramOpenResult(new Muted(opened.Socket, isLost), null);
    }

    private sealed class Muted(IDatagramSocket inner, Func<ReadOnlyMemory<byte>, bool> isLost) : IDatagramSocket
    {
        public IPEndPoint LocalEndPoint => inner.LocalEndPoint;

        public ValueTask SendAsync(ReadOnlyMemory<byte> datagram, IPEndPoint to, CancellationToken cancellationToken = default) =>
            isLost(datagram) ? ValueTask.CompletedTask : inner.SendAsync(datagram, to, cancellationToken);

        public ValueTask<ReceivedDatagram> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.ReceiveAsync(buffer, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
