using NatActors.Multiformats;
using NatActors.Node.Tests.Whole;
using NatActors.Protocols.AutoNat;
using static NatActors.Node.Tests.AutoNat.ServerV2Tests;

namespace NatActors.Node.Tests.AutoNat;

public sealed class ServerV1Tests
{
    [Fact]
    public async Task A_client_that_listens_is_told_at_which_address_it_was_reached()
    {
        await using var server = await ServeAsync();
        await using var client = await ServerClient.ConnectAsync(server);

        var answer = await client.AskV1Async(client.Id, Closed(), client.Address);

        Assert.Equal(new AutoNatV1Message.DialResponse(AutoNatV1Status.Ok, null, client.Address), answer);
        Assert.Single(server.Events.All.OfType<NodeEvents.Connected>());
    }

    [Fact]
    public async Task A_failure_is_told_as_soon_as_all_dials_have_failed()
    {
        await using var server = await ServeAsync();
        await using var client = await ServerClient.ConnectAsync(server);

        var answer = await client.AskV1Async(client.Id, Closed(), Closed());

        Assert.Equal(AutoNatV1Status.DialError, answer.Status);
        Assert.Null(answer.Address);
    }

    [Fact]
    public async Task Only_the_address_that_the_client_comes_from_is_dialed()
    {
        await using var server = await ServeAsync();
        await using var client = await ServerClient.ConnectAsync(server);
        await using var victim = await ServerClient.ConnectAsync(server, "127.0.0.2");

        Assert.Equal(AutoNatV1Status.DialError, (await client.AskV1Async(client.Id, victim.Address)).Status);
        Assert.Equal(0, victim.Accepted);
    }

    [Fact]
    public async Task Another_ones_peer_id_is_a_bad_request()
    {
        await using var server = await ServeAsync();
        await using var client = await ServerClient.ConnectAsync(server);

        Assert.Equal(AutoNatV1Status.BadRequest, (await client.AskV1Async(server.Id, client.Address)).Status);
        Assert.Equal(0, client.Accepted);
    }

    [Fact]
    public async Task A_private_address_is_refused_unless_it_is_allowed()
    {
        await using var server = await LoopbackNode.StartAsync(o => o with { AutoNat = new AutoNatOptions { Serve = AutoNatServing.Always } });
        await using var client = await ServerClient.ConnectAsync(server);

        Assert.Equal(AutoNatV1Status.DialRefused, (await client.AskV1Async(client.Id, client.Address)).Status);
        Assert.Equal(0, client.Accepted);
    }

    [Fact]
    public async Task The_fourth_request_in_a_minute_is_refused()
    {
        await using var server = await ServeAsync();
        await using var client = await ServerClient.ConnectAsync(server);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(AutoNatV1Status.Ok, (await client.AskV1Async(client.Id, client.Address)).Status);
        }

        Assert.Equal(AutoNatV1Status.DialRefused, (await client.AskV1Async(client.Id, client.Address)).Status);
    }
}
