using System.Net;
using System.Net.Sockets;
using NatActors.Transports.Port;

namespace NatActors.Transports.Datagrams;

/// <summary>Datagram sockets of the operating system.</summary>
public sealed class SystemDatagramSockets : IDatagramSockets
{
    private readonly ISocketFactory _sockets;

    /// <summary>Sockets in this process's network namespace.</summary>
    public SystemDatagramSockets()
        : this(SystemSocketFactory.Instance)
    {
    }

    /// <summary>Sockets that come from the given factory.</summary>
    public SystemDatagramSockets(ISocketFactory sockets)
    {
        ArgumentNullException.ThrowIfNull(sockets);
        _sockets = sockets;
    }

    /// <inheritdoc />
    public DatagramOpenResult Open(IPAddress local, DatagramOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(local);
        options ??= DatagramOptions.Default;
        Socket? socket = null;
        try
        {
            socket = _sockets.CreateUdp(local.AddressFamily);
            Prepare(socket, local, options);
            return new DatagramOpenResult(new DatagramSocket(socket), null);
        }
        catch (SocketException refusal)
        {
            socket?.Dispose();
            return new DatagramOpenResult(null, $"UDP on {new IPEndPoint(local, options.Port)}: {refusal.Message}");
        }
    }

    private static void Prepare(Socket socket, IPAddress local, DatagramOptions options)
    {
        var isV6 = local.AddressFamily == AddressFamily.InterNetworkV6;
        LinuxSockets.KeepToOneFamily(socket);
        if (options.SharePort)
        {
            LinuxSockets.AllowAddressReuse(socket);
        }

        // Bound to an interface's address it would not hear what is sent to a group's.
        var wildcard = isV6 ? IPAddress.IPv6Any : IPAddress.Any;
        socket.Bind(new IPEndPoint(options.Groups.Count > 0 ? wildcard : local, options.Port));
        if (options.Remote is { } remote)
        {
            socket.Connect(remote);
        }

        var level = isV6 ? SocketOptionLevel.IPv6 : SocketOptionLevel.IP;
        socket.SetSocketOption(level, SocketOptionName.MulticastTimeToLive, options.MulticastTtl);
        if (!isV6 && !local.Equals(IPAddress.Any))
        {
            socket.SetSocketOption(level, SocketOptionName.MulticastInterface, local.GetAddressBytes());
        }
        else if (isV6 && local.ScopeId != 0)
        {
            socket.SetSocketOption(level, SocketOptionName.MulticastInterface, (int)local.ScopeId);
        }

        foreach (var group in options.Groups)
        {
            socket.SetSocketOption(level, SocketOptionName.AddMembership, isV6
                ? new IPv6MulticastOption(group, local.ScopeId)
                : new MulticastOption(group, local));
        }
    }

    private sealed class DatagramSocket : IDatagramSocket
    {
        private readonly Socket _socket;
        private readonly EndPoint _anybody;
        private readonly bool _isConnected;

        public DatagramSocket(Socket socket)
        {
            _socket = socket;
            _isConnected = socket.Connected;
            LocalEndPoint = (IPEndPoint)socket.LocalEndPoint!;
            _anybody = new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
        }

        public IPEndPoint LocalEndPoint { get; }

        public async ValueTask SendAsync(ReadOnlyMemory<byte> datagram, IPEndPoint to, CancellationToken cancellationToken)
        {
            try
            {
                if (_isConnected)
                {
                    await _socket.SendAsync(datagram, SocketFlags.None, cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    await _socket.SendToAsync(datagram, SocketFlags.None, to, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                throw Broken(error);
            }
        }

        public async ValueTask<ReceivedDatagram> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            try
            {
                var received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, _anybody, cancellationToken).ConfigureAwait(false);
                return new ReceivedDatagram(received.ReceivedBytes, (IPEndPoint)received.RemoteEndPoint);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                throw Broken(error);
            }
        }

        public ValueTask DisposeAsync()
        {
            _socket.Dispose();
            return ValueTask.CompletedTask;
        }

        private static IOException Broken(Exception error) =>
            new(error is ObjectDisposedException ? "the socket is closed" : error.Message, error);
    }
}
