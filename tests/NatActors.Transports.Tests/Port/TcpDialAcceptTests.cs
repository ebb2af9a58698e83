using System.Net;
using System.Net.Sockets;
using System.Text;
using NatActors.Multiformats;
using NatActors.Transports.Port;

namespace NatActors.Transports.Tests.Port;

public sealed class TcpDialAcceptTests : TcpTestBase
{
    [Theory]
    [InlineData("/ip4/127.0.0.1/tcp/0")]
    [InlineData("/ip6/::1/tcp/0")]
    public async Task Bytes_pass_both_ways_between_two_bindings(string listen)
    {
        var a = Bind(listen);
        var b = Bind(listen);
        var dialed = await Connect(a, b.LocalEndPoint);
        var accepted = await Accept(b);

        await dialed.WriteAsync("there"u8.ToArray());
        await accepted.WriteAsync("back"u8.ToArray());

        Assert.Equal("there", Encoding.ASCII.GetString(await ReadExactly(accepted, 5)));
        Assert.Equal("back", Encoding.ASCII.GetString(await ReadExactly(dialed, 4)));
        Assert.Equal(b.LocalAddress, dialed.RemoteAddress);
        Assert.Equal(dialed.LocalAddress, accepted.RemoteAddress);
    }

    [Theory]
    [InlineData("/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0")]
    [InlineData("/ip4/0.0.0.0/tcp/0", "/ip4/127.0.0.1/tcp/0")]
    [InlineData("/ip6/::/tcp/0", "/ip6/::1/tcp/0")]
    public async Task The_remote_observes_the_listen_port_of_a_shared_dial(string listen, string remote)
    {
        var a = Bind(listen);
        var b = Bind(remote);
        var result = await a.ConnectAsync(b.LocalEndPoint, DialPort.Shared, CancellationToken.None).WaitAsync(Guard);
        Own(result.Conduit!);
        var accepted = await Accept(b);

        Assert.True(accepted.RemoteAddress.TryGetTcpEndPoint(out var observed));
        Assert.Equal(a.LocalEndPoint.Port, observed.Port);
        Assert.True(result.PortReused);
    }

    [Theory]
    [InlineData("/ip4/127.0.0.1/tcp/0")]
    [InlineData("/ip4/0.0.0.0/tcp/0")]
    public async Task A_dial_from_a_fresh_port_shows_another_port_and_is_not_called_reuse(string listen)
    {
        var a = Bind(listen);
        var b = Bind("/ip4/127.0.0.1/tcp/0");
        var result = await a.ConnectAsync(b.LocalEndPoint, DialPort.Fresh, CancellationToken.None).WaitAsync(Guard);
        Own(result.Conduit!);
        var accepted = await Accept(b);

        Assert.True(accepted.RemoteAddress.TryGetTcpEndPoint(out var observed));
        Assert.NotEqual(a.LocalEndPoint.Port, observed.Port);
        Assert.False(result.PortReused);
    }

    [Fact]
    public async Task A_binding_that_only_dials_shows_one_port_to_all_and_accepts_nothing()
    {
        var dialer = Own(Transport.BindForDialing(Multiaddr.Parse("/ip4/0.0.0.0/tcp/0")).Binding!);
        var b = Bind("/ip4/127.0.0.1/tcp/0");
        var c = Bind("/ip4/127.0.0.1/tcp/0");
        var toB = await dialer.ConnectAsync(b.LocalEndPoint, DialPort.Shared, CancellationToken.None).WaitAsync(Guard);
        Own(toB.Conduit!);
        await Connect(dialer, c.LocalEndPoint);
        var atB = await Accept(b);
        var atC = await Accept(c);

        Assert.Equal(atB.RemoteAddress, atC.RemoteAddress);
        Assert.False(toB.PortReused);
        var accept = dialer.AcceptAsync(CancellationToken.None).AsTask();
        var refused = await b.ConnectAsync(
            new IPEndPoint(IPAddress.Loopback, dialer.LocalEndPoint.Port), DialPort.Fresh, CancellationToken.None).WaitAsync(Guard);
        Assert.Equal(ConnectFailureKind.Refused, refused.Failure?.Kind);
        await dialer.DisposeAsync();
        Assert.Null(await accept.WaitAsync(Guard));
    }

