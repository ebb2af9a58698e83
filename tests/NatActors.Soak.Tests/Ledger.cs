using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using NatActors.Node;
using NatActors.Node.Muxing;
using NatActors.Soak.Tests.Steps;

namespace NatActors.Soak.Tests;

/// <summary>
/// The book of requests: each is asked once and has to end once, in success or in a failure that has a name. Holds counts, and the requests
/// that are open; nothing else grows with the time.
/// </summary>
public sealed partial class Ledger
{
    /// <summary>Nothing in the laboratory takes so long, a dial's time-outs over several addresses included.</summary>
    public static readonly TimeSpan Guard = TimeSpan.FromSeconds(120);

    /// <summary>Reasons that are told apart; a text that varies without bound must not fill the memory that this run measures.</summary>
    private const int MostReasons = 300;

    private const int LongestReason = 160;

    private const int MostViolations = 50;

    private readonly ConcurrentDictionary<long, string> _open = new();
    private readonly ConcurrentDictionary<string, long> _steps = new();
    private readonly ConcurrentDictionary<string, long> _reasons = new();
    private readonly ConcurrentQueue<string> _violations = new();
    private long _asked;
    private long _ended;
    private long _stepsDone;

    public long Asked => Volatile.Read(ref _asked);

    public long Ended => Volatile.Read(ref _ended);

    public long StepsDone => Volatile.Read(ref _stepsDone);

    /// <summary>What must not happen and did.</summary>
    public IReadOnlyCollection<string> Violations => _violations;

    /// <summary>The requests under way, by kind.</summary>
    public IEnumerable<string> Open => _open.Values;

    /// <summary>Steps by kind and verdict.</summary>
    public IReadOnlyDictionary<string, long> Steps => _steps;

    /// <summary>Failures by reason.</summary>
    public IReadOnlyDictionary<string, long> Reasons => _reasons;

    /// <summary>A step is over; no reason for one that did what it was to do.</summary>
    public void StepEnded(StepKind kind, string? failure)
    {
        Interlocked.Increment(ref _stepsDone);
        _steps.AddOrUpdate($"{kind} {(failure is null ? "ok" : "failed")}", 1, (_, n) => n + 1);
    }

    public void Violation(string what)
    {
        if (_violations.Count < MostViolations)
        {
            _violations.Enqueue($"{DateTime.UtcNow:HH:mm:ss} {what}");
        }
    }

    /// <summary>Enters a request and awaits its end.</summary>
    public async Task AskAsync(string kind, Task request) => await AskAsync(kind, AsResultAsync(request));

    /// <summary>Enters a request and awaits its end; a failure with a name is a <see cref="StepFailed"/>.</summary>
    public async Task<T> AskAsync<T>(string kind, Task<T> request)
    {
        var id = Interlocked.Increment(ref _asked);
        _open[id] = kind;
        try
        {
            await request.WaitAsync(Guard);
        }
        catch (TimeoutException) when (!request.IsCompleted)
        {
            Violation($"never ended: {kind}");
            Observe(request);
            throw new StepFailed($"{kind}: never ended");
        }
        catch (Exception)
        {
            // Looked at below.
        }

        if (_open.TryRemove(id, out _))
        {
            Interlocked.Increment(ref _ended);
        }

        if (request.IsCompletedSuccessfully)
        {
            return await request;
        }

        throw new StepFailed(Count(kind, request));
    }

    /// <summary>Counts a failure by its reason.</summary>
    public string Failed(string kind, string why)
    {
        var reason = $"{kind}: {Numbers().Replace(why, "#")}";
        reason = reason.Length > LongestReason ? reason[..LongestReason] : reason;
        if (_reasons.Count < MostReasons || _reasons.ContainsKey(reason))
        {
            _reasons.AddOrUpdate(reason, 1, (_, n) => n + 1);
        }

        return reason;
    }

    private static async Task<bool> AsResultAsync(Task task)
    {
        await task;
        return true;
    }

    private static void Observe(Task task) =>
        _ = task.ContinueWith(static failed => failed.Exception, TaskContinuationOptions.OnlyOnFaulted);

    private string Count(string kind, Task request)
    {
        var cause = request.Exception?.GetBaseException();
        var name = cause switch
        {
            null => "cancelled",
            StepFailed known => known.Message,
            PeerUnreachableException e => $"{e.Failure.Kind}, {e.Message}",
            StreamNotOpenedException e => $"{e.Failure.Kind}, {e.Message}",
            PeerFailedException e => e.Message,
            MuxedStreamException e => e.Message,
            ObjectDisposedException { ObjectName: nameof(NatNode) } => "the node has ended",
            IOException e => e.Message,
            OperationCanceledException => "cancelled",
            _ => null,
        };
        if (name is null)
        {
            Violation($"{kind} ended in {cause}");
            name = cause!.GetType().Name;
        }

        return Failed(kind, name);
    }

    // Peer ids, addresses and times differ from failure to failure; the reason does not.
    [GeneratedRegex(@"/ip4[\w./-]*|12D3Koo\w+|\d[\d.,:/]*")]
    private static partial Regex Numbers();
}
