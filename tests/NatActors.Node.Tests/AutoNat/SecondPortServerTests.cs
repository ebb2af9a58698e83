using System.Net;
using System.Net.Sockets;
using NatActors.Multiformats;
using NatActors.Node.Streams;
using NatActors.Node.Tests.Whole;
using NatActors.Protocols.AutoNat;
using static NatActors.Node.Tests.AutoNat.ServerV2Tests;

namespace NatActors.Node.Tests.AutoNat;

/// <summary>A server of second ports on 127.0.0.1, its clients and others on other addresses of 127/8: to it these are hosts of their own.</summary>
public sealed class SecondPortServerTests
{
    private const ulong Nonce = 0x1122334455667788;
    private const string Client = "127.0.0.3";

    [Fact]
    public async Task A_client_learns_where_it_is_seen_on_a_second_port_and_no_connection_comes_of_it()
    {
        await using var server = await ServeAsync();
        await using var client = await ServerClient.ConnectAsync(server, Client);
        var (messages, port) = await OpenAsync(client);
        Assert.True(server.Address.WithoutPeerId().TryGetTcpEndPoint(out var first));
        Assert.NotEqual(first.Port, port);

        using var visitor = await VisitAsync(port, Client, SecondPortCodec.NonceBytes(Nonce));

        var seen = await ReadAsync(messages);
        Assert.Equal(new SecondPortReply(SecondPortStatus.Seen, Seen: Multiaddr.FromTcp((IPEndPoint)visitor.LocalEndPoint!)), seen);
        Assert.True(await IsCutAsync(visitor));
        Assert.Single(server.Events.All.OfType<NodeEvents.Connected>());
        await Assert.ThrowsAsync<SocketException>(() => VisitAsync(port, Client, []));
    }

    [Fact]
    public async Task Others_are_cut_even_when_they_know_the_nonce_and_the_client_is_still_served()
    {
        await using var server = await ServeAsync();
        await using var client = await ServerClient.ConnectAsync(server, Client);
        var (messages, port) = await OpenAsync(client);

        Assert.True(await IsCutOrTurnedAwayAsync(VisitAsync(port, "127.0.0.9", SecondPortCodec.NonceBytes(Nonce))));

        using var visitor = await VisitAsync(port, Client, SecondPortCodec.NonceBytes(Nonce));
        Assert.Equal(SecondPortStatus.Seen, (await ReadAsync(messages))?.Status);
    }

    [Fact]
    public async Task A_wrong_nonce_and_an_early_end_are_cut_and_one_who_says_nothing_keeps_nobody_waiting()
    {
        await using var server = await ServeAsync();
        await using var client = await ServerClient.ConnectAsync(server, Client);
        var (messages, port) = await OpenAsync(client);

        using var silent = await VisitAsync(port, Client, [1, 2, 3]);
        using var wrong = await VisitAsync(port, Client, SecondPortCodec.NonceBytes(Nonce + 1));
        Assert.True(await IsCutAsync(wrong));
        using var early = await VisitAsync(port, Client, [1]);
        early.Shutdown(SocketShutdown.Send);
        Assert.True(await IsCutAsync(early));

        using var visitor = await VisitAsync(port, Client, SecondPortCodec.NonceBytes(Nonce));
        Assert.Equal(SecondPortStatus.Seen, (await ReadAsync(messages))?.Status);
        Assert.True(await IsCutAsync(silent));
    }

    [Fact]
    public async Task The_port_is_closed_when_nobody_shows_the_nonce_in_time()
    {
        await using var server = await ServeAsync(o => o with { SecondPortWindow = TimeSpan.FromMilliseconds(300) });
        await using var client = await ServerClient.ConnectAsync(server, Client);
        var (messages, port) = await OpenAsync(client);
        var slow = VisitAsync(port, Client, [1, 2, 3]);

        Assert.Equal(new SecondPortReply(SecondPortStatus.NotSeen), await ReadAsync(messages));

        Assert.True(await IsCutOrTurnedAwayAsync(slow));
        await Assert.ThrowsAsync<SocketException>(() => VisitAsync(port, Client, []));
    }

