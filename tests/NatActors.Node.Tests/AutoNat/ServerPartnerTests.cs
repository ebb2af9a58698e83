using NatActors.Multiformats;
using NatActors.Node.Streams;
using NatActors.Node.Tests.Whole;
using NatActors.Protocols.AutoNat;
using static NatActors.Node.Tests.AutoNat.ServerV2Tests;

namespace NatActors.Node.Tests.AutoNat;

/// <summary>Servers and partners on 127.0.0.1, .2 and so on: to them these are hosts of their own.</summary>
public sealed class ServerPartnerTests
{
    private const string Elsewhere = "127.0.0.2";

    [Fact]
    public async Task The_nonce_comes_from_the_server_and_from_its_partner_on_another_address()
    {
        await using var partner = await ServeAsync(ip: Elsewhere);
        await using var server = await ServeAsync(ip: "127.0.0.1", partners: partner.Address);
        await KnowEachOtherAsync(server, partner);
        await using var client = await ServerClient.ConnectAsync(server, "127.0.0.3");

        var answer = await client.AskAsync(5, client.Address);

        Assert.Equal(AutoNatV2DialStatus.Ok, answer!.DialStatus);
        ReceivedDialBack[] both = [await client.NextDialBackAsync(), await client.NextDialBackAsync()];
        Assert.All(both, b => Assert.Equal(5UL, b.Nonce));
        Assert.Equal([Elsewhere, "127.0.0.1"], both.Select(b => b.Address.Host!.ToString()).OrderDescending());
    }

    [Fact]
    public async Task A_connected_peer_that_speaks_the_protocol_is_a_partner_without_being_configured()
    {
        await using var partner = await ServeAsync(ip: Elsewhere);
        await using var server = await ServeAsync();
        await server.Node.DialAsync(partner.Address).WaitAsync(LoopbackNode.Guard);
        await KnowEachOtherAsync(server, partner);
        await using var client = await ServerClient.ConnectAsync(server, "127.0.0.3");

        await client.AskAsync(5, client.Address);

        ReceivedDialBack[] both = [await client.NextDialBackAsync(), await client.NextDialBackAsync()];
        Assert.Contains(both, b => b.Address.Host!.ToString() == Elsewhere);
    }

    [Fact]
    public async Task Where_only_the_server_comes_through_the_partners_failure_is_told()
    {
        await using var server = await ServeAsync();
        await using var liar = await PartnerAsync(server, DialBackPartnerStatus.DialError);
        await using var client = await ServerClient.ConnectAsync(server, "127.0.0.3");

        var answer = await client.AskAsync(5, client.Address);

        Assert.Equal(new AutoNatV2Message.DialResponse(AutoNatV2Status.Ok, 0, AutoNatV2DialStatus.DialError), answer);
        Assert.Equal("127.0.0.1", (await client.NextDialBackAsync()).Address.Host!.ToString());
    }

    [Theory]
    [InlineData(DialBackPartnerStatus.Refused)]
    [InlineData(DialBackPartnerStatus.Failed)]
    [InlineData(DialBackPartnerStatus.Unstated)]
    public async Task A_partner_that_did_not_dial_leaves_the_servers_own_outcome(DialBackPartnerStatus said)
    {
        await using var server = await ServeAsync();
        await using var idler = await PartnerAsync(server, said);
        await using var client = await ServerClient.ConnectAsync(server, "127.0.0.3");

        Assert.Equal(AutoNatV2DialStatus.Ok, (await client.AskAsync(5, client.Address))!.DialStatus);
    }

    [Fact]
    public async Task A_silent_partner_is_not_waited_for_without_end()
    {
        var quick = TimeSpan.FromMilliseconds(200);
        await using var server = await ServeAsync(o => o with { DialTimeout = quick, DialBackTimeout = 5 * quick });
        await using var silent = await PartnerAsync(server, null);
        await using var client = await ServerClient.ConnectAsync(server, "127.0.0.3");

        Assert.Equal(AutoNatV2DialStatus.Ok, (await client.AskAsync(5, client.Address))!.DialStatus);
    }

    [Fact]
    public async Task A_partner_on_the_clients_own_address_is_not_asked()
    {
        await using var server = await ServeAsync();
        await using var near = await PartnerAsync(server, DialBackPartnerStatus.DialError, "127.0.0.3");
        await using var client = await ServerClient.ConnectAsync(server, "127.0.0.3");

        Assert.Equal(AutoNatV2DialStatus.Ok, (await client.AskAsync(5, client.Address))!.DialStatus);
    }

