using System.Net;
using System.Net.Sockets;

namespace NatActors.Lab.Tests;

/// <summary>Sockets in hosts of a laboratory, as libp2p peers use them: bound to one port, which listener and dialers share.</summary>
internal static class LabSockets
{
    private const int SocketLevel = 1;
    private const int ReuseAddress = 2;
    private const int ReusePort = 15;

    internal static Socket Udp(this LabHost host, int port)
    {
        var socket = host.CreateSocket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Any, port));
        return socket;
    }

    internal static Socket Tcp(this LabHost host, int port, AddressFamily family = AddressFamily.InterNetwork)
    {
        var socket = host.CreateSocket(family, SocketType.Stream, ProtocolType.Tcp);
        socket.SetRawSocketOption(SocketLevel, ReuseAddress, BitConverter.GetBytes(1));
        socket.SetRawSocketOption(SocketLevel, ReusePort, BitConverter.GetBytes(1));
        socket.LingerState = new LingerOption(true, 0);
        socket.Bind(new IPEndPoint(family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, port));
        return socket;
    }

    internal static Socket TcpListener(this LabHost host, int port, AddressFamily family = AddressFamily.InterNetwork)
    {
        var socket = host.Tcp(port, family);
        socket.Listen(64);
        return socket;
    }

    internal static IPEndPoint At(this LabHost host, int port) => new(host.Address, port);

    internal static void Send(this Socket socket, byte word, EndPoint to) => socket.SendTo([word], to);

    /// <summary>The next datagram: its one byte, and where it came from.</summary>
    internal static async Task<(byte Word, IPEndPoint From)> NextAsync(this Socket socket)
    {
        var buffer = new byte[1];
        var received = await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0)).OrFail();
        return (buffer[0], (IPEndPoint)received.RemoteEndPoint);
    }

    /// <summary>There and back over a TCP connection: after it, whatever either end sent elsewhere before has had a round trip.</summary>
    internal static async Task RoundTripAsync(Socket near, Socket far)
    {
        var buffer = new byte[1];
        await near.SendAsync(buffer).OrFail();
        Assert.Equal(1, await far.ReceiveAsync(buffer).OrFail());
        await far.SendAsync(buffer).OrFail();
        Assert.Equal(1, await near.ReceiveAsync(buffer).OrFail());
    }
}
