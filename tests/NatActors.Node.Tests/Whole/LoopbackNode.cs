using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using NatActors.Multiformats;
using NatActors.Scenarios.Tests.Support;
using NatActors.Transports;

namespace NatActors.Node.Tests.Whole;

/// <summary>A whole node on loopback, in an actor system of its own, with its events.</summary>
public sealed class LoopbackNode : IAsyncDisposable
{
    public static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);

    private static readonly Config Quiet = ConfigurationFactory.ParseString("akka.loglevel = WARNING");

    private static readonly Config Still = ConfigurationFactory.ParseString(
        "akka.loglevel = WARNING\nakka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"");

    private LoopbackNode(ActorSystem system, NatNode node, EventLog events)
    {
        System = system;
        Node = node;
        Events = events;
    }

    /// <summary>The actor system that the node has for itself.</summary>
    public ActorSystem System { get; }

    public NatNode Node { get; }

    public EventLog Events { get; }

    public PeerId Id => Node.PeerId;

    /// <summary>The first listen address, ending in the peer id.</summary>
    public Multiaddr Address => Node.ListenAddresses[0];

    /// <summary>The clock of its timers, of a node that was started with timers that stand still.</summary>
    public TestScheduler Time => (TestScheduler)System.Scheduler;

    /// <summary>Starts one; with timers that stand still none fires before the test advances <see cref="Time"/>.</summary>
    public static async Task<LoopbackNode> StartAsync(
        Func<NodeOptions, NodeOptions>? change = null, Func<NodeSetup, NodeSetup>? setUp = null, bool timersStandStill = false)
    {
        var options = new NodeOptions { Listen = [Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")] };
        var setup = new NodeSetup
        {
            Key = PrivateKey.GenerateEd25519(SystemRandomSource.Instance),
            Options = change?.Invoke(options) ?? options,
        };
        var system = ActorSystem.Create("node-test", timersStandStill ? Still : Quiet);
        var events = new EventLog("node");
        try
        {
            var node = await NatNode.StartAsync(system, setUp?.Invoke(setup) ?? setup, "node", events).WaitAsync(Guard);
            return new LoopbackNode(system, node, events);
        }
        catch
        {
            await system.Terminate();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync().AsTask().WaitAsync(Guard);
        await System.Terminate().WaitAsync(Guard);
    }
}