    [Fact]
    public async Task A_partner_dials_what_it_is_asked_and_says_what_came_of_it()
    {
        await using var partner = await ServeAsync();
        await using var asking = await ServerClient.ConnectAsync(partner, Elsewhere);
        await using var client = await ServerClient.ConnectAsync(partner, "127.0.0.3");

        Assert.Equal(
            DialBackPartnerStatus.Ok, await asking.AskPartnerAsync(new DialBackAsk(client.Id, client.Address, 8, DialBackBasis.ObservedIp)));
        Assert.Equal(8UL, (await client.NextDialBackAsync()).Nonce);
        Assert.Equal(
            DialBackPartnerStatus.DialError, await asking.AskPartnerAsync(new DialBackAsk(client.Id, Closed(), 8, DialBackBasis.DataPaid)));
    }

    [Fact]
    public async Task A_partner_refuses_what_has_no_basis_what_it_never_dials_and_what_it_cannot_read()
    {
        await using var partner = await ServeAsync();
        await using var asking = await ServerClient.ConnectAsync(partner, Elsewhere);
        var relayed = Multiaddr.Parse($"/ip4/127.0.0.3/tcp/1/p2p/{partner.Id}/p2p-circuit");
        var name = Multiaddr.Parse("/dns4/example.org/tcp/1");

        Assert.Equal(
            DialBackPartnerStatus.Refused, await asking.AskPartnerAsync(new DialBackAsk(asking.Id, asking.Address, 8, DialBackBasis.Unstated)));
        Assert.Equal(
            DialBackPartnerStatus.Refused, await asking.AskPartnerAsync(new DialBackAsk(asking.Id, relayed, 8, DialBackBasis.ObservedIp)));
        Assert.Equal(
            DialBackPartnerStatus.Refused, await asking.AskPartnerAsync(new DialBackAsk(asking.Id, name, 8, DialBackBasis.ObservedIp)));
        await using var stream = await asking.OpenAsync(AutoNatProtocol.Partner);
        await stream.WriteAsync(Convert.FromHexString("03FFFFFF"));
        using var guard = new CancellationTokenSource(LoopbackNode.Guard);
        var read = await new MessageStream(stream).ReadMessageAsync(64, guard.Token);
        Assert.Equal(DialBackPartnerStatus.Refused, DialBackPartnerCodec.DecodeReply(read.Message!.Value.Span).Status);
        Assert.Equal(0, asking.Accepted);
    }

    [Fact]
    public async Task A_stranger_gets_few_dials_and_then_none_is_read()
    {
        await using var partner = await ServeAsync(o => o with { StrangerDialsPerServer = 2 });
        await using var asking = await ServerClient.ConnectAsync(partner, Elsewhere);
        var ask = new DialBackAsk(asking.Id, asking.Address, 8, DialBackBasis.ObservedIp);
        Assert.Equal(DialBackPartnerStatus.Ok, await asking.AskPartnerAsync(ask));
        Assert.Equal(DialBackPartnerStatus.Ok, await asking.AskPartnerAsync(ask));

        Assert.True(await IsNotReadAsync(asking));
    }

    /// <summary>A stream for another ask is cut; that may be so early that the protocol's name is not answered any more.</summary>
    private static async Task<bool> IsNotReadAsync(ServerClient asking)
    {
        try
        {
            await using var stream = await asking.OpenAsync(AutoNatProtocol.Partner);
            return await IsCutAsync(stream);
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>A peer that says it is a partner and answers that; null for never.</summary>
    private static async Task<LoopbackNode> PartnerAsync(LoopbackNode server, DialBackPartnerStatus? says, string ip = Elsewhere)
    {
        var partner = await StartOnAsync(ip, o => o);
        partner.Node.Handle(AutoNatProtocol.Partner, async (stream, stopping) =>
        {
            var messages = new MessageStream(stream);
            await messages.ReadMessageAsync(DialBackPartnerCodec.MaxMessageSize, stopping);
            if (says is { } status)
            {
                await messages.WriteMessageAsync(DialBackPartnerCodec.Encode(status), stopping);
            }
            else
            {
                // Until the server has had enough.
                await messages.ReadMessageAsync(DialBackPartnerCodec.MaxMessageSize, stopping);
            }
        });
        await server.Node.DialAsync(partner.Address).WaitAsync(LoopbackNode.Guard);
        await KnowEachOtherAsync(server, partner);
        return partner;
    }

    private static Task KnowEachOtherAsync(LoopbackNode server, LoopbackNode partner) =>
        server.Events.NextAsync<NodeEvents.Identified>(e => e.Peer == partner.Id && e.Protocols.Contains(AutoNatProtocol.Partner));
}
