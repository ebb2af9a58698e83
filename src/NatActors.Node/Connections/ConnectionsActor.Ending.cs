using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Port;

namespace NatActors.Node.Connections;

/// <summary>How one connection, all of them, and the actor itself end: nobody who asked for something is left without an answer.</summary>
public sealed partial class ConnectionsActor
{
    private readonly FloodLog _refusals = new();

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

    /// <summary>A handshake that takes its time gives its place to a newcomer. The table has forgotten it already.</summary>
    private void Displace(long id)
    {
        if (_pending.Remove(id, out var pending))
        {
            const string Reason = "its handshake took a place that a newcomer needed";
            _node.Metrics.OnDisplaced();
            pending.Fail(DialFailureKind.Refused, Reason);
            pending.Actor.Tell(new ConnectionMessages.Close(Reason));
        }
    }

    private void OnRefused(Multiaddr remote, string reason)
    {
        if (_refusals.MayLog(Now, out var others))
        {
            _log.Info("Refused a connection from {0}: {1}{2}", remote, reason, others);
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
