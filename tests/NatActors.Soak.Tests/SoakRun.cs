using NatActors.Soak.Tests.Counters;
using NatActors.Soak.Tests.Judging;
using NatActors.Soak.Tests.Steps;

namespace NatActors.Soak.Tests;

/// <summary>
/// One soak: rounds of steps, a checkpoint after each. At a checkpoint no step is given any more, all requests have to end, and the network
/// has to come back to exactly what it held before the first step; where it does not, no further round is begun. In the end all nodes are
/// stopped and nothing may be left.
/// </summary>
public sealed class SoakRun : IAsyncDisposable
{
    /// <summary>Points of memory that are not judged: code is compiled, pools fill, and bounded memories of peers and failures fill
    /// up.</summary>
    private const int WarmUpShare = 5;

    private readonly SoakOptions _options;
    private readonly Action<string> _print;
    private readonly SystemCounts _systems = new();
    private readonly ProcessCounts _process = new();
    private readonly Ledger _ledger = new();
    private readonly List<MemoryPoint> _points = [];
    private readonly List<long> _resident = [];
    private readonly SoakTable _table;
    private readonly long _started = TimeProvider.System.GetTimestamp();
    private readonly int _socketsBefore = ProcessCounts.SocketDescriptors;
    private readonly HashSet<string> _alarmed = [];
    private SoakNetwork? _network;

    public SoakRun(SoakOptions options, Action<string> print)
    {
        _options = options;
        _print = print;
        _table = new SoakTable(_ledger, _systems, _process);
    }

    private TimeSpan Elapsed => TimeProvider.System.GetElapsedTime(_started);

    private SoakNetwork Network => _network!;

    /// <summary>Runs to the end and returns what is wrong.</summary>
    public async Task<IReadOnlyList<string>> RunAsync()
    {
        _print($"soak: {SoakOptions.SeedVariable}={_options.Seed} {SoakOptions.MinutesVariable}={_options.Duration.TotalMinutes:0.##}");
        _network = await SoakNetwork.StartAsync(_systems, _ledger.Violation);
        var calm = new Calm(Network, _options.Patience, _print);
        var baseline = await calm.SettleAsync();
        Show("baseline", baseline);
        var plan = new StepPlan(_options.Seed, Network.Peers.Count, _options.StepsPerRound, _options.StepsForOneDisturbance);
        for (var round = 0; _ledger.Violations.Count == 0 && (round < _options.LeastRounds || Elapsed < _options.Duration); round++)
        {
            await ChurnAsync(plan.Round(round));
            await CheckAsync(round, calm, baseline);
        }

        await EndAsync();
        return Verdict();
    }

    public async ValueTask DisposeAsync()
    {
        if (_network is not null)
        {
            await _network.DisposeAsync();
        }

        _process.Dispose();
    }

    private async Task ChurnAsync(IEnumerable<Step> steps)
    {
        using var disturbances = new Disturbances(Network);
        using var places = new SemaphoreSlim(_options.Parallel);
        using var pace = new PeriodicTimer(_options.Pace);
        var traffic = new Traffic(Network, _ledger);
        var running = new HashSet<Task>();
        var shown = TimeProvider.System.GetTimestamp();
        foreach (var step in steps)
        {
            await pace.WaitForNextTickAsync();
            await places.WaitAsync();
            running.RemoveWhere(task => task.IsCompleted);
            running.Add(RunAsync(step, step.Disturbs ? disturbances.RunAsync : traffic.RunAsync, places));
            if (TimeProvider.System.GetElapsedTime(shown) > _options.TableInterval)
            {
                shown = TimeProvider.System.GetTimestamp();
                Show("churn", await Census.TakeAsync(Network.Nodes.Where(node => node.IsUp)));
            }
        }

        await Task.WhenAll(running);
    }

    private async Task RunAsync(Step step, Func<Step, Task> run, SemaphoreSlim places)
    {
        string? failure = null;
        try
        {
            // Started apart, so that what throws at once ends as what throws later.
            await Task.Run(() => run(step)).WaitAsync(Ledger.Guard * 4);
        }
        catch (StepFailed failed)
        {
            failure = failed.Message;
        }
        catch (Exception fault)
        {
            failure = "fault";
            _ledger.Violation($"{step}: {fault}");
        }
        finally
        {
            _ledger.StepEnded(step.Kind, failure);
            places.Release();
        }
    }

