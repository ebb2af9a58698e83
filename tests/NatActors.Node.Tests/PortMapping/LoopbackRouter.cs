using System.Net;
using System.Net.Sockets;
using System.Text;
using NatActors.Protocols.PortMapping;
using NatActors.Protocols.Tests.PortMapping;
using NatActors.Transports.Datagrams;
using NatActors.Transports.PortMapping;

namespace NatActors.Node.Tests.PortMapping;

/// <summary>
/// A scripted router behind real sockets on loopback. The node under test believes itself at 10.0.0.2 and the router at 10.0.0.1: what it
/// sends there goes to loopback ports, and what comes back seems to come from there.
/// </summary>
internal sealed class LoopbackRouter : IDatagramSockets, IGatewayHttp, IAsyncDisposable
{
    public static readonly IPAddress Address = IPAddress.Parse("10.0.0.1");
    public static readonly IPAddress Local = IPAddress.Parse("10.0.0.2");

    private readonly SystemDatagramSockets _datagrams = new();
    private readonly SystemGatewayHttp _http = new();
    private readonly UdpClient _control = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly UdpClient _search = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly TcpListener _web = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _cancel = new();
    private readonly Lock _gate = new();

    public LoopbackRouter(Action<FakeRouter> make)
    {
        make(Router);
        _web.Start();
        _ = ServeAsync(_control, datagram => Router.OnControl(datagram, TimeSpan.FromSeconds(Environment.TickCount64 / 1000)));
        _ = ServeAsync(_search, Router.OnSearch);
        _ = ServeWebAsync();
    }

    public FakeRouter Router { get; } = new(Address);

    /// <summary>Kinds of local ports that cannot be opened.</summary>
    public Func<DatagramOptions, bool> Refuses { get; set; } = _ => false;

    /// <summary>Runs while nothing is answered.</summary>
    public T Locked<T>(Func<FakeRouter, T> look)
    {
        lock (_gate)
        {
            return look(Router);
        }
    }

    public DatagramOpenResult Open(IPAddress local, DatagramOptions? options = null)
    {
        Assert.Equal(Local, local);
        if (Refuses(options!))
        {
            return new DatagramOpenResult(null, "refused by the test");
        }

        // The fixed ports of announcements and notices are left to the machine.
        var opened = _datagrams.Open(IPAddress.Loopback);
        return new DatagramOpenResult(new Seemingly(opened.Socket!, this), null);
    }

    public Task<GatewayHttpAnswer> SendAsync(GatewayHttpRequest request, CancellationToken cancellationToken)
    {
        Assert.Equal((Local, Address), (request.Local, request.Remote.Address));
        return _http.SendAsync(request with { Local = IPAddress.Loopback, Remote = (IPEndPoint)_web.LocalEndpoint }, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _cancel.CancelAsync();
        _control.Dispose();
        _search.Dispose();
        _web.Stop();
    }

    private async Task ServeAsync(UdpClient socket, Func<byte[], byte[]?> answer)
    {
        while (!_cancel.IsCancellationRequested)
        {
            var asked = await socket.ReceiveAsync(_cancel.Token);
            if (Locked(_ => answer(asked.Buffer)) is { } bytes)
            {
                await socket.SendAsync(bytes, asked.RemoteEndPoint, _cancel.Token);
            }
        }
    }

    private async Task ServeWebAsync()
    {
        while (!_cancel.IsCancellationRequested)
        {
            using var client = await _web.AcceptTcpClientAsync(_cancel.Token);
            var stream = client.GetStream();
            var (head, body) = await ReadAsync(stream);
            var words = head[0].Split(' ');
            var action = head.FirstOrDefault(line => line.StartsWith("SOAPAction: ", StringComparison.OrdinalIgnoreCase))?["SOAPAction: ".Length..];
            var reply = Locked(router => router.OnHttp(
                new GatewayRequest(new IPEndPoint(Address, 5000), Local, "", words[1], action, body)));
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                $"HTTP/1.1 {reply.Status} X\r\nContent-Length: {reply.Body.Length}\r\nConnection: close\r\n\r\n"), _cancel.Token);
            await stream.WriteAsync(reply.Body, _cancel.Token);
        }
    }

    private async Task<(string[] Head, byte[] Body)> ReadAsync(NetworkStream stream)
    {
        var bytes = new List<byte>();
        var buffer = new byte[4096];
        while (true)
        {
            var text = Encoding.Latin1.GetString([.. bytes]);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            var head = end < 0 ? [] : text[..end].Split("\r\n");
            var length = head.FirstOrDefault(line => line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase));
            if (end >= 0 && bytes.Count >= end + 4 + int.Parse(length?.Split(' ')[1] ?? "0"))
            {
                return (head, [.. bytes.Skip(end + 4)]);
            }

            var read = await stream.ReadAsync(buffer, _cancel.Token);
            Assert.NotEqual(0, read);
            bytes.AddRange(buffer.AsSpan(0, read));
        }
    }

    private sealed class Seemingly(IDatagramSocket inner, LoopbackRouter router) : IDatagramSocket
    {
        public IPEndPoint LocalEndPoint => inner.LocalEndPoint;

        public ValueTask SendAsync(ReadOnlyMemory<byte> datagram, IPEndPoint to, CancellationToken cancellationToken = default)
        {
            var socket = to.Port == NatPmpCodec.ServerPort ? router._control : router._search;
            return inner.SendAsync(datagram, (IPEndPoint)socket.Client.LocalEndPoint!, cancellationToken);
        }

        public async ValueTask<ReceivedDatagram> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var received = await inner.ReceiveAsync(buffer, cancellationToken);
            var port = received.From.Equals(router._control.Client.LocalEndPoint) ? NatPmpCodec.ServerPort : SsdpCodec.Port;
            return received with { From = new IPEndPoint(Address, port) };
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
