using System.Globalization;
using NatActors.Soak.Tests.Counters;
using NatActors.Soak.Tests.Judging;

namespace NatActors.Soak.Tests;

/// <summary>The counters as lines of text; what each means stands in the README beside the project.</summary>
public sealed class SoakTable(Ledger ledger, SystemCounts systems, ProcessCounts process)
{
    private const int Kibibyte = 1024;
    private const int MostReasons = 12;

    private bool _headed;

    public IEnumerable<string> Lines(TimeSpan elapsed, string state, Census census, IReadOnlyList<MemoryPoint> points)
    {
        if (!_headed)
        {
            _headed = true;
            yield return
                "elapsed   state         steps   asked   ended actors timers sockets conns streams held KiB  fds threads  heap KiB  rss KiB";
        }

        var heap = points.Count > 0 ? points[^1].Bytes / Kibibyte : ProcessCounts.LiveBytes() / Kibibyte;
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{elapsed:hh\\:mm\\:ss}  {state,-12} {ledger.StepsDone,6} {ledger.Asked,7} {ledger.Ended,7} {census.Sum(Census.Actor),6} "
            + $"{census.Sum(Census.Timer),6} {census.Sum(Census.Socket),7} {census.Sum(Census.Connection),5} {census.Sum(Census.Stream),7} "
            + $"{census.Sum(Census.Memory) / Kibibyte,8} "
            + $"{ProcessCounts.Descriptors,4} {ProcessCounts.Threads,7} {heap,9} {ProcessCounts.WorkingSet / Kibibyte,8}");
        if (state is "churn")
        {
            yield break;
        }

        yield return $"  dead letters {systems.DeadLetters.Total}, unhandled {systems.Unhandled.Total}, warnings {systems.Warnings.Total}, "
            + $"errors {systems.Errors.Total}, unobserved {process.Unobserved.Total}, violations {ledger.Violations.Count}, "
            + $"thrown {process.Thrown.Total}";
        if (state is "end")
        {
            foreach (var line in End())
            {
                yield return line;
            }
        }
    }

    private IEnumerable<string> End()
    {
        yield return $"  thrown: {process.Thrown.Line()}";
        yield return $"  dead letters: {systems.DeadLetters.Line()}";
        yield return $"  warnings: {systems.Warnings.Line()}";
        foreach (var kind in ledger.Steps.Keys.Select(key => key.Split(' ')[0]).Distinct().Order(StringComparer.Ordinal))
        {
            var (ok, failed) = (ledger.Steps.GetValueOrDefault($"{kind} ok"), ledger.Steps.GetValueOrDefault($"{kind} failed"));
            yield return $"  {kind,-22} ok {ok,7} failed {failed,7}";
        }

        foreach (var (reason, count) in ledger.Reasons.OrderByDescending(pair => pair.Value).Take(MostReasons * 3))
        {
            yield return $"  {count,7} {(reason.Length > 140 ? reason[..140] : reason)}";
        }
    }
}
