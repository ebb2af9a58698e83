using System.Net;
using Akka.Actor;
using Akka.Configuration;
using NatActors.Lab;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Node.Streams;
using NatActors.Scenarios.Tests.Support;
using NatActors.Soak.Tests.Counters;
using NatActors.Soak.Tests.Steps;
using NatActors.Transports;

namespace NatActors.Soak.Tests;

/// <summary>
/// A node of the soak: one place and one identity, under which a node and its actor system are started and stopped again and again.
/// </summary>
public sealed class SoakNode(string name, LabHost host, NodeOptions options, SystemCounts counts, Action<string> violation)
{
    /// <summary>Writes without end, until the stream is reset or so much is written.</summary>
    public const string Fountain = "/soak/fountain/1.0.0";

    private const int Port = 4001;
    private const int FountainBytes = 2 << 20;

    private static readonly Config Quiet = ConfigurationFactory.ParseString("akka.loglevel = WARNING, akka.loggers = []");

    private readonly PrivateKey _key = PrivateKey.GenerateEd25519(SystemRandomSource.Instance);
    private readonly List<WeakReference> _former = [];
    private Incarnation? _now;

    public string Name => name;

    public LabHost Host => host;

    public PeerId Id => _key.PeerId;

    public bool IsUp => Volatile.Read(ref _now) is not null;

    /// <summary>The node's own address in the laboratory, ending in its peer id.</summary>
    public Multiaddr Address => Multiaddr.FromTcp(new IPEndPoint(host.Address, Port)).WithPeerId(Id);

    /// <summary>Where strangers would dial it: its router's address, or its own.</summary>
    public Multiaddr PublicAddress =>
        Multiaddr.FromTcp(new IPEndPoint(host.Router?.PublicAddress ?? host.Address, Port)).WithPeerId(Id);

    /// <exception cref="StepFailed">The node is stopped at the moment.</exception>
    public NatNode Node => (Volatile.Read(ref _now) ?? throw new StepFailed($"{name} is down")).Node;

    /// <exception cref="StepFailed">The node is stopped at the moment.</exception>
    public Asker Asker => (Volatile.Read(ref _now) ?? throw new StepFailed($"{name} is down")).Asker;

    public ActorSystem? System => Volatile.Read(ref _now)?.System;

    /// <summary>Nodes that were stopped and are still in memory; to be counted after a full collection.</summary>
    public int Remains
    {
        get
        {
            _former.RemoveAll(former => !former.IsAlive);
            return _former.Count;
        }
    }

    public Multiaddr Circuit(PeerId target) => Address.Append("/p2p-circuit").WithPeerId(target);

    public async Task StartAsync()
    {
        var system = ActorSystem.Create($"soak-{name}", Quiet);
        system.ActorOf(Props.Create(typeof(Watchman), counts), "watchman");
        var setup = new NodeSetup
        {
            Key = _key,
            Options = options with { Listen = [Multiaddr.Parse($"/ip4/0.0.0.0/tcp/{Port}")] },
        }.Into(host);
        var node = await NatNode.StartAsync(system, setup).WaitAsync(Ledger.Guard);
        node.Handle(Fountain, PourAsync, allowLimited: true);
        Volatile.Write(ref _now, new Incarnation(system, node, new Asker(system, node.Actor, violation)));
    }

    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _now, null) is not { } ending)
        {
            return;
        }

        await ending.Node.DisposeAsync().AsTask().WaitAsync(Ledger.Guard);
        if (!ending.Node.GetResources().IsEmpty)
        {
            violation($"{name} has stopped and still holds {ending.Node.GetResources()}");
        }

        await ending.System.Terminate().WaitAsync(Ledger.Guard);
        _former.Add(new WeakReference(ending.Node));
        _former.Add(new WeakReference(ending.System));
    }

    private static async Task PourAsync(PeerStream stream, CancellationToken ended)
    {
        var drop = new byte[32 * 1024];
        for (var poured = 0; poured < FountainBytes; poured += drop.Length)
        {
            await stream.WriteAsync(drop, ended);
        }
    }

    private sealed record Incarnation(ActorSystem System, NatNode Node, Asker Asker);
}
