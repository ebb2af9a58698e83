using Akka.Actor;
using NatActors.Node.Port;

namespace NatActors.Node.Connections;

/// <summary>How one connection, all of them, and the actor itself end: nobody who asked for something is left without an answer.</summary>
public sealed partial class ConnectionsActor
{
    /// <inheritdoc />
    protected override void PreRestart(Exception reason, object message)
    {
        base.PreRestart(reason, message);

        // Who wants to hear of connections has no way to know that this is another instance: carry them over.
        foreach (var subscriber in _subscribers)
        {
            Self.Tell(new ConnectionsMessages.Subscribe(subscriber));
        }

        Self.Tell(new PortMessages.Bound([], _listening));
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        const string Reason = "the node's connections ended";
        foreach (var pending in _pending.Values)
        {
            pending.Fail(DialFailureKind.Cancelled, Reason);
        }

        foreach (var id in _up.Keys.ToArray())
        {
            OnDown(id, Reason);
        }

        Apply(_book.OnClosed(), null, new DialFailure(DialFailureKind.Cancelled, Reason));
        _waiters.FailAll(Reason);
        AnswerClosers();
    }

    private void Close(long id, string reason)
    {
        if (_up.TryGetValue(id, out var up))
        {
            _table.OnClosing(id, Now);
            up.Info.Actor.Tell(new ConnectionMessages.Close(reason));
        }
    }

    private void OnCloseAll(ConnectionsMessages.CloseAll all)
    {
        _closingAll ??= all.Reason;
        _closers.Add(all.ReplyTo);
        foreach (var actor in _up.Values.Select(up => up.Info.Actor).Concat(_pending.Values.Select(pending => pending.Actor)))
        {
            actor.Tell(new ConnectionMessages.Close(all.Reason));
        }

        Apply(_book.OnClosed(), null, new DialFailure(DialFailureKind.Cancelled, all.Reason));
        _waiters.FailAll(all.Reason);
        AnswerCloseAllWhenEmpty();
    }

    private void AnswerCloseAllWhenEmpty()
    {
        if (_up.Count == 0 && _pending.Count == 0)
        {
            AnswerClosers();
        }
    }

    private void AnswerClosers()
    {
        _closers.ForEach(closer => closer.Tell(new ConnectionsMessages.AllClosed()));
        _closers.Clear();
    }
}
