using System.Diagnostics;
using NatActors.Node.Streams;
using NatActors.Node.Tests.BadInput;
using NatActors.Node.Tests.Whole;
using NatActors.Protocols.AutoNat;

namespace NatActors.Node.Tests.AutoNat;

[Collection(BadInputCollection.Name)]
public sealed class ServerFloodTests
{
    private const int Requests = 10_000;

    /// <summary>Of one connection: fewer than yamux leaves unacknowledged.</summary>
    private const int AtOnce = 100;

    private static readonly AutoNatOptions Serving = new()
    {
        Serve = AutoNatServing.Always,
        AllowPrivateAddresses = true,
    };

    [Theory]
    [InlineData(AutoNatProtocol.V2DialRequest, 12)]
    [InlineData(AutoNatProtocol.V1, 3)]
    public async Task Ten_thousand_requests_of_one_peer_get_its_share_and_others_are_served(string protocol, int share)
    {
        await using var victim = await Victim.StartAsync(o => o with { AutoNat = Serving });
        await using var flood = await ServerClient.ConnectAsync(victim.Node);
        await using var honest = await ServerClient.ConnectAsync(victim.Node, "127.0.0.3");

        var began = Stopwatch.GetTimestamp();
        var flooding = FloodAsync(flood, protocol, Requests);
        var answer = await honest.AskAsync(1, honest.Address);
        await flooding;

        // The share is one of a minute, and a busy machine may take longer than that.
        var minutes = 1 + Stopwatch.GetElapsedTime(began).TotalMinutes;
        Assert.Equal(AutoNatV2DialStatus.Ok, answer!.DialStatus);
        Assert.InRange(flood.Accepted, 1, (int)(share * minutes));
        await victim.IsWellAsync();
    }

    [Fact]
    public async Task Ten_thousand_requests_of_many_peers_get_the_share_of_all()
    {
        const int Peers = 20;
        await using var victim = await Victim.StartAsync(o => o with { AutoNat = Serving });
        var floods = new List<ServerClient>();
        for (var i = 0; i < Peers; i++)
        {
            floods.Add(await ServerClient.ConnectAsync(victim.Node, $"127.0.0.{10 + i}"));
        }

        await Task.WhenAll(floods.Select(f => FloodAsync(f, AutoNatProtocol.V2DialRequest, Requests / Peers)));

        // A bucket of the next minute may be open by the end.
        Assert.InRange(floods.Sum(f => f.Accepted), 1, 2 * new AutoNatServerOptions().RequestsPerMinute);
        foreach (var flood in floods)
        {
            await flood.DisposeAsync();
            await victim.Node.Events.NextAsync<NodeEvents.Disconnected>(e => e.Peer == flood.Id);
        }

        // Both ends of many links at a time fill the pools of buffers, which stay; more dial-backs take no more.
        await victim.IsWellAsync(mebibytes: 64);
    }

    private static async Task FloodAsync(ServerClient client, string protocol, int requests)
    {
        for (var i = 0; i < requests; i += AtOnce)
        {
            await Task.WhenAll(Enumerable.Range(0, Math.Min(AtOnce, requests - i)).Select(_ => AskAsync(client, protocol)));
        }
    }

    /// <summary>One request whose answer is read, whatever it is.</summary>
    private static async Task AskAsync(ServerClient client, string protocol)
    {
        using var guard = new CancellationTokenSource(LoopbackNode.Guard);
        try
        {
            await using var stream = await client.OpenAsync(protocol);
            var request = protocol == AutoNatProtocol.V1
                ? AutoNatV1Codec.Encode(new AutoNatV1Message.Dial(client.Id, [client.Address]))
                : AutoNatV2Codec.Encode(new AutoNatV2Message.DialRequest([client.Address], 7));
            var messages = new MessageStream(stream);
            await messages.WriteMessageAsync(request, guard.Token);
            await messages.ReadMessageAsync(AutoNatV2Codec.MaxMessageSize, guard.Token);
        }
        catch (IOException)
        {
            // Cut without a word, as a flood is.
        }
    }
}
