using Akka.Actor;
using Akka.Configuration;
using NatActors.Benchmarks.Suite;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Node.Connections;
using NatActors.Transports;

namespace NatActors.Benchmarks.Hostile;

/// <summary>The two other processes: the node that is attacked, as its owner has it by default, and the attacker.</summary>
internal static class HostileRoles
{
    public const string Node = "hostile-node";
    public const string Attacker = "hostile-attacker";

    /// <summary>To the attacker: begin with that attack; and it is over.</summary>
    public const string Begin = "begin";

    /// <summary>To the attacker: it is over. Answered with how much was done.</summary>
    public const string End = "end";

    public static IReadOnlyList<Role> All { get; } = [new Role(Node, ServeAsync), new Role(Attacker, AttackAsync)];

    /// <summary>Says where it listens, and is a node until the end. It counts loopback addresses as networks; all else is default.</summary>
    private static async Task ServeAsync(RoleTalk talk)
    {
        var system = ActorSystem.Create("hostile", ConfigurationFactory.ParseString("akka.loglevel = ERROR"));
        var setup = new NodeSetup
        {
            Key = PrivateKey.GenerateEd25519(SystemRandomSource.Instance),
            Options = new NodeOptions
            {
                Listen = [Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")],
                RelayServer = "public",
                PortMapping = false,
                Abuse = new AbuseOptions { LimitLoopback = true },
            },
        };
        await using var node = await NatNode.StartAsync(system, setup);
        await talk.TellAsync(node.ListenAddresses[0].ToString());
        await talk.UntilEndAsync();
    }

    /// <summary>Arguments: the node, the rate. Then lines: begin ATTACK, end.</summary>
    private static async Task AttackAsync(RoleTalk talk)
    {
        var (target, rate) = (Multiaddr.Parse(talk.Arguments[0]), int.Parse(talk.Arguments[1], System.Globalization.CultureInfo.InvariantCulture));
        while (await talk.HearAsync() is { } line)
        {
            var attack = Attacks.All.Single(one => one.Name == line.Split(' ')[1]);
            using var stop = new CancellationTokenSource();
            var run = new AttackRun(target, rate, stop.Token);
            var attacking = EndAsync(attack.RunAsync(run));
            await talk.TellAsync(Begin);
            await talk.HearAsync();
            await stop.CancelAsync();
            await attacking;
            await talk.TellAsync(run.Done.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    private static async Task EndAsync(Task attacking)
    {
        try
        {
            await attacking;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // It was told to stop in the middle.
        }
    }
}
