using Akka.Actor;
using Akka.Event;
using Akka.TestKit.Internal;

namespace Akka.TestKit;

/// <summary>A filter of log events.</summary>
public interface IEventFilter
{
    /// <summary>Whether the event is to be muted.</summary>
    bool Apply(LogEvent logEvent);
}

/// <summary>Ends a muting.</summary>
public interface IUnmutableFilter : IDisposable
{
    void Unmute();
}

/// <summary>The logger of the test kit: prints what no filter mutes.</summary>
public class TestEventListener : DefaultLogger
{
    private readonly List<IEventFilter> _filters = [];

    protected override bool Receive(object message)
    {
        switch (message)
        {
            case InitializeLogger initialize:
                initialize.LoggingBus.Subscribe(Self, typeof(MuteFilters));
                initialize.LoggingBus.Subscribe(Self, typeof(UnmuteFilters));
                initialize.LoggingBus.Subscribe(Self, typeof(DeadLetter));
                initialize.LoggingBus.Subscribe(Self, typeof(UnhandledMessage));
                Sender.Tell(new LoggerInitialized());
                break;
            case MuteFilters mute:
                _filters.AddRange(mute.Filters);
                break;
            case UnmuteFilters unmute:
                _filters.RemoveAll(filter => unmute.Filters.Contains(filter));
                break;
            case LogEvent logEvent:
                PrintUnlessMuted(logEvent);
                break;
            case DeadLetter letter:
                PrintUnlessMuted(new Warning(letter.Recipient.Path.ToString(), letter.Recipient.GetType(), letter));
                break;
            case UnhandledMessage unhandled:
                PrintUnlessMuted(new Warning(
                    unhandled.Recipient.Path.ToString(),
                    unhandled.Recipient.GetType(),
                    $"Unhandled message from {unhandled.Sender}: {unhandled.Message}"));
                break;
            default:
                return false;
        }

        return true;
    }

    private void PrintUnlessMuted(LogEvent logEvent)
    {
        // Every filter sees the event: each counts its own.
        var muted = false;
        foreach (var filter in _filters.ToArray())
        {
            muted |= filter.Apply(logEvent);
        }

        if (!muted)
        {
            Print(logEvent);
        }
    }
}
