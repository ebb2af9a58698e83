using System.Globalization;
using System.Text.Json;
using Akka.Actor;
using Akka.Configuration;
using NatActors.Benchmarks.Suite;

namespace NatActors.Benchmarks.Runtime;

/// <summary>
/// The actor runtime by itself, on whichever one the program was built with: <c>--runtime akka</c> measures the packages on the same
/// machine. Processor time and bytes stand beside the rates, since a neighbour moves them less.
/// </summary>
internal sealed class RuntimeBenchmark : IBenchmark
{
    private const string MessagesSize = "runtime.messages";
    private const string QuestionsSize = "runtime.questions";
    private const string ActorsSize = "runtime.actors";
    private const string Spawner = "runtime-spawner";
    private const double Million = 1_000_000;
    private const int ManySenders = 4;
    private const int ManyAskers = 16;
    private const int ManyQuestions = 100;

    /// <summary>So many actors are made first, so that their code is compiled.</summary>
    private const int WarmUpActors = 10_000;

    /// <summary>Bytes of an idle actor: the goal.</summary>
    private const double BytesGoal = 500;

    private static readonly string Name = typeof(ActorSystem).Assembly.GetName().Name!;

    private static readonly Config Quiet = ConfigurationFactory.ParseString("akka.loglevel = ERROR");

    public string Verb => "runtime";

    public string Summary => $"the actor runtime ({Name}): tell, ping-pong, ask, a million idle actors";

    public IReadOnlyList<Size> Sizes =>
    [
        new(MessagesSize, "messages of one round", 5_000_000, 500_000),
        new(QuestionsSize, "questions of one round", 500_000, 50_000),
        new(ActorsSize, "idle actors", 1_000_000, 100_000),
    ];

    public IReadOnlyList<Role> Roles => [new(Spawner, SpawnAsync)];

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchRun run)
    {
        var (messages, questions) = (run.Size(MessagesSize), run.Size(QuestionsSize));
        List<Figure> figures =
        [
            await RateAsync(run, "tell", "tell, one sender", 10.9, system => RuntimeMeasures.TellAsync(system, 1, messages)),
            await RateAsync(
                run, "tell.senders", $"tell, {ManySenders} senders", 10.9, system => RuntimeMeasures.TellAsync(system, ManySenders, messages)),
        ];
        foreach (var (pairs, inFlight, akka) in PingPongs())
        {
            figures.Add(await RateAsync(
                run,
                $"pingpong.{pairs}x{inFlight}",
                $"ping-pong, {(pairs == 1 ? "1 pair" : $"{pairs} pairs")}, {inFlight} in flight",
                akka,
                system => RuntimeMeasures.PingPongAsync(system, pairs, inFlight, messages)));
        }

        figures.Add(await RateAsync(run, "ask", "ask, one after the other", 0.86, system => RuntimeMeasures.AskAsync(system, 1, questions)));
        figures.Add(await RateAsync(
            run, "ask.askers", $"ask, {ManyAskers} askers", null, system => RuntimeMeasures.AskAsync(system, ManyAskers, questions)));
        figures.Add(await RateAsync(
            run, "ask.many", $"ask, {ManyQuestions} at once", null, system => RuntimeMeasures.AskManyAsync(system, ManyQuestions, questions)));
        figures.AddRange(await SpawnFiguresAsync(run));
        return figures;
    }

    /// <summary>Pairs, messages in flight, and the rate of Akka.NET 1.5.30 where there is one.</summary>
    private static IEnumerable<(int Pairs, int InFlight, double? Akka)> PingPongs() =>
    [
        (1, 1, 6.3), (4, 1, null), (16, 1, null), (1, 100, null), (4, 100, null), (16, 100, 22.8),
    ];

    private static async Task<Figure> RateAsync(BenchRun run, string id, string what, double? akka, Func<ActorSystem, Task<Cost>> load)
    {
        run.Say(what);
        var system = ActorSystem.Create("bench", Quiet);
        var (rates, processor, bytes) = (new Series(), new Series(), new Series());
        foreach (var round in run.Rounds())
        {
            var cost = await load(system);
            rates.Add(round, cost.PerSecond / Million);
            processor.Add(round, cost.CpuNanoseconds);
            bytes.Add(round, cost.AllocatedBytes);
        }

        await system.Terminate();
        return new Figure($"runtime.{id}", what, "M/s", rates)
        {
            Goal = akka is { } least ? Goal.AtLeast(least) : null,
            Beside = akka is { } rate ? [Yardstick.Elsewhere("Akka.NET 1.5.30", rate)] : [],
            Note = $"{Format.Number(processor.Median)} ns of processor and {Format.Number(Math.Round(bytes.Median))} bytes allocated for one.",
        };
    }

    /// <summary>In a process of its own each time, whose memory nothing else has stirred.</summary>
    private static async Task<IReadOnlyList<Figure>> SpawnFiguresAsync(BenchRun run)
    {
        var actors = run.Size(ActorsSize);
        var (rates, managed, resident) = (new Series(), new Series(), new Series());
        for (var round = 0; round < run.Count; round++)
        {
            run.Say($"{actors} idle actors");
            await using var spawner = OtherProcess.Start(Spawner, actors.ToString(CultureInfo.InvariantCulture));
            var footprint = JsonSerializer.Deserialize<Footprint>(await spawner.HearAsync())!;
            rates.Add(footprint.Cost.PerSecond / Million);
            managed.Add(footprint.ManagedBytes);
            resident.Add(footprint.ResidentBytes);
        }

        Yardstick[] akka = [Yardstick.Elsewhere("Akka.NET 1.5.30", 1730)];
        return
        [
            new Figure("runtime.spawn", "idle actors made", "M/s", rates),
            new Figure("runtime.actor.managed", "idle actor, managed", "bytes", managed) { Goal = Goal.AtMost(BytesGoal), Beside = akka },
            new Figure("runtime.actor.resident", "idle actor, resident", "bytes", resident) { Goal = Goal.AtMost(BytesGoal), Beside = akka },
        ];
    }

    private static async Task SpawnAsync(RoleTalk talk)
    {
        var system = ActorSystem.Create("bench", Quiet);
        await RuntimeMeasures.SpawnAsync(system, WarmUpActors);
        var footprint = await RuntimeMeasures.SpawnAsync(system, int.Parse(talk.Arguments[0], CultureInfo.InvariantCulture));
        await talk.TellAsync(JsonSerializer.Serialize(footprint));
        await talk.UntilEndAsync();
    }
}
