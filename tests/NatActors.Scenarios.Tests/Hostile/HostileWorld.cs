using System.Net;
using Akka.Actor;
using Akka.Configuration;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Node.Connections;
using NatActors.Node.Ping;
using NatActors.Node.Resources;
using NatActors.Protocols.Relay;
using NatActors.Scenarios.Tests.Support;
using NatActors.Transports;

namespace NatActors.Scenarios.Tests.Hostile;

/// <summary>A whole node on one of the loopback addresses of this machine.</summary>
internal sealed class HostileNode(ActorSystem system, NatNode node, EventLog events) : IAsyncDisposable
{
    private static readonly Config Quiet = ConfigurationFactory.ParseString("akka.loglevel = ERROR");

    public NatNode Node => node;

    public EventLog Events => events;

    public PeerId Id => node.PeerId;

    public Multiaddr Address => node.ListenAddresses[0];

    public static async Task<HostileNode> StartAsync(string host, NodeOptions options, RelayProfile? relay = null)
    {
        var system = ActorSystem.Create("hostile", Quiet);
        var events = new EventLog(host);
        var setup = new NodeSetup
        {
            Key = PrivateKey.GenerateEd25519(SystemRandomSource.Instance),
            Options = options with
            {
                Listen = [Multiaddr.Parse($"/ip4/{host}/tcp/0")],
                PortMapping = false,
                HolePunching = options.HolePunching && options.RelayServer is not null,
            },
            RelayProfile = relay,
        };
        var node = await NatNode.StartAsync(system, setup, "node", events).WaitAsync(EventLog.Guard);
        return new HostileNode(system, node, events);
    }

    public async ValueTask DisposeAsync()
    {
        await node.DisposeAsync().AsTask().WaitAsync(EventLog.Guard);
        await system.Terminate().WaitAsync(EventLog.Guard);
    }
}

/// <summary>
/// A node, which relays and echoes, with an honest peer that is connected to it and reached through it; and a host to attack it from. Each has
/// a loopback address of its own, and the node counts those as networks.
/// </summary>
internal sealed class HostileWorld : IAsyncDisposable
{
    public static readonly IPAddress AttackerHost = IPAddress.Parse("127.0.0.66");

    private const string NewcomerHost = "127.0.0.3";

    private readonly RefusalCounter _refusals;

    private HostileWorld(HostileNode victim, HostileNode friend)
    {
        Victim = victim;
        Friend = friend;
        _refusals = new RefusalCounter(victim.Id);
    }

    public HostileNode Victim { get; }

    public HostileNode Friend { get; }

    public static async Task<HostileWorld> StartAsync(
        AbuseOptions? abuse = null, ConnectionOptions? connections = null, RelayProfile? relay = null, NodeOptions? options = null)
    {
        var victim = await HostileNode.StartAsync(
            "127.0.0.1",
            (options ?? new NodeOptions()) with
            {
                RelayServer = "private",
                Echo = true,
                Abuse = (abuse ?? new AbuseOptions()) with { LimitLoopback = true },
                Connections = connections ?? new ConnectionOptions(),
            },
            relay);
        var friend = await HostileNode.StartAsync("127.0.0.2", new NodeOptions { Relays = [victim.Address] });
        var world = new HostileWorld(victim, friend);
        await friend.Events.NextAsync<NodeEvents.Reserved>();
        await friend.Events.NextAsync<NodeEvents.Identified>(e => e.Peer == victim.Id);
        await victim.Events.NextAsync<NodeEvents.Identified>(e => e.Peer == friend.Id);
        return world;
    }

    /// <summary>How many connections the node refused for that reason, as its metrics tell.</summary>
    public long Refused(string reason) => _refusals.Of(reason);

    /// <summary>
    /// The friend pings, opens streams and has lost no connection meanwhile; somebody who comes just now is let in, pings, opens streams, and
    /// reaches the friend through the node.
    /// </summary>
    public async Task HonestPeersGoOnAsync()
    {
        await TalkAsync(Friend);
        await using (var newcomer = await HostileNode.StartAsync(NewcomerHost, new NodeOptions()))
        {
            await newcomer.Node.DialAsync(Victim.Address).WaitAsync(EventLog.Guard);
            await TalkAsync(newcomer);
            await newcomer.Node.DialAsync(Victim.Address.Append("/p2p-circuit").WithPeerId(Friend.Id)).WaitAsync(EventLog.Guard);
            await newcomer.Node.PingAsync(Friend.Id).WaitAsync(EventLog.Guard);
        }

        Assert.DoesNotContain(Victim.Events.All, e => e is NodeEvents.Disconnected gone && gone.Peer == Friend.Id);
        Assert.DoesNotContain(Friend.Events.All, e => e is NodeEvents.ReservationLost);
    }

    /// <summary>Waits until the node holds nothing for anybody but the friend: no stream, no memory, no handshake, no connection.</summary>
    public Task SettledAsync() => Eventually.IsAsync(
        () => Victim.Node.GetResources() is var held
            && held.Peers.All(peer => peer.Name == Friend.Id.ToString())
            && held.Transient.Usage.IsZero
            && held.Connections.Count <= 1
            && held.StreamScopes == 0,
        () => Describe(Victim.Node.GetResources()));

    /// <summary>Waits until the connection of that peer has ended, and says why.</summary>
    public async Task<string> LostAsync(PeerId attacker) =>
        (await Victim.Events.NextAsync<NodeEvents.Disconnected>(e => e.Peer == attacker)).Reason;

    public async ValueTask DisposeAsync()
    {
        await Friend.DisposeAsync();
        await Victim.DisposeAsync();
        _refusals.Dispose();
    }

    private async Task TalkAsync(HostileNode from)
    {
        try
        {
            await from.Node.PingAsync(Victim.Id).WaitAsync(EventLog.Guard);
            await using var stream = await from.Node.OpenStreamAsync(Victim.Id, EchoService.Id).WaitAsync(EventLog.Guard);
            await Echo.RunAsync(stream, 10_000);
        }
        catch (PeerFailedException failure)
        {
            Assert.Fail($"{failure.Message}\nthe honest peer: {Story(from)}\nthe node: {Story(Victim)}");
        }
    }

    private static string Story(HostileNode node) => string.Join("\n  ", node.Events.All);

    private static string Describe(ResourceSnapshot held) =>
        $"{held.Connections.Count} connections, {held.StreamScopes} streams, in handshakes {held.Transient.Usage}; peers: "
        + string.Join("; ", held.Peers.Select(peer => $"{peer.Name} {peer.Usage}"));
}

/// <summary>Waits for what comes about by itself, looking often.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(20);

    public static async Task IsAsync(Func<bool> holds, Func<string>? otherwise = null)
    {
        for (var waited = TimeSpan.Zero; !holds(); waited += Often)
        {
            Assert.True(waited < EventLog.Guard, otherwise?.Invoke() ?? "it never came about");
            await Idle.ForAsync(Often);
        }
    }
}
