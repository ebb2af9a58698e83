using System.Collections.Concurrent;
using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Node.Connections;
using NatActors.Node.Streams;

namespace NatActors.Soak.Tests;

/// <summary>
/// Asks a node by messages, as an actor of its owner would, and sees what tasks hide: an answer that comes twice, or to a question that was
/// withdrawn long ago.
/// </summary>
public sealed class Asker
{
    private readonly ConcurrentDictionary<long, TaskCompletionSource<object>> _open = new();
    private readonly ConcurrentDictionary<long, long> _withdrawn = new();
    private readonly IActorRef _node;
    private readonly IActorRef _ear;
    private readonly Action<string> _violation;
    private long _lastId;

    public Asker(ActorSystem system, IActorRef node, Action<string> violation)
    {
        _node = node;
        _violation = violation;
        _ear = system.ActorOf(Props.Create(typeof(Ear), this), "asker");
    }

    public int Open => _open.Count;

    public async Task<ConnectionInfo> DialAsync(Multiaddr address)
    {
        var answer = await AskAsync(id => new NodeMessages.Dial(id, address, _ear));
        return answer is NodeMessages.Dialed dialed
            ? dialed.Connection
            : throw new PeerUnreachableException(((NodeMessages.DialFailed)answer).Failure);
    }

    public async Task<PeerStream> OpenStreamAsync(PeerId peer, string protocol, bool allowLimited)
    {
        var answer = await AskAsync(id => new NodeMessages.OpenStream(id, peer, protocol, allowLimited, _ear));
        return answer is NodeMessages.StreamOpened opened
            ? opened.Stream
            : throw new StreamNotOpenedException(((NodeMessages.StreamFailed)answer).Failure);
    }

    /// <summary>Dials and withdraws after a while; at most one answer may come, and only one that was on its way.</summary>
    public async Task DialAndWithdrawAsync(Multiaddr address, Task after)
    {
        var id = Interlocked.Increment(ref _lastId);
        var answer = Remember(id);
        _node.Tell(new NodeMessages.Dial(id, address, _ear));
        await Task.WhenAny(after, answer.Task);
        _withdrawn[id] = 0;
        if (_open.TryRemove(id, out _))
        {
            _node.Tell(new NodeMessages.CancelDial(id, _ear));
        }
        else
        {
            _withdrawn.TryRemove(id, out _);
        }
    }

    /// <summary>To be called while nothing is under way: an answer that comes from now on has come too late.</summary>
    public void ForgetWithdrawn() => _withdrawn.Clear();

    private Task<object> AskAsync(Func<long, object> question)
    {
        var id = Interlocked.Increment(ref _lastId);
        var answer = Remember(id);
        _node.Tell(question(id));
        return answer.Task;
    }

    private TaskCompletionSource<object> Remember(long id)
    {
        var answer = new TaskCompletionSource<object>(TaskCreationOptions.RunContinuationsAsynchronously);
        _open[id] = answer;
        return answer;
    }

    private void OnAnswer(long id, object answer)
    {
        if (_open.TryRemove(id, out var asked))
        {
            asked.SetResult(answer);
            return;
        }

        (answer as NodeMessages.StreamOpened)?.Stream.Reset();
        if (!_withdrawn.TryRemove(id, out _))
        {
            _violation($"answered twice, or long after it was withdrawn: {answer}");
        }
    }

    private sealed class Ear(Asker asker) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case NodeMessages.Dialed dialed: asker.OnAnswer(dialed.Id, dialed); break;
                case NodeMessages.DialFailed failed: asker.OnAnswer(failed.Id, failed); break;
                case NodeMessages.StreamOpened opened: asker.OnAnswer(opened.Id, opened); break;
                case NodeMessages.StreamFailed failed: asker.OnAnswer(failed.Id, failed); break;
                default: Unhandled(message); break;
            }
        }
    }
}
