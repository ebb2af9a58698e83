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

    /// <summary>Connects, from the given address of this machine or from any.</summary>
    public static async Task<SocketConduit> ConnectAsync(Multiaddr address, IPAddress? from = null)
    {
        if (!address.WithoutPeerId().TryGetTcpEndPoint(out var endPoint))
        {
            throw new ArgumentException($"{address} is no TCP address.", nameof(address));
        }

        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (from is not null)
            {
                socket.Bind(new IPEndPoint(from, 0));
            }

            await socket.ConnectAsync(endPoint);
            return new SocketConduit(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The same, or null when the other side cut the connection faster than it could be looked at.</summary>
    public static async Task<SocketConduit?> TryConnectAsync(Multiaddr address, IPAddress? from = null)
    {
        try
        {
            return await ConnectAsync(address, from);
        }
        catch (Exception e) when (e is SocketException or IOException)
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