    private async Task CheckAsync(int round, Calm calm, Census baseline)
    {
        var messages = Network.Peers.Where(peer => peer.Asker.Open > 0).Select(peer => $"{peer.Asker.Open} messages of {peer.Name}");
        foreach (var request in _ledger.Open.Concat(messages))
        {
            _ledger.Violation($"open after round {round}: {request}");
        }

        var (census, differences) = await calm.ReturnAsync(baseline);
        foreach (var difference in differences)
        {
            _ledger.Violation($"after round {round}: {difference}");
        }

        foreach (var peer in Network.Peers)
        {
            peer.Asker.ForgetWithdrawn();
        }

        await UntilAsync(() => Task.FromResult<IReadOnlyList<string>>([.. RemainsNow()]));
        Remains($"after round {round}");
        _points.Add(new MemoryPoint(_ledger.StepsDone, ProcessCounts.LiveBytes()));
        _resident.Add(ProcessCounts.WorkingSet);
        Show($"round {round}", census);
    }

    private void Remains(string when)
    {
        foreach (var left in RemainsNow())
        {
            _ledger.Violation($"{when}: {left}");
        }
    }

    private Task<IReadOnlyList<string>> UntilAsync(Func<Task<IReadOnlyList<string>>> nothingIsLeft) =>
        Calm.UntilAsync(nothingIsLeft, _options.Patience);

    private IEnumerable<string> RemainsNow()
    {
        ProcessCounts.LiveBytes();
        return from node in Network.Nodes
               where node.Remains > 0
               select $"{node.Remains} stopped nodes or actor systems of {node.Name} are still in memory";
    }

    private async Task EndAsync()
    {
        await Network.StopNodesAsync();
        var end = await UntilAsync(
            async () => [.. (await Census.TakeAsync(Network.Nodes)).Counts.Select(left => $"{left.Key}: {left.Value}")]);
        await Network.Lab.DisposeAsync();
        end = [.. end, .. await UntilAsync(() => Task.FromResult<IReadOnlyList<string>>(SocketsLeft()))];
        foreach (var left in end)
        {
            _ledger.Violation($"in the end: {left}");
        }

        await UntilAsync(() => Task.FromResult<IReadOnlyList<string>>([.. RemainsNow()]));
        Remains("in the end");
        Show("end", await Census.TakeAsync([]));
    }

    private IReadOnlyList<string> SocketsLeft() =>
        ProcessCounts.SocketDescriptors is var now && now > _socketsBefore ? [$"{now} sockets are open, {_socketsBefore} were before"] : [];

    private List<string> Verdict()
    {
        var wrong = new List<string>(_ledger.Violations);
        var judged = _points.Skip(_points.Count / WarmUpShare).ToList();
        if (HeapTrend.Judge(judged) is { } growth)
        {
            wrong.Add(growth);
        }

        if (HeapTrend.JudgeResident([.. _resident.Skip(_resident.Count / WarmUpShare)]) is { } resident)
        {
            wrong.Add(resident);
        }

        wrong.AddRange(Alarms());
        if (_ledger.Asked != _ledger.Ended)
        {
            wrong.Add($"{_ledger.Asked} requests were asked, {_ledger.Ended} ended");
        }

        _print($"soak: heap {HeapTrend.Slope(judged):F1} bytes a step over {judged.Count} checkpoints after warm-up");
        _print(wrong.Count == 0 ? "soak: nothing is wrong" : $"soak: {wrong.Count} things are wrong:");
        wrong.ForEach(what => _print($"soak:   {what}"));
        return wrong;
    }

    /// <summary>What should not happen, in the words in which it was told.</summary>
    private IEnumerable<string> Alarms() =>
    [
        .. _systems.Unhandled.Texts.Select(text => $"unhandled: {text}"),
        .. _systems.Errors.Texts.Select(text => $"logged as an error: {text}"),
        .. _process.Unobserved.Texts.Select(text => $"nobody looked at a failed task: {text}"),
    ];

    private void Show(string state, Census census)
    {
        foreach (var alarm in Alarms().Concat(_ledger.Violations).Except(_alarmed))
        {
            _alarmed.Add(alarm);
            _print($"soak: ! {alarm}");
        }

        foreach (var line in _table.Lines(Elapsed, state, census, _points))
        {
            _print($"soak: {line}");
        }
    }
}