    [Fact]
    public async Task Both_families_can_be_bound_to_the_same_port_by_wildcard()
    {
        var v4 = Bind("/ip4/0.0.0.0/tcp/0");
        var v6 = Bind($"/ip6/::/tcp/{v4.LocalEndPoint.Port}");
        var dialer = Bind("/ip4/127.0.0.1/tcp/0");

        await Connect(dialer, new IPEndPoint(IPAddress.Loopback, v4.LocalEndPoint.Port));

        var accepted = await Accept(v4);
        Assert.Equal(dialer.LocalAddress, accepted.RemoteAddress);
        Assert.Empty(v6.TakeAccepted());
    }

    [Fact]
    public async Task Each_connection_of_the_accept_queue_is_returned_once()
    {
        const int dials = 60;
        var listener = Bind("/ip4/127.0.0.1/tcp/0");
        var dialers = Enumerable.Range(0, dials)
            .Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
            .ToArray();
        var seen = new System.Collections.Concurrent.ConcurrentBag<Multiaddr>();
        var accepting = AcceptUntilClosed(listener, seen);

        foreach (var dialer in dialers)
        {
            await dialer.ConnectAsync(listener.LocalEndPoint).WaitAsync(Guard);
            foreach (var taken in listener.TakeAccepted())
            {
                seen.Add(Own(taken).RemoteAddress);
            }
        }

        // The kernel may hand the last ones to the pending accept, which runs elsewhere.
        SpinWait.SpinUntil(() => seen.Count >= dials, Guard);
        await listener.DisposeAsync();
        await accepting.WaitAsync(Guard);
        var expected = dialers.Select(dialer => Multiaddr.FromTcp((IPEndPoint)dialer.LocalEndPoint!).ToString()).Order();
        Assert.Equal(expected, seen.Select(address => address.ToString()).Order());
        Array.ForEach(dialers, dialer => dialer.Dispose());
    }

    [Fact]
    public async Task What_waits_in_the_accept_queue_can_be_taken_without_waiting()
    {
        var listener = Bind("/ip4/127.0.0.1/tcp/0");
        Assert.Empty(listener.TakeAccepted());
        var dialed = await Connect(Bind("/ip4/127.0.0.1/tcp/0"), listener.LocalEndPoint);

        var taken = Assert.Single(listener.TakeAccepted());

        Own(taken);
        Assert.Equal(dialed.LocalAddress, taken.RemoteAddress);
        Assert.Empty(listener.TakeAccepted());
    }

    [Fact]
    public async Task A_pending_accept_ends_with_null_when_the_binding_closes()
    {
        var listener = Bind("/ip4/127.0.0.1/tcp/0");
        var accept = listener.AcceptAsync(CancellationToken.None).AsTask();

        await listener.DisposeAsync();

        Assert.Null(await accept.WaitAsync(Guard));
        Assert.Null(await listener.AcceptAsync(CancellationToken.None).AsTask().WaitAsync(Guard));
        Assert.Empty(listener.TakeAccepted());
    }

    [Fact]
    public async Task A_pending_accept_can_be_cancelled_and_the_next_one_still_gets_the_connection()
    {
        var listener = Bind("/ip4/127.0.0.1/tcp/0");
        using var cancellation = new CancellationTokenSource();
        var accept = listener.AcceptAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accept.WaitAsync(Guard));

        var dialed = await Connect(Bind("/ip4/127.0.0.1/tcp/0"), listener.LocalEndPoint);

        Assert.Equal(dialed.LocalAddress, (await Accept(listener)).RemoteAddress);
    }

    private async Task AcceptUntilClosed(IPortBinding listener, System.Collections.Concurrent.ConcurrentBag<Multiaddr> seen)
    {
        while (await listener.AcceptAsync(CancellationToken.None) is { } conduit)
        {
            seen.Add(conduit.RemoteAddress);
            await conduit.DisposeAsync();
        }
    }
}
