using System.Net;
using System.Net.Sockets;
using NatActors.Multiformats;
using NatActors.Node.Streams;
using NatActors.Node.Tests.Port;
using NatActors.Node.Tests.Whole;
using NatActors.Protocols.AutoNat;

namespace NatActors.Node.Tests.AutoNat;

public sealed class ServerV2Tests
{
    [Fact]
    public async Task The_nonce_comes_back_from_a_new_port_under_a_throwaway_identity()
    {
        await using var server = await ServeAsync();
        await using var client = await ServerClient.ConnectAsync(server);

        var answer = await client.AskAsync(77, client.Address);

        Assert.Equal(new AutoNatV2Message.DialResponse(AutoNatV2Status.Ok, 0, AutoNatV2DialStatus.Ok), answer);
        var dialBack = await client.NextDialBackAsync();
        Assert.Equal(77UL, dialBack.Nonce);
        Assert.NotEqual(server.Id, dialBack.From);
        Assert.NotEqual(server.Address.WithoutPeerId(), dialBack.Address);
        Assert.Equal(1, client.Accepted);
    }

    [Fact]
    public async Task The_table_of_connections_never_sees_a_dial_back()
    {
        await using var server = await ServeAsync();
        await using var client = await ServerClient.ConnectAsync(server);

        await client.AskAsync(1, client.Address);
        await client.AskAsync(2, client.Address);

        Assert.Single(server.Events.All.OfType<NodeEvents.Connected>());
    }

    [Fact]
    public async Task An_address_that_nobody_listens_on_is_a_dial_error_with_its_index()
    {
        await using var server = await ServeAsync();
        await using var client = await ServerClient.ConnectAsync(server);
        var relayed = Multiaddr.Parse($"/ip4/127.0.0.1/tcp/1/p2p/{server.Id}/p2p-circuit");

        var answer = await client.AskAsync(1, relayed, Closed(), client.Address);

        Assert.Equal(new AutoNatV2Message.DialResponse(AutoNatV2Status.Ok, 1, AutoNatV2DialStatus.DialError), answer);
        Assert.Equal(0, client.Accepted);
    }

    [Fact]
    public async Task Somebody_else_at_the_address_is_a_dial_error()
    {
        await using var server = await ServeAsync();
        await using var client = await ServerClient.ConnectAsync(server);
        await using var other = await ServerClient.ConnectAsync(server);

        var answer = await client.AskAsync(1, other.Address);

        Assert.Equal(new AutoNatV2Message.DialResponse(AutoNatV2Status.Ok, 0, AutoNatV2DialStatus.DialError), answer);
        Assert.Equal(1, other.Accepted);
    }

    [Fact]
    public async Task A_client_that_cuts_the_dial_back_stream_is_a_dial_back_error()
    {
        await using var server = await ServeAsync();
        await using var client = await ServerClient.ConnectAsync(server, onDialBack: stream =>
        {
            stream.Reset();
            return Task.CompletedTask;
        });

        var answer = await client.AskAsync(1, client.Address);

        Assert.Equal(new AutoNatV2Message.DialResponse(AutoNatV2Status.Ok, 0, AutoNatV2DialStatus.DialBackError), answer);
    }

    [Fact]
    public async Task A_client_that_never_gives_a_receipt_is_a_dial_back_error()
    {
        await using var server = await ServeStandingStillAsync();
        var came = new TaskCompletionSource();
        await using var client = await ServerClient.ConnectAsync(server, onDialBack: _ =>
        {
            came.TrySetResult();
            return Task.CompletedTask;
        });
        var asking = client.AskAsync(1, client.Address);
        await DueAsync(server, came.Task);

        server.Time.Advance(new AutoNatServerOptions().DialBackTimeout);

        Assert.Equal(
            new AutoNatV2Message.DialResponse(AutoNatV2Status.Ok, 0, AutoNatV2DialStatus.DialBackError), await asking.WaitAsync(LoopbackNode.Guard));
    }

    [Fact]
    public async Task Nothing_to_dial_is_refused()
    {
        await using var server = await ServeAsync();
        await using var client = await ServerClient.ConnectAsync(server);
        var quic = Multiaddr.Parse("/ip4/127.0.0.1/udp/4001/quic-v1");

        Assert.Equal(new AutoNatV2Message.DialResponse(AutoNatV2Status.DialRefused, 0, AutoNatV2DialStatus.Unused), await client.AskAsync(1, quic));
    }