    [Theory]
    [InlineData("00")]
    [InlineData("09090000000000000000")]
    [InlineData("02FFFF")]
    [InlineData("FF7F")]
    public async Task What_is_no_ask_is_cut(string hex)
    {
        await using var server = await ServeAsync();
        await using var client = await ServerClient.ConnectAsync(server, Client);
        await using var stream = await client.OpenAsync(SecondPortProtocol.Id);

        await stream.WriteAsync(Convert.FromHexString(hex));

        Assert.True(await ServerV2Tests.IsCutAsync(stream));
    }

    [Fact]
    public async Task A_client_that_never_asks_is_cut()
    {
        await using var server = await ServeAsync(o => o with { SecondPortWindow = TimeSpan.FromMilliseconds(200) });
        await using var client = await ServerClient.ConnectAsync(server, Client);
        await using var stream = await client.OpenAsync(SecondPortProtocol.Id);

        Assert.True(await ServerV2Tests.IsCutAsync(stream));
    }

    [Fact]
    public async Task Asks_over_the_limits_are_refused_and_others_are_served()
    {
        await using var server = await ServeAsync(o => o with { SecondPortsPerPeer = 2 });
        await using var client = await ServerClient.ConnectAsync(server, Client);
        await using var other = await ServerClient.ConnectAsync(server, "127.0.0.4");
        await OpenAsync(client);
        await OpenAsync(client);

        for (var i = 0; i < 50; i++)
        {
            var refused = await AskAsync(client);
            Assert.Equal(new SecondPortReply(SecondPortStatus.Refused), await ReadAsync(refused));
        }

        await OpenAsync(other);
    }

    [Fact]
    public async Task A_ninth_port_is_not_opened_while_eight_are_open()
    {
        await using var server = await ServeAsync(o => o with { SecondPortsPerPeer = 100 });
        await using var client = await ServerClient.ConnectAsync(server, Client);
        var open = new List<(MessageStream Messages, int Port)>();
        for (var i = 0; i < 8; i++)
        {
            open.Add(await OpenAsync(client));
        }

        Assert.Equal(SecondPortStatus.Refused, (await ReadAsync(await AskAsync(client)))?.Status);

        Assert.Equal(8, open.Select(o => o.Port).Distinct().Count());
    }

    /// <summary>Asks, and returns the stream before its first reply.</summary>
    private static async Task<MessageStream> AskAsync(ServerClient client)
    {
        using var guard = new CancellationTokenSource(LoopbackNode.Guard);
        var messages = new MessageStream(await client.OpenAsync(SecondPortProtocol.Id));
        await messages.WriteMessageAsync(SecondPortCodec.Encode(Nonce), guard.Token);
        return messages;
    }

    /// <summary>Asks, and returns the port that is open.</summary>
    private static async Task<(MessageStream Messages, int Port)> OpenAsync(ServerClient client)
    {
        var messages = await AskAsync(client);
        var reply = await ReadAsync(messages);
        Assert.Equal(SecondPortStatus.Open, reply?.Status);
        return (messages, reply!.Port);
    }

    private static async Task<SecondPortReply?> ReadAsync(MessageStream messages)
    {
        using var guard = new CancellationTokenSource(LoopbackNode.Guard);
        var read = await messages.ReadMessageAsync(SecondPortProtocol.MaxMessageSize, guard.Token);
        return read.Message is { } message ? SecondPortCodec.DecodeReply(message.Span).Reply : null;
    }

    private static async Task<Socket> VisitAsync(int port, string from, byte[] says)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await socket.ConnectAsync(IPAddress.Loopback, port).WaitAsync(LoopbackNode.Guard);
        await socket.SendAsync(says);
        return socket;
    }

    /// <summary>
    /// A cut may come before the visitor has spoken, or even knows that it is connected; and one who comes when the port has closed (the window
    /// is short, the machine may be busy) is turned away.
    /// </summary>
    private static async Task<bool> IsCutOrTurnedAwayAsync(Task<Socket> visit)
    {
        try
        {
            using var socket = await visit;
            return await IsCutAsync(socket);
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private static async Task<bool> IsCutAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[1]).WaitAsync(LoopbackNode.Guard) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
