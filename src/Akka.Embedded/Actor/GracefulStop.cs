namespace Akka.Actor;

/// <summary>Stopping an actor and waiting for its end.</summary>
public static class GracefulStopSupport
{
    /// <summary>Sends a <see cref="PoisonPill"/>; true when the actor has ended, false when it has not in time.</summary>
    public static Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout) => target.GracefulStop(timeout, PoisonPill.Instance);

    /// <summary>Sends <paramref name="stopMessage"/>; true when the actor has ended, false when it has not in time.</summary>
    public static Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout, object stopMessage)
    {
        if (InternalRef.Of(target) is not { System: { } system } watched || watched.IsTerminated)
        {
            return Task.FromResult(true);
        }

        var ended = new EndRef(system, watched);
        ended.Start(timeout, CancellationToken.None);
        target.Tell(stopMessage, ActorRefs.NoSender);
        return ended.Task;
    }
}

/// <summary>Waiting for an actor's end.</summary>
public static class WatchAsyncSupport
{
    /// <summary>True when the actor has ended, false when <paramref name="token"/> was cancelled before.</summary>
    public static Task<bool> WatchAsync(this IActorRef target, CancellationToken token = default)
    {
        if (InternalRef.Of(target) is not { System: { } system } watched)
        {
            throw new InvalidOperationException($"{target} is not a local actor");
        }

        var ended = new EndRef(system, watched);
        ended.Start(null, token);
        return ended.Task;
    }
}

/// <summary>Watches one actor for somebody who is none.</summary>
internal sealed class EndRef(ActorSystemImpl system, InternalRef watched) : InternalRef
{
    private readonly TaskCompletionSource<bool> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ActorPath _path = system.NewTempPath();
    private ITimer? _timer;
    private CancellationTokenRegistration _registration;

    public Task<bool> Task => _ended.Task;

    public override ActorPath Path => _path;

    public override ActorSystemImpl System => system;

    public override bool IsTerminated => _ended.Task.IsCompleted;

    public void Start(TimeSpan? timeout, CancellationToken token)
    {
        if (timeout is { } limit && limit >= TimeSpan.Zero)
        {
            _timer = system.Clock.CreateTimer(_ => GiveUp(), null, limit, Timeout.InfiniteTimeSpan);
        }

        _registration = token.UnsafeRegister(static state => ((EndRef)state!).GiveUp(), this);
        watched.SendSystem(new WatchMessage(watched, this));
    }

    public override void SendSystem(SystemMessage message)
    {
        if (message is DeathWatchNotification && _ended.TrySetResult(true))
        {
            _timer?.Dispose();
            _registration.Unregister();
        }
    }

    protected override void TellInternal(object message, IActorRef? sender)
    {
    }

    private void GiveUp()
    {
        if (_ended.TrySetResult(false))
        {
            _timer?.Dispose();
            watched.SendSystem(new UnwatchMessage(watched, this));
        }
    }
}
