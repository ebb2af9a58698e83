using System.Net;
using System.Net.Sockets;
using NatActors.Transports.Datagrams;
using NatActors.Transports.Port;

namespace NatActors.Transports.Tests.Datagrams;

public sealed class SystemDatagramSocketsTests
{
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(20);
    private static readonly SystemDatagramSockets Sockets = new();

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task A_datagram_arrives_whole_with_its_senders_end_point(string address)
    {
        await using var a = Open(address);
        await using var b = Open(address);

        await a.SendAsync("hello"u8.ToArray(), b.LocalEndPoint);
        var buffer = new byte[64];
        var received = await b.ReceiveAsync(buffer).AsTask().WaitAsync(Guard);

        Assert.Equal("hello"u8.ToArray(), buffer[..received.Length]);
        Assert.Equal(a.LocalEndPoint, received.From);
    }

    [Fact]
    public async Task A_datagram_longer_than_the_buffer_is_cut()
    {
        await using var a = Open("127.0.0.1");
        await using var b = Open("127.0.0.1");

        await a.SendAsync(new byte[100], b.LocalEndPoint);
        var received = await b.ReceiveAsync(new byte[10]).AsTask().WaitAsync(Guard);

        Assert.Equal(10, received.Length);
    }

    [Fact]
    public async Task With_a_remote_others_are_not_heard_and_the_local_address_is_real()
    {
        await using var partner = Open("127.0.0.1");
        await using var stranger = Open("127.0.0.1");
        await using var socket = Sockets.Open(IPAddress.Any, new DatagramOptions { Remote = partner.LocalEndPoint }).Socket!;

        Assert.Equal(IPAddress.Loopback, socket.LocalEndPoint.Address);
        await stranger.SendAsync("stranger"u8.ToArray(), socket.LocalEndPoint);
        await partner.SendAsync("partner"u8.ToArray(), socket.LocalEndPoint);
        var buffer = new byte[64];
        var received = await socket.ReceiveAsync(buffer).AsTask().WaitAsync(Guard);

        Assert.Equal("partner"u8.ToArray(), buffer[..received.Length]);
    }

    [Fact]
    public async Task With_a_remote_the_absence_of_a_listener_is_told()
    {
        var gone = Open("127.0.0.1");
        var endPoint = gone.LocalEndPoint;
        await gone.DisposeAsync();
        await using var socket = Sockets.Open(IPAddress.Loopback, new DatagramOptions { Remote = endPoint }).Socket!;

        await socket.SendAsync(new byte[1], endPoint);

        await Assert.ThrowsAsync<IOException>(() => socket.ReceiveAsync(new byte[1]).AsTask().WaitAsync(Guard));
    }

    [Fact]
    public async Task Members_of_a_multicast_group_share_a_port_and_each_hears_what_is_sent_to_it()
    {
        var group = IPAddress.Parse("239.255.77.1");
        var options = new DatagramOptions { Groups = [group], SharePort = true };
        await using var a = Open("127.0.0.1", options);
        await using var b = Open("127.0.0.1", options with { Port = a.LocalEndPoint.Port });
        await using var sender = Open("127.0.0.1", new DatagramOptions { MulticastTtl = 2 });

        await sender.SendAsync("all"u8.ToArray(), new IPEndPoint(group, a.LocalEndPoint.Port));

        foreach (var member in (IDatagramSocket[])[a, b])
        {
            var buffer = new byte[64];
            var received = await member.ReceiveAsync(buffer).AsTask().WaitAsync(Guard);
            Assert.Equal("all"u8.ToArray(), buffer[..received.Length]);
            Assert.Equal(sender.LocalEndPoint, received.From);
        }
    }

    [Fact]
    public void A_port_that_is_held_is_a_failure_in_words()
    {
        using var held = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        held.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)held.LocalEndPoint!).Port;

        var result = Sockets.Open(IPAddress.Loopback, new DatagramOptions { Port = port });

        Assert.Null(result.Socket);
        Assert.Contains($"127.0.0.1:{port}", result.Failure);
    }

    [Fact]
    public void A_family_that_is_switched_off_is_a_failure_in_words()
    {
        var result = new SystemDatagramSockets(new RefusingSockets()).Open(IPAddress.IPv6Any);

        Assert.NotNull(result.Failure);
    }

    [Fact]
    public async Task A_pending_receive_ends_with_its_cancellation_and_with_the_close()
    {
        var socket = Open("127.0.0.1");
        using var cancel = new CancellationTokenSource();
        var cancelled = socket.ReceiveAsync(new byte[1], cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Guard));

        var closed = socket.ReceiveAsync(new byte[1]).AsTask();
        await socket.DisposeAsync();
        await Assert.ThrowsAsync<IOException>(() => closed.WaitAsync(Guard));
        await Assert.ThrowsAsync<IOException>(() => socket.SendAsync(new byte[1], socket.LocalEndPoint).AsTask());
    }

    private static IDatagramSocket Open(string address, DatagramOptions? options = null)
    {
        var result = Sockets.Open(IPAddress.Parse(address), options);
        Assert.True(result.Socket is not null, result.Failure);
        return result.Socket;
    }

    private sealed class RefusingSockets : ISocketFactory
    {
        public Socket CreateTcp(AddressFamily family) => throw new SocketException((int)SocketError.AddressFamilyNotSupported);

        public Socket CreateUdp(AddressFamily family) => CreateTcp(family);
    }
}
