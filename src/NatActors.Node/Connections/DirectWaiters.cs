using NatActors.Multiformats;
using NatActors.Node.Streams;

namespace NatActors.Node.Connections;

/// <summary>
/// Stream requests that wait for a hole punch, because only a limited connection exists and they did not opt in. Each is answered once: by
/// the direct connection, or by a failure that says why there is none.
/// </summary>
internal sealed class DirectWaiters
{
    /// <summary>Requests that may wait for one peer. Ours: only this node's own application makes them.</summary>
    public const int MaxPerPeer = 1024;

    private readonly Dictionary<PeerId, List<ConnectionsMessages.OpenStream>> _punching = [];

    public void OnPunchUnderWay(PeerId peer) => _punching.TryAdd(peer, []);

    public bool TryWait(ConnectionsMessages.OpenStream open)
    {
        if (!_punching.TryGetValue(open.Peer, out var waiting) || waiting.Count >= MaxPerPeer)
        {
            return false;
        }

        waiting.Add(open);
        return true;
    }

    public void OnUnlimited(ConnectionInfo connection)
    {
        if (_punching.TryGetValue(connection.Peer, out var waiting))
        {
            waiting.ForEach(open => connection.Actor.Tell(open, Akka.Actor.ActorRefs.NoSender));
            waiting.Clear();
        }
    }

    public void OnPunchOver(PeerId peer, string reason)
    {
        if (_punching.Remove(peer, out var waiting))
        {
            waiting.ForEach(open => Fail(open, $"no direct connection could be made: {reason}"));
        }
    }

    public void FailAll(string reason)
    {
        foreach (var waiting in _punching.Values)
        {
            waiting.ForEach(open => Fail(open, reason));
        }

        _punching.Clear();
    }

    private static void Fail(ConnectionsMessages.OpenStream open, string reason) =>
        open.ReplyTo.Tell(
            new ConnectionsMessages.StreamFailed(open.Id, new StreamFailure(StreamFailureKind.LimitedConnection, reason)),
            Akka.Actor.ActorRefs.NoSender);
}
