namespace Akka.Actor;

/// <summary>Asking: a message whose answer is a task.</summary>
public static class Futures
{
    /// <summary>Asks; without a timeout it waits for ever.</summary>
    public static Task<object> Ask(this ICanTell self, object message, TimeSpan? timeout = null) =>
        self.Ask<object>(message, timeout, CancellationToken.None);

    public static Task<object> Ask(this ICanTell self, object message, CancellationToken cancellationToken) =>
        self.Ask<object>(message, null, cancellationToken);

    public static Task<object> Ask(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken) =>
        self.Ask<object>(message, timeout, cancellationToken);

    /// <summary>Asks for a T. A <see cref="Status.Failure"/> and an answer of another type fault the task.</summary>
    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout = null) =>
        self.Ask<T>(message, timeout, CancellationToken.None);

    public static Task<T> Ask<T>(this ICanTell self, object message, CancellationToken cancellationToken) =>
        self.Ask<T>(message, null, cancellationToken);

    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken) =>
        self.Ask<T>(_ => message, timeout, cancellationToken);

    /// <summary>Asks with a message that carries the reference for the answer.</summary>
    /// <exception cref="AskTimeoutException">No answer came in time.</exception>
    public static Task<T> Ask<T>(
        this ICanTell self, Func<IActorRef, object> messageFactory, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var system = SystemOf(self) ?? throw new ArgumentException("Unable to resolve the target Provider", nameof(self));
        var future = new AskRef<T>(system);
        future.Start(timeout, cancellationToken);
        var message = messageFactory(future);
        self.Tell(message, future);
        return future.Task;
    }

    private static ActorSystemImpl? SystemOf(ICanTell self) =>
        InternalRef.Of(self is ActorSelection selection ? selection.Anchor : self as IActorRef)?.System ?? ActorCell.Speaker?.SystemImpl;
}

/// <summary>Takes one answer.</summary>
internal sealed class AskRef<T>(ActorSystemImpl system) : InternalRef
{
    private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ActorPath _path = system.NewTempPath();
    private ITimer? _timer;
    private CancellationTokenRegistration _registration;

    public Task<T> Task => _result.Task;

    public override ActorPath Path => _path;

    public override ActorSystemImpl System => system;

    public override bool IsTerminated => _result.Task.IsCompleted;

    public void Start(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        if (timeout is { } limit && limit > TimeSpan.Zero)
        {
            _timer = system.Clock.CreateTimer(
                _ => Finish(_result.TrySetException(new AskTimeoutException($"Timeout after {limit} seconds"))),
                null,
                limit,
                Timeout.InfiniteTimeSpan);
        }

        if (cancellationToken.CanBeCanceled)
        {
            _registration = cancellationToken.UnsafeRegister(
                (_, token) => Finish(_result.TrySetCanceled(token)), null);
        }
    }

    protected override void TellInternal(object message, IActorRef? sender)
    {
        var taken = message switch
        {
            T answer => _result.TrySetResult(answer),
            null => _result.TrySetResult(default!),
            Status.Failure failure => _result.TrySetException(
                failure.Cause ?? new TaskCanceledException("Task cancelled by actor via Failure message.")),
            _ => _result.TrySetException(new ArgumentException(
                $"Received message of type [{message.GetType()}] - Ask expected message of type [{typeof(T)}]")),
        };
        Finish(taken);
        if (!taken && message is not null && !_result.Task.IsCanceled)
        {
            system.DeadLettersRef.Undelivered(message, sender, this);
        }
    }

    private void Finish(bool first)
    {
        if (first)
        {
            _timer?.Dispose();
            _registration.Unregister();
        }
    }
}
