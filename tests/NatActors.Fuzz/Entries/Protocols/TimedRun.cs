using NatActors.Fuzz.Engine;

namespace NatActors.Fuzz.Entries.Protocols;

/// <summary>
/// A machine with a deadline. Before each event it is woken at its deadlines, in order, as its actor does; behind a very long jump no more
/// than
/// <see cref="MostWakes"/> times, as after a sleep of the machine. Each wake has to make progress: the next deadline is later, or there is
/// none.
/// </summary>
internal abstract class TimedRun : IMachineRun
{
    /// <summary>Wakes between two events.</summary>
    protected const int MostWakes = 24;

    /// <summary>Wakes at the end, after which whatever was asked for must have ended.</summary>
    private const int LastWakes = 200;

    /// <summary>A few steps at one instant are no loop: each of several things due may take its own.</summary>
    private const int MostAtOnce = 4;

    private TimeSpan _last = TimeSpan.MinValue;

    /// <summary>When the machine wants to be woken.</summary>
    protected abstract TimeSpan? NextDeadline { get; }

    /// <inheritdoc />
    public void On(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
    {
        Wake(now, MostWakes, ref digest);
        _last = now;
        Event(kind, ref arguments, now, ref digest);
        Check(now);
    }

    /// <inheritdoc />
    public void End(TimeSpan now, ref FuzzDigest digest)
    {
        Wake(now, MostWakes, ref digest);
        Finish(ref now, ref digest);
        Check(now);
    }

    /// <summary>The deadline has come.</summary>
    protected abstract void Deadline(TimeSpan now, ref FuzzDigest digest);

    /// <summary>Something happens.</summary>
    protected abstract void Event(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest);

    /// <summary>Holds what is always true.</summary>
    protected virtual void Check(TimeSpan now)
    {
    }

    /// <summary>The end of the input: by default nothing; see <see cref="RunOut"/>.</summary>
    protected virtual void Finish(ref TimeSpan now, ref FuzzDigest digest)
    {
    }

    /// <summary>Lets time pass until nothing is due any more, or for <see cref="LastWakes"/> wakes. True when nothing is due.</summary>
    protected bool RunOut(ref TimeSpan now, ref FuzzDigest digest)
    {
        for (var i = 0; i < LastWakes && NextDeadline is { } deadline; i++)
        {
            now = deadline > now ? deadline : now;
            WakeOnce(now, ref digest);
        }

        return NextDeadline is null;
    }

    private void Wake(TimeSpan now, int most, ref FuzzDigest digest)
    {
        for (var i = 0; i < most && NextDeadline is { } deadline && deadline <= now; i++)
        {
            // One that is past when it is set is due at once: time does not go back.
            WakeOnce(deadline > _last ? deadline : _last, ref digest);
        }

        if (NextDeadline <= now)
        {
            WakeOnce(now, ref digest);
        }
    }

    private void WakeOnce(TimeSpan at, ref FuzzDigest digest)
    {
        _last = at;
        for (var i = 0; NextDeadline is { } deadline && deadline <= at; i++)
        {
            Require.That(i < MostAtOnce, "a deadline that has come does not go away");
            Deadline(at, ref digest);
            Check(at);
        }
    }
}