    [Fact]
    public async Task Private_addresses_are_refused_unless_they_are_allowed()
    {
        await using var server = await LoopbackNode.StartAsync(o => o with { AutoNat = new AutoNatOptions { Serve = AutoNatServing.Always } });
        await using var client = await ServerClient.ConnectAsync(server);

        Assert.Equal(AutoNatV2Status.DialRefused, (await client.AskAsync(1, client.Address))!.Status);
        Assert.Equal(0, client.Accepted);
    }

    [Fact]
    public async Task Another_ones_address_is_dialed_only_after_the_data_is_paid()
    {
        await using var server = await ServeAsync();
        await using var client = await ServerClient.ConnectAsync(server);
        await using var victim = await ServerClient.ConnectAsync(server, "127.0.0.2");
        var messages = new MessageStream(await client.OpenAsync(AutoNatProtocol.V2DialRequest));
        await ServerClient.SendAsync(messages, new AutoNatV2Message.DialRequest([victim.Address], 9));

        var due = Assert.IsType<AutoNatV2Message.DialDataRequest>(await ServerClient.ReadAsync(messages));
        Assert.InRange(due.ByteCount, 30_000UL, 100_000UL);
        await ServerClient.PayAsync(messages, due.ByteCount - 1);
        Assert.Equal(0, victim.Accepted);
        await ServerClient.PayAsync(messages, 1);

        // The victim is somebody else, so the handshake fails: nothing is handed to it.
        Assert.Equal(
            new AutoNatV2Message.DialResponse(AutoNatV2Status.Ok, 0, AutoNatV2DialStatus.DialError), await ServerClient.ReadAsync(messages));
        Assert.Equal(1, victim.Accepted);
    }

    [Fact]
    public async Task A_client_that_pays_in_crumbs_is_cut_and_nothing_is_dialed()
    {
        await using var server = await ServeAsync();
        await using var client = await ServerClient.ConnectAsync(server);
        await using var victim = await ServerClient.ConnectAsync(server, "127.0.0.2");
        var messages = new MessageStream(await client.OpenAsync(AutoNatProtocol.V2DialRequest));
        await ServerClient.SendAsync(messages, new AutoNatV2Message.DialRequest([victim.Address], 9));
        Assert.IsType<AutoNatV2Message.DialDataRequest>(await ServerClient.ReadAsync(messages));

        await ServerClient.SendAsync(messages, new AutoNatV2Message.DialDataResponse(new byte[AutoNatServerData.MinPiece - 1]));

        Assert.Null(await ServerClient.ReadAsync(messages));
        Assert.Equal(0, victim.Accepted);
    }

    [Fact]
    public async Task A_client_that_stalls_in_the_middle_of_its_data_is_cut_and_nothing_is_dialed()
    {
        await using var server = await ServeStandingStillAsync();
        await using var client = await ServerClient.ConnectAsync(server);
        await using var victim = await ServerClient.ConnectAsync(server, "127.0.0.2");
        var messages = new MessageStream(await client.OpenAsync(AutoNatProtocol.V2DialRequest));
        await ServerClient.SendAsync(messages, new AutoNatV2Message.DialRequest([victim.Address], 9));
        Assert.IsType<AutoNatV2Message.DialDataRequest>(await ServerClient.ReadAsync(messages));

        await ServerClient.PayAsync(messages, 20_000);
        server.Time.Advance(new AutoNatServerOptions().RequestTimeout);

        Assert.Null(await ServerClient.ReadAsync(messages));
        Assert.Equal(0, victim.Accepted);
        var again = client.AskAsync(2, client.Address);
        await DueAsync(server, again);
        Assert.Equal(AutoNatV2DialStatus.Ok, (await again)!.DialStatus);
    }

