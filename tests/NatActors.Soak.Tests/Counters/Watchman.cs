using Akka.Actor;
using Akka.Event;

namespace NatActors.Soak.Tests.Counters;

/// <summary>What the actor systems of all nodes tell of themselves: what reached nobody, what nobody understood, what was logged.</summary>
public sealed class SystemCounts
{
    public EventCounts DeadLetters { get; } = new();

    public EventCounts Unhandled { get; } = new();

    public EventCounts Warnings { get; } = new();

    public EventCounts Errors { get; } = new();
}

/// <summary>Listens to one actor system and counts. One state.</summary>
internal sealed class Watchman(SystemCounts counts) : UntypedActor
{
    protected override void PreStart()
    {
        foreach (var kind in (Type[])[typeof(DeadLetter), typeof(UnhandledMessage), typeof(Warning), typeof(Error)])
        {
            Context.System.EventStream.Subscribe(Self, kind);
        }
    }

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case DeadLetter letter: counts.DeadLetters.Add(Name(letter.Message)); break;
            case UnhandledMessage unhandled: OnUnhandled(unhandled); break;
            case Warning warning: OnLogged(counts.Warnings, warning); break;
            case Error error: OnLogged(counts.Errors, error); break;
            default: Unhandled(message); break;
        }
    }

    private void OnUnhandled(UnhandledMessage unhandled)
    {
        counts.Unhandled.Add($"{Name(unhandled.Message)} at {ActorPaths.Pattern(unhandled.Recipient.Path.ToStringWithoutAddress())}");
        counts.Unhandled.Keep($"{unhandled.Message} at {unhandled.Recipient}");
    }

    private static void OnLogged(EventCounts counts, LogEvent logged)
    {
        counts.Add(logged.LogClass?.Name ?? logged.LogSource);
        counts.Keep($"{logged.LogSource}: {logged.Message} {logged.Cause}");
    }

    private static string Name(object message) =>
        message.GetType() is { IsNested: true } type ? $"{type.DeclaringType!.Name}.{type.Name}" : message.GetType().Name;
}
