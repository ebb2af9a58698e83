using Akka.Actor;

namespace NatActors.Benchmarks.Runtime;

/// <summary>Counts down from any thread; done at zero.</summary>
internal sealed class Countdown(long count)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _left = count;

    public Task Done => _done.Task;

    public void Signal()
    {
        if (Interlocked.Decrement(ref _left) == 0)
        {
            _done.TrySetResult();
        }
    }
}

/// <summary>Takes messages and counts them; signals when it has them all.</summary>
internal sealed class Sink(long expected, Countdown countdown) : UntypedActor
{
    private long _left = expected;

    protected override void OnReceive(object message)
    {
        if (--_left == 0)
        {
            countdown.Signal();
        }
    }
}

/// <summary>Answers what it is asked.</summary>
internal sealed class Answerer : UntypedActor
{
    protected override void OnReceive(object message) => Sender.Tell(message);
}

/// <summary>Sends some messages to a partner that sends each back, until it has seen so many.</summary>
internal sealed class Server(IActorRef partner, int inFlight, long returns, Countdown countdown) : UntypedActor
{
    private long _toSend = returns;
    private long _left = returns;

    protected override void OnReceive(object message)
    {
        if (ReferenceEquals(message, Ball.Serve))
        {
            for (var i = 0; i < inFlight && _toSend > 0; i++)
            {
                _toSend--;
                partner.Tell(Ball.InPlay);
            }

            return;
        }

        if (_toSend > 0)
        {
            _toSend--;
            partner.Tell(message);
        }

        if (--_left == 0)
        {
            countdown.Signal();
        }
    }
}

/// <summary>What goes to and fro: told by reference, so that only the runtime's own work is counted.</summary>
internal sealed class Ball
{
    public static readonly Ball Serve = new();
    public static readonly Ball InPlay = new();
}

/// <summary>Does nothing; there are a million of it.</summary>
internal sealed class Idle(Countdown countdown) : UntypedActor
{
    protected override void PreStart() => countdown.Signal();

    protected override void OnReceive(object message) => Unhandled(message);
}

/// <summary>Makes the idle ones below itself.</summary>
internal sealed class Nursery(Countdown countdown) : UntypedActor
{
    protected override void OnReceive(object message)
    {
        var props = Props.Create(typeof(Idle), countdown);
        for (var left = (int)message; left > 0; left--)
        {
            Context.ActorOf(props);
        }
    }
}
