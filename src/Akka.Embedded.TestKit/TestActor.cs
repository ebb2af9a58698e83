using Akka.Actor;
using Akka.TestKit.Internal;

namespace Akka.TestKit;

/// <summary>Puts what it gets into the queue that the test takes from.</summary>
internal sealed class TestActor(MessageQueue queue) : ActorBase
{
    private Func<object, bool>? _ignore;
    private AutoPilot? _autoPilot;

    protected override bool Receive(object message)
    {
        switch (message)
        {
            case SetIgnore set:
                _ignore = set.Ignore;
                return true;
            case WatchCommand watch:
                Context.Watch(watch.Actor);
                watch.Done.TrySetResult();
                return true;
            case UnwatchCommand unwatch:
                Context.Unwatch(unwatch.Actor);
                unwatch.Done.TrySetResult();
                return true;
            case SetAutoPilot set:
                _autoPilot = set.AutoPilot;
                return true;
        }

        if (_autoPilot is { } pilot && pilot.Run(Sender, message) is { } next and not KeepRunning)
        {
            _autoPilot = next;
        }

        if (_ignore?.Invoke(message) != true)
        {
            queue.Add(new RealMessageEnvelope(message, Sender));
        }

        return true;
    }

    internal sealed record SetIgnore(Func<object, bool>? Ignore);

    internal sealed record SetAutoPilot(AutoPilot AutoPilot);

    internal sealed record WatchCommand(IActorRef Actor, TaskCompletionSource Done);

    internal sealed record UnwatchCommand(IActorRef Actor, TaskCompletionSource Done);
}