    [Theory]
    [InlineData(AutoNatProtocol.V2DialRequest)]
    [InlineData(AutoNatProtocol.V1)]
    public async Task A_client_that_closes_early_leaves_its_place_free(string protocol)
    {
        await using var server = await ServeAsync(o => o with { ConcurrentPerPeer = 1, V1RequestsPerPeer = 100, RequestsPerPeer = 100 });
        await using var client = await ServerClient.ConnectAsync(server);
        for (var i = 0; i < 3; i++)
        {
            await using var stream = await client.OpenAsync(protocol);
            await stream.CompleteWritesAsync();
            Assert.True(await IsCutAsync(stream));
        }

        Assert.Equal(AutoNatV2DialStatus.Ok, (await client.AskAsync(2, client.Address))!.DialStatus);
    }

    [Theory]
    [InlineData("00")]
    [InlineData("021200")]
    [InlineData("02FFFF")]
    [InlineData("FF7F")]
    public async Task What_is_no_request_is_cut(string hex)
    {
        await using var server = await ServeAsync();
        await using var client = await ServerClient.ConnectAsync(server);
        await using var stream = await client.OpenAsync(AutoNatProtocol.V2DialRequest);

        await stream.WriteAsync(Convert.FromHexString(hex));

        Assert.True(await IsCutAsync(stream));
    }

    [Fact]
    public async Task More_than_two_at_once_of_one_peer_are_rejected()
    {
        await using var server = await ServeAsync();
        await using var client = await ServerClient.ConnectAsync(server);
        await using var first = await client.OpenAsync(AutoNatProtocol.V2DialRequest);
        await using var second = await client.OpenAsync(AutoNatProtocol.V2DialRequest);

        // Rejected unread: nothing has to be sent.
        var third = new MessageStream(await client.OpenAsync(AutoNatProtocol.V2DialRequest));
        Assert.Equal(AutoNatServerRequest.Rejection, await ServerClient.ReadAsync(third));
    }

    internal static Task<LoopbackNode> ServeAsync(
        Func<AutoNatServerOptions, AutoNatServerOptions>? change = null, string ip = "127.0.0.1", params Multiaddr[] partners)
    {
        var options = new AutoNatServerOptions { MaxDialDelay = TimeSpan.FromMilliseconds(100) };
        return StartOnAsync(ip, o => o with
        {
            AutoNat = new AutoNatOptions
            {
                Serve = AutoNatServing.Always,
                AllowPrivateAddresses = true,
                Partners = partners,
                Server = change?.Invoke(options) ?? options,
            },
        });
    }

    /// <summary>A server whose timers fire when the test says so, so that none is too short for a busy machine; it does not wait before a dial.</summary>
    private static Task<LoopbackNode> ServeStandingStillAsync() => LoopbackNode.StartAsync(
        o => o with
        {
            AutoNat = new AutoNatOptions
            {
                Serve = AutoNatServing.Always,
                AllowPrivateAddresses = true,
                Server = new AutoNatServerOptions { MaxDialDelay = TimeSpan.Zero },
            },
        },
        s => s with { Interfaces = new FakeInterfaces("127.0.0.1") },
        timersStandStill: true);

    /// <summary>Lets what is due now happen, and nothing else, until that has come.</summary>
    private static async Task DueAsync(LoopbackNode node, Task awaited)
    {
        using var guard = new CancellationTokenSource(LoopbackNode.Guard);
        while (!awaited.IsCompleted)
        {
            guard.Token.ThrowIfCancellationRequested();
            node.Time.Advance(TimeSpan.Zero);
            await Task.Yield();
        }
    }

    /// <summary>A node that listens on one address of 127/8 and knows no other.</summary>
    internal static Task<LoopbackNode> StartOnAsync(string ip, Func<NodeOptions, NodeOptions> change) => LoopbackNode.StartAsync(
        o => change(o with { Listen = [Multiaddr.Parse($"/ip4/{ip}/tcp/0")] }),
        s => s with { Interfaces = new FakeInterfaces(ip) });

    /// <summary>An address of 127.0.0.1 whose port was free a moment ago and is refused now.</summary>
    internal static Multiaddr Closed()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return Multiaddr.FromTcp((IPEndPoint)socket.LocalEndPoint!);
    }

    /// <summary>True when the server ended the stream without a word.</summary>
    internal static async Task<bool> IsCutAsync(PeerStream stream)
    {
        using var guard = new CancellationTokenSource(LoopbackNode.Guard);
        try
        {
            return await stream.ReadAsync(new byte[64], guard.Token) == 0;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
