using System.Net;
using System.Net.Sockets;

namespace NatActors.Lab.Tests;

/// <summary>
/// The least that a TCP hole punch needs: on each side one port shared by a listener and every dial, what a public host saw of that
/// port, and an agreed instant. A refused dial is tried again at once; a connection that the listener gets counts.
/// </summary>
internal sealed class MinimalPunch : IDisposable
{
    /// <summary>A SYN that a NAT dropped is sent again after 1 s (RFC 6298 2.1); what that one does not open stays shut.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1.5);

    private readonly LabHost _host;
    private readonly int _port;
    private readonly Socket _listener;
    private readonly byte _word;
    private readonly List<Socket> _sockets = [];

    internal MinimalPunch(LabHost host, int port, byte word)
    {
        _host = host;
        _port = port;
        _word = word;
        _listener = host.TcpListener(port);
    }

    /// <summary>Whether two hosts get a connection, each hearing the other's word on it.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    /// <param name="observer">The public host that tells them how the world sees them.</param>
    /// <param name="port">The shared port, the same on both sides.</param>
    internal static async Task<bool> TryAsync(LabHost a, LabHost b, LabHost observer, int port)
    {
        using var left = new MinimalPunch(a, port, (byte)'a');
        using var right = new MinimalPunch(b, port, (byte)'b');
        var seen = await Task.WhenAll(left.ObserveAsync(observer), right.ObserveAsync(observer));
        using var window = new CancellationTokenSource(Window);
        var heard = await Task.WhenAll(left.PunchAsync(seen[1], window), right.PunchAsync(seen[0], window));
        return heard is [(byte)'b', (byte)'a'];
    }

    public void Dispose()
    {
        _listener.Dispose();
        lock (_sockets)
        {
            _sockets.ForEach(socket => socket.Dispose());
        }
    }

    private async Task<IPEndPoint> ObserveAsync(LabHost observer)
    {
        using var listener = observer.TcpListener(0);
        var dial = Keep(_host.Tcp(_port));
        await dial.ConnectAsync(observer.At(((IPEndPoint)listener.LocalEndPoint!).Port)).OrFail();
        var accepted = Keep(await listener.AcceptAsync().OrFail());
        return (IPEndPoint)accepted.RemoteEndPoint!;
    }

    /// <summary>The other side's word; zero where none came in time.</summary>
    private async Task<byte> PunchAsync(IPEndPoint remote, CancellationTokenSource window)
    {
        var ways = new List<Task<byte>> { DialAsync(remote, window.Token), AcceptAsync(window.Token) };
        while (ways.Count > 0)
        {
            var done = await Task.WhenAny(ways);
            ways.Remove(done);
            if (await done is var word and not 0)
            {
                return word;
            }
        }

        return 0;
    }

    private async Task<byte> DialAsync(IPEndPoint remote, CancellationToken window)
    {
        while (!window.IsCancellationRequested)
        {
            var socket = Keep(_host.Tcp(_port));
            try
            {
                await socket.ConnectAsync(remote, window);
                return await ExchangeAsync(socket, window);
            }
            catch (SocketException failure) when (failure.SocketErrorCode is SocketError.ConnectionRefused or SocketError.ConnectionReset)
            {
                socket.Dispose();
            }
            catch (SocketException failure) when (failure.SocketErrorCode == SocketError.AddressNotAvailable)
            {
                // The other side's connection came first: it waits in the listener.
                return 0;
            }
            catch (OperationCanceledException)
            {
                return 0;
            }
        }

        return 0;
    }

    private async Task<byte> AcceptAsync(CancellationToken window)
    {
        try
        {
            return await ExchangeAsync(Keep(await _listener.AcceptAsync(window)), window);
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException)
        {
            return 0;
        }
    }

    private async Task<byte> ExchangeAsync(Socket socket, CancellationToken window)
    {
        var buffer = new[] { _word };
        await socket.SendAsync(buffer, window);
        return await socket.ReceiveAsync(buffer, window) == 1 ? buffer[0] : (byte)0;
    }

    private Socket Keep(Socket socket)
    {
        lock (_sockets)
        {
            _sockets.Add(socket);
        }

        return socket;
    }
}
