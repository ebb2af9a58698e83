using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NatActors.Lab;

namespace NatActors.Benchmarks.Lab;

/// <summary>
/// The laboratory's own ceiling for a relayed stream: two bare sockets meet at a third host, which copies bytes between them. No cipher, no
/// muxer, no node; what the kernel's TCP and the path delay let through.
/// </summary>
internal sealed class BareCircuit : IDisposable
{
    private const int Port = 4999;
    private const int BufferSize = 256 * 1024;

    private readonly List<Socket> _sockets = [];
    private readonly Socket _near;
    private readonly Socket _far;

    private BareCircuit(IEnumerable<Socket> sockets, Socket near, Socket far)
    {
        _sockets.AddRange(sockets);
        (_near, _far) = (near, far);
    }

    /// <summary>Joins the two at the relay.</summary>
    public static async Task<BareCircuit> ConnectAsync(LabHost near, LabHost relay, LabHost far)
    {
        var listener = relay.CreateSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Any, Port));
        listener.Listen();
        var (one, atOne) = await DialAsync(near, relay, listener);
        var (other, atOther) = await DialAsync(far, relay, listener);
        _ = CopyAsync(atOne, atOther);
        _ = CopyAsync(atOther, atOne);
        return new BareCircuit([listener, one, other, atOne, atOther], one, other);
    }

    /// <summary>Sends that many bytes through, until a byte has come back for the last one.</summary>
    public Task<TimeSpan> UploadAsync(long bytes) => TransferAsync(_near, _far, bytes);

    public void Dispose() => _sockets.ForEach(socket => socket.Dispose());

    private static async Task<TimeSpan> TransferAsync(Socket from, Socket to, long bytes)
    {
        var started = Stopwatch.GetTimestamp();
        var received = ReceiveAsync(to, bytes);
        var buffer = new byte[BufferSize];
        for (var left = bytes; left > 0;)
        {
            left -= await from.SendAsync(buffer.AsMemory(0, (int)Math.Min(left, BufferSize)));
        }

        await received;
        await to.SendAsync(buffer.AsMemory(0, 1));
        await ReceiveAsync(from, 1);
        return Stopwatch.GetElapsedTime(started);
    }

    private static async Task<(Socket Dialed, Socket Accepted)> DialAsync(LabHost host, LabHost relay, Socket listener)
    {
        var socket = host.CreateSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(relay.Address, Port));
        return (socket, await listener.AcceptAsync());
    }

    private static async Task ReceiveAsync(Socket socket, long bytes)
    {
        var buffer = new byte[BufferSize];
        while (bytes > 0)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(bytes, BufferSize)));
            bytes -= read > 0 ? read : throw new IOException($"{bytes} bytes did not come.");
        }
    }

    private static async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[BufferSize];
        try
        {
            while (await from.ReceiveAsync(buffer) is var read and > 0)
            {
                for (var sent = 0; sent < read;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent));
                }
            }
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException)
        {
            // The measurement is over.
        }
    }
}
