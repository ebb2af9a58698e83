using Akka.Embedded;

namespace Akka.Actor;

/// <summary>Ends a task in a message.</summary>
public static class PipeToSupport
{
    /// <summary>Tells the result, or a <see cref="Status.Failure"/>; either can be mapped.</summary>
    public static Task PipeTo<T>(
        this Task<T> taskToPipe,
        ICanTell recipient,
        IActorRef? sender = null,
        Func<T, object>? success = null,
        Func<Exception, object>? failure = null) =>
        PipeTo(taskToPipe, recipient, false, sender, success, failure);

    /// <summary>The same; <paramref name="useConfigureAwait"/> maps and tells in the captured context.</summary>
    public static Task PipeTo<T>(
        this Task<T> taskToPipe,
        ICanTell recipient,
        bool useConfigureAwait,
        IActorRef? sender = null,
        Func<T, object>? success = null,
        Func<Exception, object>? failure = null) =>
        Pipes.Start((taskToPipe, recipient, sender, success, failure), useConfigureAwait, static async (p, capture) =>
        {
            object? message;
            try
            {
                var result = await p.taskToPipe.ConfigureAwait(capture);
                message = p.success is null ? result : p.success(result);
            }
            catch (Exception e)
            {
                message = Pipes.Failed(e, p.failure);
            }

            p.recipient.Tell(message!, p.sender);
        });

    /// <summary>Tells what <paramref name="success"/> makes (nothing without it), or a <see cref="Status.Failure"/>.</summary>
    public static Task PipeTo(
        this Task taskToPipe,
        ICanTell recipient,
        IActorRef? sender = null,
        Func<object>? success = null,
        Func<Exception, object>? failure = null) =>
        PipeTo(taskToPipe, recipient, false, sender, success, failure);

    /// <summary>The same; <paramref name="useConfigureAwait"/> maps and tells in the captured context.</summary>
    public static Task PipeTo(
        this Task taskToPipe,
        ICanTell recipient,
        bool useConfigureAwait,
        IActorRef? sender = null,
        Func<object>? success = null,
        Func<Exception, object>? failure = null) =>
        Pipes.Start((taskToPipe, recipient, sender, success, failure), useConfigureAwait, static async (p, capture) =>
        {
            object? message;
            try
            {
                await p.taskToPipe.ConfigureAwait(capture);
                message = p.success?.Invoke();
            }
            catch (Exception e)
            {
                message = Pipes.Failed(e, p.failure);
            }

            if (message is not null)
            {
                p.recipient.Tell(message, p.sender);
            }
        });

    public static Task PipeTo<T>(
        this ValueTask<T> taskToPipe,
        ICanTell recipient,
        IActorRef? sender = null,
        Func<T, object>? success = null,
        Func<Exception, object>? failure = null) =>
        PipeTo(taskToPipe.AsTask(), recipient, false, sender, success, failure);

    public static Task PipeTo<T>(
        this ValueTask<T> taskToPipe,
        ICanTell recipient,
        bool useConfigureAwait,
        IActorRef? sender = null,
        Func<T, object>? success = null,
        Func<Exception, object>? failure = null) =>
        PipeTo(taskToPipe.AsTask(), recipient, useConfigureAwait, sender, success, failure);

    public static Task PipeTo(
        this ValueTask taskToPipe,
        ICanTell recipient,
        IActorRef? sender = null,
        Func<object>? success = null,
        Func<Exception, object>? failure = null) =>
        PipeTo(taskToPipe.AsTask(), recipient, false, sender, success, failure);

    public static Task PipeTo(
        this ValueTask taskToPipe,
        ICanTell recipient,
        bool useConfigureAwait,
        IActorRef? sender = null,
        Func<object>? success = null,
        Func<Exception, object>? failure = null) =>
        PipeTo(taskToPipe.AsTask(), recipient, useConfigureAwait, sender, success, failure);
}

/// <summary>Starts pipes where their continuation belongs.</summary>
internal static class Pipes
{
    public static object Failed(Exception cause, Func<Exception, object>? failure) =>
        failure is null ? new Status.Failure(cause) : failure(cause);

    /// <summary>In a deterministic system the continuation comes back to its one thread, whatever the caller asked for.</summary>
    public static Task Start<TState>(TState state, bool capture, Func<TState, bool, Task> pipe)
    {
        if (DeterministicRuntime.Current is not { } runtime)
        {
            return pipe(state, capture);
        }

        var outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(runtime.SynchronizationContext);
        try
        {
            return pipe(state, true);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }
}
