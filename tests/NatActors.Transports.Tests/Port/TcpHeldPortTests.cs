using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using NatActors.Multiformats;
using NatActors.Transports.Port;

namespace NatActors.Transports.Tests.Port;

public sealed class TcpHeldPortTests : TcpTestBase
{
    [Theory]
    [InlineData(true, "/ip4/127.0.0.1/tcp/")]
    [InlineData(false, "/ip4/127.0.0.1/tcp/")]
    [InlineData(true, "/ip4/0.0.0.0/tcp/")]
    public void A_port_that_somebody_else_listens_on_is_refused_in_one_line(bool withReusePort, string listen)
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        LinuxSockets.AllowAddressReuse(other);
        if (withReusePort)
        {
            LinuxSockets.AllowPortReuse(other);
        }

        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        other.Listen(1);
        var port = ((IPEndPoint)other.LocalEndPoint!).Port;

        var result = Transport.Bind(Multiaddr.Parse($"{listen}{port}"));

        Assert.Null(result.Binding);
        Assert.Equal(BindFailureKind.PortHeld, result.Failure);
        Assert.Contains($"port {port}", result.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', result.Detail!);
    }

    [Fact]
    public void A_second_binding_of_our_own_is_refused_too()
    {
        var first = Bind("/ip4/127.0.0.1/tcp/0");

        Assert.Equal(BindFailureKind.PortHeld, Transport.Bind(first.LocalAddress).Failure);
    }

    /// <summary>A process that is being started holds copies of all descriptors between its fork and its exec.</summary>
    [Fact]
    public async Task Copies_of_descriptors_in_a_process_that_is_being_started_do_not_hold_the_port()
    {
        var port = Bind("/ip4/127.0.0.1/tcp/0");
        var listen = port.LocalAddress;
        await port.DisposeAsync();
        using var sockets = new CopyingSockets();
        var transport = new TcpTransport(sockets);

        var first = transport.Bind(listen);
        Assert.True(first.Binding is not null, first.Detail);
        await first.Binding.DisposeAsync();
        var second = transport.Bind(listen);

        Assert.True(second.Binding is not null, second.Detail);
        await second.Binding.DisposeAsync();
    }

    [Fact]
    public async Task A_port_can_be_bound_again_at_once_while_its_connections_live_on()
    {
        var first = Bind("/ip4/127.0.0.1/tcp/0");
        var peer = Bind("/ip4/127.0.0.1/tcp/0");
        var outbound = await Connect(first, peer.LocalEndPoint);
        await Accept(peer);
        await Connect(peer, first.LocalEndPoint, DialPort.Fresh);
        await Accept(first);
        await first.DisposeAsync();

        var second = Transport.Bind(first.LocalAddress);

        Own(second.Binding!);
        Assert.Equal(first.LocalAddress, second.Binding!.LocalAddress);
        await outbound.WriteAsync(new byte[] { 1 });
    }

    [Fact]
    public void An_address_of_another_machine_cannot_be_bound()
    {
        var result = Transport.Bind(Multiaddr.Parse("/ip4/192.0.2.1/tcp/0"));

        Assert.Equal(BindFailureKind.AddressNotAvailable, result.Failure);
        Assert.Contains("192.0.2.1", result.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/ip4/127.0.0.1/udp/4001")]
    [InlineData("/dns4/localhost/tcp/4001")]
    public void What_is_no_tcp_listen_address_is_refused(string address)
    {
        var multiaddr = Multiaddr.Parse(address);

        Assert.False(Transport.CanListen(multiaddr));
        Assert.False(Transport.CanDial(multiaddr));
        Assert.Equal(BindFailureKind.NotSupported, Transport.Bind(multiaddr).Failure);
    }

    [Fact]
    public void A_family_that_is_switched_off_is_reported_as_not_supported()
    {
        var transport = new TcpTransport(new RefusingSockets());

        var result = transport.Bind(Multiaddr.Parse("/ip6/::/tcp/0"));

        Assert.Equal(BindFailureKind.NotSupported, result.Failure);
    }

    private sealed class RefusingSockets : ISocketFactory
    {
        public Socket CreateTcp(AddressFamily family) => throw new SocketException((int)SocketError.AddressFamilyNotSupported);

        public Socket CreateUdp(AddressFamily family) => CreateTcp(family);
    }

    /// <summary>Keeps a copy of every socket's descriptor.</summary>
    private sealed class CopyingSockets : ISocketFactory, IDisposable
    {
        private readonly List<SafeSocketHandle> _copies = [];

        public Socket CreateTcp(AddressFamily family)
        {
            var socket = SystemSocketFactory.Instance.CreateTcp(family);
            _copies.Add(new SafeSocketHandle(Duplicate((int)socket.Handle), ownsHandle: true));
            return socket;
        }

        public Socket CreateUdp(AddressFamily family) => SystemSocketFactory.Instance.CreateUdp(family);

        public void Dispose() => _copies.ForEach(copy => copy.Dispose());

        [DllImport("libc", EntryPoint = "dup")]
        private static extern int Duplicate(int descriptor);
    }
}
