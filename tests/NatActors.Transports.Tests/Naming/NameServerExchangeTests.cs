using System.Net;
using System.Net.Sockets;
using NatActors.Transports.Naming;

namespace NatActors.Transports.Tests.Naming;

/// <summary>Questions over the machine's loopback to a server of the test's own.</summary>
public sealed class NameServerExchangeTests : IAsyncDisposable
{
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(20);
    private static readonly byte[] Query = [1, 2, 3];

    private readonly Socket _udp = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Socket _tcp = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly NameServerExchange _exchange = new();

    public NameServerExchangeTests()
    {
        _udp.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _tcp.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _tcp.Listen();
    }

    public ValueTask DisposeAsync()
    {
        _udp.Dispose();
        _tcp.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task The_first_message_that_may_be_the_answer_is_taken_and_only_from_the_asked_server()
    {
        var asking = Ask(_udp, overTcp: false);
        var (query, client) = await ReceiveAsync();
        Assert.Equal(Query, query);

        using var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await stranger.SendToAsync(new byte[] { 9, 1 }, client);
        await _udp.SendToAsync(new byte[] { 8 }, client);
        await _udp.SendToAsync(new byte[] { 9, 2 }, client);

        Assert.Equal([9, 2], (await asking.WaitAsync(Guard)).ToArray());
    }

    [Fact]
    public async Task Each_question_leaves_from_a_port_of_its_own()
    {
        var first = Ask(_udp, overTcp: false);
        var second = Ask(_udp, overTcp: false);
        var (a, b) = ((await ReceiveAsync()).From, (await ReceiveAsync()).From);

        Assert.NotEqual(a, b);
        await _udp.SendToAsync(new byte[] { 9 }, a);
        await _udp.SendToAsync(new byte[] { 9 }, b);
        await Task.WhenAll(first, second).WaitAsync(Guard);
    }

    [Fact]
    public async Task Nobody_there_is_told()
    {
        var gone = (IPEndPoint)_udp.LocalEndPoint!;
        _udp.Dispose();

        await Assert.ThrowsAsync<IOException>(() => _exchange.AskAsync(gone, Query, false, _ => true, default).WaitAsync(Guard));
    }

    [Fact]
    public async Task Over_TCP_the_answer_comes_behind_its_length_however_it_is_cut()
    {
        var asking = Ask(_tcp, overTcp: true);
        using var client = await _tcp.AcceptAsync().WaitAsync(Guard);
        var query = new byte[5];
        for (var read = 0; read < query.Length;)
        {
            read += await client.ReceiveAsync(query.AsMemory(read));
        }

        Assert.Equal([0, 3, 1, 2, 3], query);
        var answer = new byte[0x1234];
        answer[^1] = 7;
        byte[] framed = [0x12, 0x34, .. answer];
        client.NoDelay = true;
        await client.SendAsync(framed.AsMemory(0, 1));
        await client.SendAsync(framed.AsMemory(1, 2));
        await client.SendAsync(framed.AsMemory(3));

        Assert.Equal(answer, (await asking.WaitAsync(Guard)).ToArray());
    }

    [Fact]
    public async Task A_server_that_hangs_up_in_the_middle_is_told()
    {
        var asking = Ask(_tcp, overTcp: true);
        using (var client = await _tcp.AcceptAsync().WaitAsync(Guard))
        {
            await client.ReceiveAsync(new byte[5]);
            await client.SendAsync(new byte[] { 0, 9, 1 });
        }

        await Assert.ThrowsAsync<IOException>(() => asking.WaitAsync(Guard));
    }

    [Fact]
    public async Task A_question_nobody_waits_for_any_more_ends()
    {
        using var cancel = new CancellationTokenSource();
        var asking = _exchange.AskAsync((IPEndPoint)_udp.LocalEndPoint!, Query, false, _ => true, cancel.Token);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking.WaitAsync(Guard));
    }

    private Task<ReadOnlyMemory<byte>> Ask(Socket server, bool overTcp) =>
        _exchange.AskAsync((IPEndPoint)server.LocalEndPoint!, Query, overTcp, message => message.Span[0] == 9, default);

    private async Task<(byte[] Query, IPEndPoint From)> ReceiveAsync()
    {
        var buffer = new byte[100];
        var received = await _udp.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0)).WaitAsync(Guard);
        return (buffer[..received.ReceivedBytes], (IPEndPoint)received.RemoteEndPoint);
    }
}
