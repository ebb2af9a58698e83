using System.Diagnostics;
using NatActors.Fuzz.Coverage;

namespace NatActors.Fuzz.Engine;

/// <summary>Runs one input and judges what came of it.</summary>
public sealed class Oracle(FuzzEntry entry)
{
    /// <summary>Work is cut off at this multiple of its bound.</summary>
    private const int CutOff = 8;

    private const string OurNamespace = "NatActors.";

    static Oracle()
    {
        System.Diagnostics.Trace.Listeners.Clear();
        System.Diagnostics.Trace.Listeners.Add(new ThrowingListener());
    }

    /// <summary>What the last input came to, if nothing failed.</summary>
    public FuzzOutcome Outcome { get; private set; }

    /// <summary>Steps of the last <see cref="Judge"/>.</summary>
    public long Steps { get; private set; }

    /// <summary>Bytes allocated by the last <see cref="Judge"/>.</summary>
    public long Allocated { get; private set; }

    /// <summary>One run; the failure, or null.</summary>
    public FuzzFailure? Judge(byte[] input)
    {
        var failure = Once(input);

        // What is set up once (static fields, caches of the runtime) counts only the first time.
        return failure is { Kind: FailureKind.Memory or FailureKind.Work } ? Once(input) : failure;
    }

    /// <summary>The dear oracles: again, in pieces. The failure, or null.</summary>
    public FuzzFailure? JudgeClosely(byte[] input, FuzzRandom random)
    {
        if (Judge(input) is { } failure)
        {
            return failure;
        }

        var outcome = Outcome;
        if (Judge(input) is { } second)
        {
            return second;
        }

        if (Outcome != outcome)
        {
            return new FuzzFailure(FailureKind.Repeat, "repeat", $"First {outcome}, when run again {Outcome}.", input);
        }

        return JudgeCut(input, null) ?? JudgeCut(input, random);
    }

    /// <summary>In pieces, for an entry that can; the failure, or null.</summary>
    public FuzzFailure? JudgeCut(byte[] input, FuzzRandom? cuts)
    {
        if (entry is not ChunkedEntry chunked)
        {
            return null;
        }

        if (Once(input) is { } failure)
        {
            return failure;
        }

        var whole = Outcome;
        var again = cuts?.Next() ?? 0;
        FuzzRandom? Cuts() => cuts is null ? null : new FuzzRandom(again);
        var cut = Once(input, data => chunked.RunCut(data, Cuts()));
        cut = cut is { Kind: FailureKind.Memory or FailureKind.Work } ? Once(input, data => chunked.RunCut(data, Cuts())) : cut;
        if (cut is not null)
        {
            return cut with { Key = "cut " + cut.Key, Message = (cuts is null ? "Byte by byte: " : "In pieces: ") + cut.Message };
        }

        return Outcome == whole
            ? null
            : new FuzzFailure(FailureKind.Chunks, "chunks", $"Whole {whole}, {(cuts is null ? "byte by byte" : "in pieces")} {Outcome}.",
                input);
    }

    private FuzzFailure? Once(byte[] input, Func<byte[], FuzzOutcome>? run = null)
    {
        var bounds = entry.Bounds;
        Coverage.Trace.Begin((CutOff * bounds.Steps(input.Length)) + CutOff);
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            Outcome = run is null ? entry.Run(input) : run(input);
        }
        catch (EndlessWorkException e)
        {
            return new FuzzFailure(FailureKind.Work, "work", $"{e.Message} {Frame(e)}", input);
        }
        catch (Exception e)
        {
            return new FuzzFailure(FailureKind.Exception, $"{e.GetType().Name} {(e is FuzzFailureException ? e.Message : Frame(e))}",
                e.ToString(), input);
        }
        finally
        {
            Allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Steps = Coverage.Trace.Steps;
            Coverage.Trace.End();
        }

        if (Allocated > bounds.Allocated(input.Length))
        {
            return new FuzzFailure(
                FailureKind.Memory, "memory",
                    $"{Allocated} bytes allocated for {input.Length} of input; stated are {bounds.Allocated(input.Length)}.", input);
        }

        return Steps <= bounds.Steps(input.Length)
            ? null
            : new FuzzFailure(FailureKind.Work, "work",
                $"{Steps} steps for {input.Length} bytes of input; stated are {bounds.Steps(input.Length)}.", input);
    }

    private static string Frame(Exception e)
    {
        var frames = (e.StackTrace ?? string.Empty).Split('\n').Select(line => line.Trim());
        return frames.FirstOrDefault(line => line.StartsWith("at " + OurNamespace, StringComparison.Ordinal)
            && !line.Contains("NatActors.Fuzz.Coverage", StringComparison.Ordinal)) ?? string.Empty;
    }

    /// <summary>An assertion that fails is a failure, not the end of the process.</summary>
    private sealed class ThrowingListener : TraceListener
    {
        public override void Fail(string? message, string? detailMessage) =>
            throw new FuzzFailureException($"Assertion failed: {message} {detailMessage}");

        public override void Write(string? message)
        {
        }

        public override void WriteLine(string? message)
        {
        }
    }
}
