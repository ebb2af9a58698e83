using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Streams;

namespace NatActors.Node;

/// <summary>The messages of the <see cref="FacadeActor"/>: requests that carry the task to complete.</summary>
internal static class FacadeMessages
{
    public sealed record Dial(Multiaddr Address, TaskCompletionSource<ConnectionInfo> Answer);

    public sealed record OpenStream(PeerId Peer, string Protocol, bool AllowLimited, TaskCompletionSource<PeerStream> Answer);

    public sealed record GetStatus(TaskCompletionSource<NodeMessages.Status> Answer);
}

/// <summary>
/// Stands between tasks and the node's actor, one for a node: gives each request an id, completes its task with the answer, and resets a
/// stream whose requester has gone. One state.
/// </summary>
internal sealed class FacadeActor : UntypedActor
{
    private readonly IActorRef _node;
    private readonly Dictionary<long, TaskCompletionSource<ConnectionInfo>> _dials = [];
    private readonly Dictionary<long, TaskCompletionSource<PeerStream>> _streams = [];
    private readonly Queue<TaskCompletionSource<NodeMessages.Status>> _statuses = new();
    private long _lastId;

    public FacadeActor(IActorRef node) => _node = node;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case FacadeMessages.Dial dial: OnDial(dial); break;
            case FacadeMessages.OpenStream open: OnOpenStream(open); break;
            case FacadeMessages.GetStatus status: OnGetStatus(status); break;
            case NodeMessages.Dialed dialed: OnDialed(dialed); break;
            case NodeMessages.DialFailed failed: OnDialFailed(failed); break;
            case NodeMessages.StreamOpened opened: OnStreamOpened(opened); break;
            case NodeMessages.StreamFailed failed: OnStreamFailed(failed); break;
            case NodeMessages.Status status: OnStatus(status); break;
            default: Unhandled(message); break;
        }
    }

    protected override void PostStop()
    {
        foreach (var dial in _dials.Values)
        {
            dial.TrySetException(new PeerUnreachableException(new DialFailure(DialFailureKind.Cancelled, "the node is going down")));
        }

        foreach (var stream in _streams.Values)
        {
            stream.TrySetException(
                new StreamNotOpenedException(new StreamFailure(StreamFailureKind.ConnectionLost, "the node is going down")));
        }

        while (_statuses.TryDequeue(out var status))
        {
            status.TrySetCanceled();
        }
    }

    private void OnDial(FacadeMessages.Dial dial)
    {
        _dials[++_lastId] = dial.Answer;
        _node.Tell(new NodeMessages.Dial(_lastId, dial.Address, Self));
    }

    private void OnOpenStream(FacadeMessages.OpenStream open)
    {
        _streams[++_lastId] = open.Answer;
        _node.Tell(new NodeMessages.OpenStream(_lastId, open.Peer, open.Protocol, open.AllowLimited, Self));
    }

    private void OnGetStatus(FacadeMessages.GetStatus status)
    {
        _statuses.Enqueue(status.Answer);
        _node.Tell(new NodeMessages.GetStatus());
    }

    private void OnDialed(NodeMessages.Dialed dialed)
    {
        if (_dials.Remove(dialed.Id, out var answer))
        {
            answer.TrySetResult(dialed.Connection);
        }
    }

    private void OnDialFailed(NodeMessages.DialFailed failed)
    {
        if (_dials.Remove(failed.Id, out var answer))
        {
            answer.TrySetException(new PeerUnreachableException(failed.Failure));
        }
    }

    private void OnStreamOpened(NodeMessages.StreamOpened opened)
    {
        if (!_streams.Remove(opened.Id, out var answer) || !answer.TrySetResult(opened.Stream))
        {
            opened.Stream.Reset();
        }
    }

    private void OnStreamFailed(NodeMessages.StreamFailed failed)
    {
        if (_streams.Remove(failed.Id, out var answer))
        {
            answer.TrySetException(new StreamNotOpenedException(failed.Failure));
        }
    }

    private void OnStatus(NodeMessages.Status status)
    {
        if (_statuses.TryDequeue(out var answer))
        {
            answer.TrySetResult(status);
        }
    }
}
