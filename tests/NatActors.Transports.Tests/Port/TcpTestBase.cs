using System.Net;
using System.Net.Sockets;
using NatActors.Multiformats;
using NatActors.Transports.Port;

namespace NatActors.Transports.Tests.Port;

/// <summary>Bindings on loopback that end with the test.</summary>
public abstract class TcpTestBase : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _owned = [];

    protected static TimeSpan Guard { get; } = TimeSpan.FromSeconds(20);

    private protected TcpTransport Transport { get; } = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var owned in _owned)
        {
            await owned.DisposeAsync();
        }
    }

    protected IPortBinding Bind(string address)
    {
        var result = Transport.Bind(Multiaddr.Parse(address));
        Assert.True(result.Binding is not null, result.Detail);
        return Own(result.Binding);
    }

    protected T Own<T>(T owned)
        where T : IAsyncDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    protected async Task<IConduit> Connect(IPortBinding from, IPEndPoint to, DialPort port = DialPort.Shared)
    {
        var result = await from.ConnectAsync(to, port, CancellationToken.None).WaitAsync(Guard);
        Assert.True(result.Conduit is not null, result.Failure?.ToString());
        return Own(result.Conduit);
    }

    protected async Task<IConduit> Accept(IPortBinding at)
    {
        var conduit = await at.AcceptAsync(CancellationToken.None).AsTask().WaitAsync(Guard);
        Assert.NotNull(conduit);
        return Own(conduit);
    }

    protected static async Task<byte[]> ReadExactly(IConduit conduit, int count)
    {
        var bytes = new byte[count];
        for (var read = 0; read < count;)
        {
            var more = await conduit.ReadAsync(bytes.AsMemory(read)).AsTask().WaitAsync(Guard);
            Assert.NotEqual(0, more);
            read += more;
        }

        return bytes;
    }

    /// <summary>A listener whose accept queue is full: on loopback the kernel then drops SYNs, so connects to it stay pending.</summary>
    private protected sealed class DeafListener : IAsyncDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly List<Socket> _queued = [];

        private DeafListener()
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen(1);
        }

        public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

        public static async Task<DeafListener> Create()
        {
            var deaf = new DeafListener();

            // A backlog of one holds two connections; the kernel answers no further SYN.
            for (var i = 0; i < 2; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                deaf._queued.Add(socket);
                await socket.ConnectAsync(deaf.EndPoint).WaitAsync(Guard);
            }

            return deaf;
        }

        public ValueTask DisposeAsync()
        {
            _queued.ForEach(socket => socket.Dispose());
            _listener.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
