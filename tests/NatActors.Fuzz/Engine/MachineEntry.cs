using System.Text;
using NatActors.Multiformats;

namespace NatActors.Fuzz.Engine;

/// <summary>A machine under fuzzing, during one input.</summary>
public interface IMachineRun
{
    /// <summary>
    /// One event: call the machine, look at its effects (a machine that waits for answers is given them by later events), hold its
    /// invariants by <see cref="Require"/>, add the effects to the digest.
    /// </summary>
    /// <param name="kind">An index into <see cref="MachineEntry.EventNames"/>.</param>
    /// <param name="arguments">What the event carries.</param>
    /// <param name="now">Monotonic time; never goes back.</param>
    /// <param name="digest">Takes what was observed.</param>
    void On(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest);

    /// <summary>The input is over: hold what must be true in the end.</summary>
    void End(TimeSpan now, ref FuzzDigest digest);
}

/// <summary>
/// A pure machine. An input is a list of events, each of which is a byte for its kind, one for the time passed since the last
/// (<see cref="EventClock"/>), one for the length of its arguments, and the arguments. Any bytes are a list of events, so mutations
/// cannot break it. Seeds are written with <see cref="EventScript"/>.
/// </summary>
public abstract class MachineEntry : FuzzEntry
{
    /// <summary>What machines begin at: not zero, so that a forgotten time shows.</summary>
    protected static readonly TimeSpan Origin = TimeSpan.FromDays(3);

    /// <inheritdoc />
    public sealed override InputShape Shape => InputShape.Events;

    /// <summary>The kinds of events, at least one; a failing input is told in these words.</summary>
    public abstract IReadOnlyList<string> EventNames { get; }

    /// <inheritdoc />
    public override FuzzBounds Bounds => FuzzBounds.Machine;

    /// <inheritdoc />
    public sealed override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var digest = default(FuzzDigest);
        var now = Origin;
        var run = Start(new FuzzRandomSource(1), now);
        var rest = input;
        while (EventRecord.TryTake(ref rest, out var record))
        {
            now += EventClock.Passed(record.Time);
            var arguments = new EventArguments(record.Arguments);
            run.On(record.Kind % EventNames.Count, ref arguments, now, ref digest);
        }

        run.End(now, ref digest);
        return FuzzOutcome.Taken(digest);
    }

    /// <inheritdoc />
    public sealed override string Describe(ReadOnlySpan<byte> input)
    {
        var text = new StringBuilder();
        var now = TimeSpan.Zero;
        for (var rest = input; EventRecord.TryTake(ref rest, out var record);)
        {
            now += EventClock.Passed(record.Time);
            text.Append(null, $"  +{now:c} {EventNames[record.Kind % EventNames.Count]} {Convert.ToHexStringLower(record.Arguments)}")
                .AppendLine();
        }

        return text.ToString();
    }

    /// <summary>A new machine.</summary>
    protected abstract IMachineRun Start(RandomSource random, TimeSpan now);
}
