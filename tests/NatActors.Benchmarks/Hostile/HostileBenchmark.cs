using System.Diagnostics;
using System.Globalization;
using System.Net;
using NatActors.Benchmarks.Peers;
using NatActors.Benchmarks.Suite;
using NatActors.Multiformats;
using NatActors.Node.Streams;
using NatActors.Node.Tests.BadInput;

namespace NatActors.Benchmarks.Hostile;

/// <summary>
/// What an honest peer notices of an attack on the node that it is connected to: its pings with and without, round by round, and how long a
/// newcomer takes from connecting to his first pong. Attacker, node and honest peer are three processes and share the machine's cores.
/// </summary>
internal sealed class HostileBenchmark : IBenchmark
{
    private const string RateSize = "hostile.rate";
    private const string CountSize = "hostile.pings";
    private const string OnlySize = "hostile.only";
    private const int AllAttacks = 99;
    private const int PingBytes = 32;
    private const int Newcomers = 5;

    /// <summary>An attack shows its full effect when its buffers are full; what it leaves behind goes with its connections.</summary>
    private static readonly TimeSpan Ramp = TimeSpan.FromMilliseconds(300);

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(2);

    private int _newcomers;

    public string Verb => "hostile";

    public string Summary => "an honest peer's ping while another peer attacks the node";

    public IReadOnlyList<Size> Sizes =>
    [
        new(RateSize, "attacks a second", 1000, 1000),
        new(CountSize, "pings a round", 500, 250),
        new(OnlySize, $"one attack alone, by its place in the table from 1; {AllAttacks} is all", AllAttacks, AllAttacks),
    ];

    public IReadOnlyList<Role> Roles => HostileRoles.All;

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchRun run)
    {
        var figures = new List<Figure>();
        var only = (int)run.Size(OnlySize);
        foreach (var attack in only > Attacks.All.Count ? Attacks.All : [Attacks.All[only - 1]])
        {
            run.Say(attack.What);
            figures.AddRange(await MeasureAsync(run, attack));
        }

        return figures;
    }

    private async Task<IReadOnlyList<Figure>> MeasureAsync(BenchRun run, Attack attack)
    {
        await using var node = OtherProcess.Start(HostileRoles.Node);
        var address = Multiaddr.Parse(await node.HearAsync());
        await using var attacker = OtherProcess.Start(HostileRoles.Attacker, address.ToString(), $"{run.Size(RateSize)}");
        await using var honest = await BenchNode.StartAsync(new BenchNodeOptions { Listens = false });
        await honest.ConnectAsync(address);
        await using var stream = await honest.Node.OpenStreamAsync(address.PeerId!, StreamWork.Ping);
        var count = (int)run.Size(CountSize);
        var (calm, under, rate) = (new Measured(), new Measured(), new Series());

        // The node is compiled as it goes, and in tiers: without this the calm would be slower than the attack after it.
        await PingAsync(stream, 4 * count);
        foreach (var round in run.Rounds())
        {
            calm.Add(round, await LookAsync(stream, address, node, count));
            await attacker.AskAsync($"{HostileRoles.Begin} {attack.Name}");
            await PauseAsync(Ramp);
            var began = Stopwatch.GetTimestamp();
            under.Add(round, await LookAsync(stream, address, node, count));
            var done = long.Parse(await attacker.AskAsync(HostileRoles.End), CultureInfo.InvariantCulture);
            rate.Add(round, done / (Stopwatch.GetElapsedTime(began) + Ramp).TotalSeconds);
            await PauseAsync(Ramp);
        }

        return
        [
            new Figure($"hostile.{attack.Name}.p50", $"ping p50, {attack.What}", "ms", under.P50)
            {
                Goal = Goal.RatioAtMost(2),
                Beside = [Yardstick.Of("calm", calm.P50)],
            },
            new Figure($"hostile.{attack.Name}.p99", "  p99", "ms", under.P99) { Beside = [Yardstick.Of("calm", calm.P99)] },
            new Figure($"hostile.{attack.Name}.newcomer", "  a newcomer's first pong", "ms", under.Newcomer)
            {
                Beside = [Yardstick.Of("calm", calm.Newcomer)],
            },
            new Figure($"hostile.{attack.Name}.cpu", "  the node's processor time", "%", under.Processor)
            {
                Beside = [Yardstick.Of("calm", calm.Processor)],
            },
            new Figure($"hostile.{attack.Name}.rate", "  done by the attacker", "/s", rate),
        ];
    }

    private async Task<Look> LookAsync(PeerStream stream, Multiaddr address, OtherProcess node, int count)
    {
        var (began, worked) = (Stopwatch.GetTimestamp(), node.ProcessorTime);
        var pings = await PingAsync(stream, count);
        var share = (node.ProcessorTime - worked) / Stopwatch.GetElapsedTime(began);
        var newcomers = new Series();
        for (var i = 0; i < Newcomers; i++)
        {
            newcomers.Add(await ComeAsync(address));
        }

        return new Look(pings, newcomers.Median, share * 100);
    }

    /// <summary>Pings at a pace that leaves the machine idle between two of them.</summary>
    private static async Task<Series> PingAsync(PeerStream stream, int count)
    {
        var times = new Series();
        var ping = new byte[PingBytes];
        var pong = new byte[PingBytes];
        using var pace = new PeriodicTimer(Pace);
        for (var i = 0; i < count; i++)
        {
            await pace.WaitForNextTickAsync();
            var sent = Stopwatch.GetTimestamp();
            await stream.WriteAsync(ping);
            await stream.ReadExactlyAsync(pong).AsTask().WaitAsync(BenchNode.Guard);
            times.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
        }

        return times;
    }

    /// <summary>Somebody new, from a network of his own: connects, proves who he is, opens a stream and has a ping answered.</summary>
    private async Task<double> ComeAsync(Multiaddr address)
    {
        var from = new IPAddress([127, 0, 2, (byte)(1 + (_newcomers++ % 250))]);
        var began = Stopwatch.GetTimestamp();
        await using var newcomer = await BadPeer.LinkedAsync(address, from: from);
        await using var stream = await newcomer.OpenAsync(StreamWork.Ping);
        await stream.WriteAsync(new byte[PingBytes]);
        await stream.ReadExactlyAsync(new byte[PingBytes]).AsTask().WaitAsync(BenchNode.Guard);
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    private static async Task PauseAsync(TimeSpan time)
    {
        using var timer = new PeriodicTimer(time);
        await timer.WaitForNextTickAsync();
    }

    private sealed record Look(Series Pings, double Newcomer, double Processor);

    private sealed class Measured
    {
        public Series P50 { get; } = new();

        public Series P99 { get; } = new();

        public Series Newcomer { get; } = new();

        public Series Processor { get; } = new();

        public void Add(Round round, Look look)
        {
            P50.Add(round, look.Pings.Median);
            P99.Add(round, look.Pings.Percentile(0.99));
            Newcomer.Add(round, look.Newcomer);
            Processor.Add(round, look.Processor);
        }
    }
}
