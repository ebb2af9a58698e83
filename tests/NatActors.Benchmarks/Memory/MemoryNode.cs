using System.Globalization;
using System.Text.Json;
using Akka.Actor;
using Akka.Configuration;
using NatActors.Benchmarks.Suite;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Transports;

namespace NatActors.Benchmarks.Memory;

/// <summary>
/// The process that is measured: a whole node with its default services. Says its address, then answers each line: a number of connections, for
/// which it waits until they are up, identified and without streams, and then says what it holds.
/// </summary>
internal static class MemoryNode
{
    public const string Role = "memory-node";

    /// <summary>Descriptors a process has beside its connections: libraries, pipes, the port.</summary>
    public const int DescriptorsBeside = 256;

    /// <summary>How often the node is looked at while it settles.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    private static readonly Config Quiet = ConfigurationFactory.ParseString("akka.loglevel = WARNING");

    public static async Task PlayAsync(RoleTalk talk)
    {
        var most = int.Parse(talk.Arguments[0], CultureInfo.InvariantCulture);
        using var system = ActorSystem.Create("memory", Quiet);
        var identified = 0;
        await using var node = await NatNode.StartAsync(
            system, new NodeSetup { Key = PrivateKey.GenerateEd25519(SystemRandomSource.Instance), Options = Options(most) });
        using var watch = node.Events.Subscribe(new Counter(() => Interlocked.Increment(ref identified)));
        await talk.TellAsync(node.ListenAddresses[0].ToString());
        while (await talk.HearAsync() is { } line)
        {
            var wanted = int.Parse(line, CultureInfo.InvariantCulture);
            await SettleAsync(node, wanted, () => Volatile.Read(ref identified));
            var before = ProcessMemory.Take();
            await talk.TellAsync(JsonSerializer.Serialize(new MemorySample(wanted, before, ProcessMemory.TakeSettled())));
        }
    }

    /// <summary>A node as its owner has it, with room for the connections; they stay although nobody uses them.</summary>
    private static NodeOptions Options(int most) => new()
    {
        Listen = [Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")],
        PortMapping = false,
        Connections = new ConnectionOptions
        {
            MaxConnections = most + DescriptorsBeside,
            IdleTimeout = TimeSpan.FromDays(1),
        },
    };

    private static async Task SettleAsync(NatNode node, int wanted, Func<int> identified)
    {
        using var timer = new PeriodicTimer(Look);
        while (await timer.WaitForNextTickAsync())
        {
            var status = await node.GetStatusAsync();
            if (status.Connections.Count >= wanted && identified() >= wanted && status.Connections.All(c => c.Streams == 0))
            {
                return;
            }
        }
    }

    private sealed class Counter(Action identified) : IObserver<NodeEvent>
    {
        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }

        public void OnNext(NodeEvent value)
        {
            if (value is NodeEvents.Identified)
            {
                identified();
            }
        }
    }
}

/// <summary>What the node holds at a number of connections: as it stood, and with the garbage gone.</summary>
internal sealed record MemorySample(int Connections, ProcessMemory AsItStands, ProcessMemory Settled);
