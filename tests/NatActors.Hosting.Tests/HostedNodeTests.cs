using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NatActors.Multiformats;
using NatActors.Node;

namespace NatActors.Hosting.Tests;

public sealed class HostedNodeTests : IDisposable
{
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);
    private readonly string _folder = Directory.CreateTempSubdirectory("natactors-hosting-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_node_starts_with_the_host_and_can_be_had_from_the_system_and_by_its_actor()
    {
        var events = new Observed();
        using var host = Build(b => b.WithNatActors(Loopback(), observer: events));
        await host.StartAsync();

        var system = host.Services.GetRequiredService<ActorSystem>();
        var node = await NatActorsExtension.For(system).Node.WaitAsync(Guard);
        Assert.Equal(node.Actor, host.Services.GetRequiredService<IRequiredActor<INatNode>>().ActorRef);
        var status = await node.Actor.Ask<NodeMessages.Status>(new NodeMessages.GetStatus(), Guard);
        Assert.Equal(node.PeerId, status.Self);
        Assert.EndsWith($"/p2p/{node.PeerId}", Assert.Single(node.ListenAddresses).ToString());
        Assert.IsType<NodeEvents.Listening>(Assert.Single(events.All));

        await host.StopAsync();
    }

    [Fact]
    public async Task The_host_ends_the_node_in_order_and_its_peers_hear_of_it()
    {
        var (one, two) = (new Observed(), new Observed());
        using var first = Build(b => b.WithNatActors(Loopback(), observer: one));
        using var second = Build(b => b.WithNatActors(Loopback(), observer: two));
        await Task.WhenAll(first.StartAsync(), second.StartAsync());
        var (a, b) = (await NodeOf(first), await NodeOf(second));
        await a.DialAsync(b.ListenAddresses[0]);

        await first.StopAsync();

        Assert.Null(await a.Completion.WaitAsync(Guard));
        Assert.True(one.Completed.IsCompleted);
        Assert.Equal("the node is going down", one.All.OfType<NodeEvents.Disconnected>().Single().Reason);
        Assert.Equal(a.PeerId, (await two.NextAsync<NodeEvents.Disconnected>()).Peer);
        await second.StopAsync();
    }

    [Fact]
    public void Wrong_options_are_refused_with_every_mistake()
    {
        using var host = Build(b => b.WithNatActors(new NatActorsOptions { Listen = ["here"], RelayServer = "x", Dial = ["/ip4/1.2.3.4/tcp/1"] }));
        var refusal = Assert.ThrowsAny<ArgumentException>(() => host.Services.GetRequiredService<ActorSystem>());

        Assert.Contains("Listen: ", refusal.Message);
        Assert.Contains("RelayServer: ", refusal.Message);
        Assert.Contains("Dial: ", refusal.Message);
    }

    [Fact]
    public async Task A_port_that_is_held_fails_the_start_of_the_host()
    {
        using var holder = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        holder.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        holder.Listen();
        var options = new NatActorsOptions { Listen = [$"/ip4/127.0.0.1/tcp/{((IPEndPoint)holder.LocalEndPoint!).Port}"] };
        using var host = Build(b => b.WithNatActors(options));

        var failure = await Assert.ThrowsAsync<NodeStartException>(() => host.StartAsync());
        Assert.Equal(NodeFailureKind.Port, failure.Failure.Kind);
        var system = host.Services.GetRequiredService<ActorSystem>();
        Assert.Same(failure, await Assert.ThrowsAsync<NodeStartException>(() => NatActorsExtension.For(system).Node.WaitAsync(Guard)));
        await system.Terminate();
    }

    [Fact]
    public async Task A_key_file_that_holds_none_fails_the_start_of_the_host()
    {
        var file = Path.Combine(_folder, "key");
        await File.WriteAllTextAsync(file, "no key");
        var options = Loopback();
        options.Identity = file;
        using var host = Build(b => b.WithNatActors(options));

        await Assert.ThrowsAsync<KeyFileException>(() => host.StartAsync());
        await host.Services.GetRequiredService<ActorSystem>().Terminate();
    }

    [Fact]
    public async Task The_identity_outlives_the_host()
    {
        var options = Loopback();
        options.Identity = Path.Combine(_folder, "key");
        var ids = new List<PeerId>();
        for (var i = 0; i < 2; i++)
        {
            using var host = Build(b => b.WithNatActors(options));
            await host.StartAsync();
            ids.Add((await NodeOf(host)).PeerId);
            await host.StopAsync();
        }

        Assert.Equal(ids[0], ids[1]);
    }

    [Fact]
    public async Task Several_nodes_live_in_one_system_by_their_names()
    {
        using var host = Build(b => b.WithNatActors(Loopback(), name: "left").WithNatActors(Loopback(), name: "right"));
        await host.StartAsync();
        var nodes = NatActorsExtension.For(host.Services.GetRequiredService<ActorSystem>());
        var (left, right) = (await nodes.Named("left").WaitAsync(Guard), await nodes.Named("right").WaitAsync(Guard));

        var connection = await left.DialAsync(right.ListenAddresses[0]).WaitAsync(Guard);
        Assert.Equal(right.PeerId, connection.Peer);
        Assert.Equal(left.Actor, host.Services.GetRequiredService<IRequiredActor<INatNode>>().ActorRef);
        await host.StopAsync();
        await Task.WhenAll(left.Completion, right.Completion).WaitAsync(Guard);
    }

    [Fact]
    public async Task Ingredients_can_be_replaced()
    {
        var key = PrivateKey.GenerateEd25519(Transports.SystemRandomSource.Instance);
        using var host = Build(b => b.WithNatActors(Loopback(), setup => setup with { Key = key }));
        await host.StartAsync();

        Assert.Equal(key.PeerId, (await NodeOf(host)).PeerId);
        await host.StopAsync();
    }

    private static Task<INatNode> NodeOf(IHost host) =>
        NatActorsExtension.For(host.Services.GetRequiredService<ActorSystem>()).Node.WaitAsync(Guard);

    private static NatActorsOptions Loopback() => new() { Listen = ["/ip4/127.0.0.1/tcp/0"] };

    private static IHost Build(Action<AkkaConfigurationBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddAkka("hosted", configure);
        return builder.Build();
    }
}
