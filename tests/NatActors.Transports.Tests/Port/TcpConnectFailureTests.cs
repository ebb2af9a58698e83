using System.Net;
using System.Net.Sockets;
using NatActors.Transports.Port;

namespace NatActors.Transports.Tests.Port;

public sealed class TcpConnectFailureTests : TcpTestBase
{
    [Fact]
    public async Task A_port_where_nobody_listens_refuses()
    {
        var a = Bind("/ip4/127.0.0.1/tcp/0");
        var gone = Bind("/ip4/127.0.0.1/tcp/0");
        await gone.DisposeAsync();

        var result = await a.ConnectAsync(gone.LocalEndPoint, DialPort.Shared, CancellationToken.None).WaitAsync(Guard);

        Assert.Null(result.Conduit);
        Assert.Equal(ConnectFailureKind.Refused, result.Failure?.Kind);
    }

    [Fact]
    public async Task A_refused_dial_leaves_nothing_behind_and_can_be_made_again_at_once()
    {
        var a = Bind("/ip4/127.0.0.1/tcp/0");
        var gone = Bind("/ip4/127.0.0.1/tcp/0");
        await gone.DisposeAsync();

        for (var i = 0; i < 20; i++)
        {
            var result = await a.ConnectAsync(gone.LocalEndPoint, DialPort.Shared, CancellationToken.None).WaitAsync(Guard);
            Assert.Equal(ConnectFailureKind.Refused, result.Failure?.Kind);
        }
    }

    [Fact]
    public async Task A_second_dial_of_the_same_four_tuple_says_that_it_is_in_use()
    {
        var a = Bind("/ip4/127.0.0.1/tcp/0");
        var deaf = Own(await DeafListener.Create());
        using var cancellation = new CancellationTokenSource();
        var first = a.ConnectAsync(deaf.EndPoint, DialPort.Shared, cancellation.Token);

        var second = await a.ConnectAsync(deaf.EndPoint, DialPort.Shared, CancellationToken.None).WaitAsync(Guard);

        Assert.Equal(ConnectFailureKind.TupleInUse, second.Failure?.Kind);
        Assert.False(first.IsCompleted);
        await cancellation.CancelAsync();
        await first.WaitAsync(Guard);
    }

    [Fact]
    public async Task Cancelling_a_dial_frees_its_four_tuple_before_the_cancelling_call_returns()
    {
        var a = Bind("/ip4/127.0.0.1/tcp/0");
        var deaf = Own(await DeafListener.Create());
        for (var i = 0; i < 20; i++)
        {
            using var cancellation = new CancellationTokenSource();
            var first = a.ConnectAsync(deaf.EndPoint, DialPort.Shared, cancellation.Token);
            Assert.False(first.IsCompleted);

#pragma warning disable xUnit1051, CA1849 // The synchronous cancel is the subject.
            cancellation.Cancel();
#pragma warning restore xUnit1051, CA1849
            using var again = new CancellationTokenSource();
            var second = a.ConnectAsync(deaf.EndPoint, DialPort.Shared, again.Token);

            Assert.Equal(ConnectFailureKind.Aborted, (await first.WaitAsync(Guard)).Failure?.Kind);
            Assert.False(second.IsCompleted);
            await again.CancelAsync();
            Assert.Equal(ConnectFailureKind.Aborted, (await second.WaitAsync(Guard)).Failure?.Kind);
        }
    }

    [Fact]
    public async Task The_late_dialer_of_a_crossing_finds_its_connection_in_the_accept_queue()
    {
        var a = Bind("/ip4/127.0.0.1/tcp/0");
        var b = Bind("/ip4/127.0.0.1/tcp/0");
        var early = await Connect(a, b.LocalEndPoint);

        var late = await b.ConnectAsync(a.LocalEndPoint, DialPort.Shared, CancellationToken.None).WaitAsync(Guard);

        Assert.Equal(ConnectFailureKind.TupleInUse, late.Failure?.Kind);
        var taken = Own(Assert.Single(b.TakeAccepted()));
        Assert.Equal(early.LocalAddress, taken.RemoteAddress);
    }

    [Theory]
    [InlineData("/ip4/127.0.0.1/tcp/0")]
    [InlineData("/ip4/0.0.0.0/tcp/0")]
    public async Task A_port_never_connects_to_itself(string listen)
    {
        var a = Bind(listen);
        var self = new IPEndPoint(IPAddress.Loopback, a.LocalEndPoint.Port);

        var result = await a.ConnectAsync(self, DialPort.Shared, CancellationToken.None).WaitAsync(Guard);

        Assert.Equal(ConnectFailureKind.Refused, result.Failure?.Kind);
    }

    [Fact]
    public async Task A_remote_of_the_other_family_is_unreachable_from_this_binding()
    {
        var a = Bind("/ip4/127.0.0.1/tcp/0");

        var remote = new IPEndPoint(IPAddress.IPv6Loopback, 1);
        var result = await a.ConnectAsync(remote, DialPort.Shared, CancellationToken.None).WaitAsync(Guard);

        Assert.Equal(ConnectFailureKind.Unreachable, result.Failure?.Kind);
    }

    [Theory]
    [InlineData(SocketError.ConnectionRefused, ConnectFailureKind.Refused)]
    [InlineData(SocketError.TimedOut, ConnectFailureKind.TimedOut)]
    [InlineData(SocketError.NetworkUnreachable, ConnectFailureKind.Unreachable)]
    [InlineData(SocketError.HostUnreachable, ConnectFailureKind.Unreachable)]
    [InlineData(SocketError.AddressNotAvailable, ConnectFailureKind.TupleInUse)]
    [InlineData(SocketError.AddressAlreadyInUse, ConnectFailureKind.TupleInUse)]
    [InlineData(SocketError.ConnectionReset, ConnectFailureKind.Reset)]
    [InlineData(SocketError.AccessDenied, ConnectFailureKind.NotPermitted)]
    [InlineData(SocketError.TooManyOpenSockets, ConnectFailureKind.Other)]
    public void Each_system_error_has_its_failure(SocketError error, ConnectFailureKind expected) =>
        Assert.Equal(expected, SocketFailures.ConnectKind(error));
}
