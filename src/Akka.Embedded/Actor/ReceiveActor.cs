namespace Akka.Actor;

/// <summary>An actor that states a handler per message type, in its constructor and in <c>Become</c>.</summary>
public abstract class ReceiveActor : UntypedActor
{
    private List<Func<object, bool>>? _configuring;
    private bool _closed;
    private Func<object, bool>[] _initial = [];

    protected ReceiveActor() => _configuring = [];

    /// <summary>Never reached: the handlers take the messages.</summary>
    protected sealed override void OnReceive(object message) => Dispatch(_initial, message);

    /// <summary>Replaces the current behaviour by the handlers that <paramref name="configure"/> states.</summary>
    protected void Become(Action configure) => Become(Configured(configure));

    /// <summary>Puts the handlers that <paramref name="configure"/> states on top of the current behaviour.</summary>
    protected void BecomeStacked(Action configure) => BecomeStacked(Configured(configure));

    /// <summary>Handles messages of type T for which <paramref name="shouldHandle"/> says yes.</summary>
    protected void Receive<T>(Action<T> handler, Predicate<T>? shouldHandle = null) => Add(message =>
    {
        if (message is not T typed || (shouldHandle is not null && !shouldHandle(typed)))
        {
            return false;
        }

        handler(typed);
        return true;
    });

    /// <summary>Handles messages of type T for which <paramref name="shouldHandle"/> says yes.</summary>
    protected void Receive<T>(Predicate<T> shouldHandle, Action<T> handler) => Receive(handler, shouldHandle);

    /// <summary>Handles messages of type T; false passes the message on to the next handler.</summary>
    protected void Receive<T>(Func<T, bool> handler) => Add(message => message is T typed && handler(typed));

    /// <summary>Handles messages of a type.</summary>
    protected void Receive(Type messageType, Action<object> handler, Predicate<object>? shouldHandle = null) => Add(message =>
    {
        if (!messageType.IsInstanceOfType(message) || (shouldHandle is not null && !shouldHandle(message)))
        {
            return false;
        }

        handler(message);
        return true;
    });

    /// <summary>Handles messages of a type.</summary>
    protected void Receive(Type messageType, Predicate<object> shouldHandle, Action<object> handler) =>
        Receive(messageType, handler, shouldHandle);

    /// <summary>Handles messages of a type; false passes the message on to the next handler.</summary>
    protected void Receive(Type messageType, Func<object, bool> handler) =>
        Add(message => messageType.IsInstanceOfType(message) && handler(message));

    /// <summary>Handles whatever is left; no handler can follow.</summary>
    protected void ReceiveAny(Action<object> handler)
    {
        Add(message =>
        {
            handler(message);
            return true;
        });
        _closed = true;
    }

    /// <summary>Handles messages of type T; the next message waits until the task ends.</summary>
    protected void ReceiveAsync<T>(Func<T, Task> handler, Predicate<T>? shouldHandle = null) =>
        Receive<T>(message => ActorTaskScheduler.RunTask(() => handler(message)), shouldHandle);

    /// <summary>Handles messages of type T; the next message waits until the task ends.</summary>
    protected void ReceiveAsync<T>(Predicate<T> shouldHandle, Func<T, Task> handler) => ReceiveAsync(handler, shouldHandle);

    /// <summary>Handles messages of a type; the next message waits until the task ends.</summary>
    protected void ReceiveAsync(Type messageType, Func<object, Task> handler, Predicate<object>? shouldHandle = null) =>
        Receive(messageType, message => ActorTaskScheduler.RunTask(() => handler(message)), shouldHandle);

    /// <summary>Handles messages of a type; the next message waits until the task ends.</summary>
    protected void ReceiveAsync(Type messageType, Predicate<object> shouldHandle, Func<object, Task> handler) =>
        ReceiveAsync(messageType, handler, shouldHandle);

    /// <summary>Handles whatever is left; the next message waits until the task ends.</summary>
    protected void ReceiveAnyAsync(Func<object, Task> handler) =>
        ReceiveAny(message => ActorTaskScheduler.RunTask(() => handler(message)));

    /// <summary>Ends the constructor's time for stating handlers.</summary>
    internal void Initialize()
    {
        if (_configuring is null)
        {
            // A producer gave the same instance again.
            return;
        }

        _initial = [.. _configuring];
        _configuring = null;
        _closed = false;
    }

    private UntypedReceive Configured(Action configure)
    {
        var (outer, outerClosed) = (_configuring, _closed);
        _configuring = [];
        _closed = false;
        try
        {
            configure();
            Func<object, bool>[] handlers = [.. _configuring];
            return message => Dispatch(handlers, message);
        }
        finally
        {
            (_configuring, _closed) = (outer, outerClosed);
        }
    }

    private void Dispatch(Func<object, bool>[] handlers, object message)
    {
        foreach (var handler in handlers)
        {
            if (handler(message))
            {
                return;
            }
        }

        Unhandled(message);
    }

    private void Add(Func<object, bool> handler)
    {
        if (_configuring is null)
        {
            throw new InvalidOperationException("You may only call Receive-methods when constructing the actor and inside Become().");
        }

        if (_closed)
        {
            throw new InvalidOperationException(
                "A handler that catches all messages has been added. No handler can be added after that.");
        }

        _configuring.Add(handler);
    }
}
