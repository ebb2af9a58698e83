using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Protocols.HolePunch;

namespace NatActors.Cli.Commands;

/// <summary>
/// Watches a dialed peer until its path is as good as it gets: a direct connection, or the verdict of the hole punch, or a peer that does
/// not start one.
/// </summary>
internal sealed class PathAwaiter : IObserver<NodeEvent>
{
    /// <summary>How long the peer may take to begin a punch: an identify exchange and two seconds of waiting for its own address.</summary>
    private static readonly TimeSpan PunchStart = TimeSpan.FromSeconds(5);

    /// <summary>How long a punch may take: three rounds and what may be waited for in them.</summary>
    private static readonly TimeSpan PunchEnd = TimeSpan.FromSeconds(30);

    private readonly PeerId _peer;
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string?> _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private volatile bool _speaksNot;

    public PathAwaiter(PeerId peer) => _peer = peer;

    /// <summary>Why the last connection with the peer ended; null as long as none has.</summary>
    public string? Lost { get; private set; }

    /// <summary>Null when there is a direct connection, else why not.</summary>
    public async Task<string?> SettledAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAny(_started.Task, _settled.Task).WaitAsync(PunchStart, cancellationToken);
            return await _settled.Task.WaitAsync(PunchEnd, cancellationToken);
        }
        catch (TimeoutException)
        {
            return _started.Task.IsCompleted ? "the hole punch did not end in time"
                : _speaksNot ? PunchReasons.PeerDoesNotSpeak
                : PunchReasons.PeerFellSilent;
        }
    }

    public void OnNext(NodeEvent value)
    {
        switch (value)
        {
            case NodeEvents.Disconnected down when down.Peer == _peer: Lost = down.Reason; break;
            case NodeEvents.Identified id when id.Peer == _peer: _speaksNot = !id.Protocols.Contains(HolePunchCodec.Protocol); break;
            case NodeEvents.Connected { Relayed: false } up when up.Peer == _peer: _settled.TrySetResult(null); break;
            case NodeEvents.PunchStarted punch when punch.Peer == _peer: _started.TrySetResult(); break;
            case NodeEvents.PunchEnded punch when punch.Peer == _peer: OnPunchEnded(punch); break;
        }
    }

    public void OnCompleted() => _settled.TrySetResult("the node ended");

    public void OnError(Exception error)
    {
    }

    private void OnPunchEnded(NodeEvents.PunchEnded punch) =>
        _settled.TrySetResult(punch.Outcome == PunchOutcome.Direct ? null : punch.Reason);
}
