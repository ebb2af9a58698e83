using System.Net;
using System.Net.Sockets;
using NatActors.Multiformats;
using NatActors.Transports;

namespace NatActors.Node.Tests.BadInput;

/// <summary>A plain TCP socket as a conduit, for a peer that keeps to the rules of some layers only.</summary>
internal sealed class SocketConduit : IConduit
{
    private readonly Socket _socket;
    private readonly NetworkStream _stream;

    private SocketConduit(Socket socket)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
        LocalAddress = Multiaddr.FromTcp((IPEndPoint)socket.LocalEndPoint!);
        RemoteAddress = Multiaddr.FromTcp((IPEndPoint)socket.RemoteEndPoint!);
    }

    public Multiaddr LocalAddress { get; }

    public Multiaddr RemoteAddress { get; }

    public static async Task<SocketConduit> ConnectAsync(Multiaddr address)
    {
        Assert.True(address.WithoutPeerId().TryGetTcpEndPoint(out var endPoint));
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(endPoint);
        return new SocketConduit(socket);
    }

    /// <summary>The same, or null when the other side cut the connection faster than it could be looked at.</summary>
    public static async Task<SocketConduit?> TryConnectAsync(Multiaddr address)
    {
        try
        {
            return await ConnectAsync(address);
        }
        catch (SocketException)
        {
            return null;
        }
    }

    public static SocketConduit Of(Socket accepted) => new(accepted);

    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _stream.ReadAsync(buffer, cancellationToken);

    public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _stream.WriteAsync(buffer, cancellationToken);

    public ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default)
    {
        _socket.Shutdown(SocketShutdown.Send);
        return ValueTask.CompletedTask;
    }

    public void Abort()
    {
        try
        {
            _socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            // Aborted before, or by the other side.
        }

        _stream.Dispose();
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
