using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Resources;
using NatActors.Node.Streams;
using NatActors.Protocols.Connections;
using NatActors.Protocols.Resources;
using NatActors.Transports.Port;

namespace NatActors.Node.Connections;

/// <summary>Dials and streams: what others ask of the connections.</summary>
public sealed partial class ConnectionsActor
{
    private void OnDial(ConnectionsMessages.Dial dial)
    {
        // The same request again comes from a requester that was restarted and counts anew: the old one is nobody's any more.
        Apply(_book.OnCancelled(new DialRequest(dial.ReplyTo, dial.Id)), null, null);
        if (DialRefusal(dial) is { } refusal)
        {
            dial.ReplyTo.Tell(new ConnectionsMessages.DialFailed(dial.Id, refusal));
            return;
        }

        if (_table.Best(dial.Peer!, allowLimited: true, dial.ForceDirect) is { } existing)
        {
            dial.ReplyTo.Tell(new ConnectionsMessages.Dialed(dial.Id, _up[existing].Info));
            return;
        }

        var goal = new DialGoal(dial.Peer!, dial.ForceDirect, dial.From == DialPort.Fresh);
        Apply(_book.OnRequest(new DialRequest(dial.ReplyTo, dial.Id), goal, dial.Addresses, dial.IgnoreBackoff, Now), null, null);
    }

    private DialFailure? DialRefusal(ConnectionsMessages.Dial dial)
    {
        if (_closingAll is { } closing)
        {
            return new DialFailure(DialFailureKind.Cancelled, closing);
        }

        if (dial.Peer is null)
        {
            return new DialFailure(DialFailureKind.NoAddress, "the address does not say which peer is there; append /p2p/ and its peer id");
        }

        return dial.Peer.Equals(_node.Self) ? new DialFailure(DialFailureKind.Refused, "that is this node itself") : null;
    }

    private void OnPeerDialFailed(PeerDialMessages.Failed failed) => Apply(_book.OnFailed(failed.Goal, Now), null, failed.Failure);

    /// <summary>The port told of that connection before it refused the dial, so it is here, or has come to nothing already.</summary>
    private void OnAwaitAccepted(PeerDialMessages.AwaitAccepted awaiting)
    {
        var accepted = _pending.Values.FirstOrDefault(
            p => p.Adopt.Direction == ConnectionDirection.Inbound && p.Adopt.Conduit.RemoteAddress == awaiting.Remote);
        if (accepted is not null)
        {
            accepted.Awaiting.Add(awaiting);
            return;
        }

        awaiting.ReplyTo.Tell(new ConnectionsMessages.DialFailed(
            awaiting.Id,
            new DialFailure(DialFailureKind.HandshakeFailed, "the peer connected to this port at the same moment, and that connection is gone")));
    }

    private void OnDialerEnded(DialerEnded ended)
    {
        if (_dialers.GetValueOrDefault(ended.Goal) is { } now && now.Equals(ended.Dialer))
        {
            _dialers.Remove(ended.Goal);
            Apply(_book.OnFailed(ended.Goal, Now), null, new DialFailure(DialFailureKind.Cancelled, "the dial's actor stopped"));
        }
    }

    /// <summary>Answers carry the connection that came up, or the failure that was reported; the book answers every request once.</summary>
    private void Apply(IReadOnlyList<DialEffect<DialRequest>> effects, ConnectionInfo? connection, DialFailure? failure)
    {
        foreach (var effect in effects)
        {
            switch (effect)
            {
                case DialEffect<DialRequest>.Start start: StartDialer(start.Goal, start.Addresses); break;
                case DialEffect<DialRequest>.AddAddresses more: TellDialer(more.Goal, new PeerDialMessages.AddAddresses(more.Addresses)); break;
                case DialEffect<DialRequest>.Abort abort: TellDialer(abort.Goal, new PeerDialMessages.Abort(connection is not null)); break;
                case DialEffect<DialRequest>.Succeed succeed when connection is not null:
                    succeed.Request.ReplyTo.Tell(new ConnectionsMessages.Dialed(succeed.Request.Id, connection));
                    break;
                case DialEffect<DialRequest>.Fail fail when failure is not null:
                    fail.Request.ReplyTo.Tell(new ConnectionsMessages.DialFailed(fail.Request.Id, failure));
                    break;
                case DialEffect<DialRequest>.Refuse refuse:
                    refuse.Request.ReplyTo.Tell(new ConnectionsMessages.DialFailed(refuse.Request.Id, Refused(refuse)));
                    break;
                default: throw new InvalidOperationException($"{effect} came without its outcome.");
            }
        }
    }

    private static DialFailure Refused(DialEffect<DialRequest>.Refuse refuse) => new(
        DialFailureKind.Refused,
        refuse.Reason == Protocols.Connections.DialRefusal.BackingOff
            ? $"the peer did not answer lately; it is tried again in {Math.Ceiling(refuse.Wait.TotalSeconds)} s at the earliest"
            : "too many peers wait to be dialed");

    private void StartDialer(DialGoal goal, IReadOnlyList<Multiaddr> addresses)
    {
        var dialer = Context.ActorOf(Props.Create(typeof(PeerDialActor), _node, goal, addresses, _listening, Self), $"dial-{_node.NextConnectionId()}");
        Context.WatchWith(dialer, new DialerEnded(goal, dialer));
        _dialers[goal] = dialer;
    }

    private void TellDialer(DialGoal goal, object message)
    {
        if (_dialers.TryGetValue(goal, out var dialer))
        {
            dialer.Tell(message);
            if (message is PeerDialMessages.Abort)
            {
                _dialers.Remove(goal);
            }
        }
    }

    private void OnOpenStream(ConnectionsMessages.OpenStream open)
    {
        var id = open.OnConnection ?? _table.Best(open.Peer, open.AllowLimited);
        if (id is { } usable && _up.TryGetValue(usable, out var up))
        {
            up.Info.Actor.Tell(open);
            return;
        }

        var limited = open.OnConnection is null && _table.Best(open.Peer, allowLimited: true) is not null;
        if (limited && open.WaitForDirect && _waiters.TryWait(open))
        {
            return;
        }

        open.ReplyTo.Tell(new ConnectionsMessages.StreamFailed(open.Id, limited
            ? new StreamFailure(
                StreamFailureKind.LimitedConnection,
                "the only connection to the peer is relayed and limited; allow limited connections to use it")
            : new StreamFailure(StreamFailureKind.NotConnected, "there is no connection to the peer; dial it first")));
    }

    private void OnOpenElsewhere(ConnectionMessages.OpenElsewhere elsewhere)
    {
        _table.OnClosing(elsewhere.ConnectionId, Now);
        if (elsewhere.Open.OnConnection is null)
        {
            OnOpenStream(elsewhere.Open);
            return;
        }

        elsewhere.Open.ReplyTo.Tell(new ConnectionsMessages.StreamFailed(
            elsewhere.Open.Id, new StreamFailure(StreamFailureKind.ConnectionLost, "the connection is closing")));
    }

    /// <summary>The connection's resources, or why there are none.</summary>
    private string? Refusal(long id, bool inbound, out ConnectionResources? resources)
    {
        resources = _node.Resources.OpenConnection(id, inbound, out var refusal);
        if (refusal is null)
        {
            return null;
        }

        if (inbound)
        {
            _table.OnInboundFailed(id);
        }

        return refusal.Describe();
    }

    /// <summary>The table keeps the numbers of connections; what it refuses counts as what the other limits refuse.</summary>
    private void CountRefusal(ConnectionRefusal refusal)
    {
        _node.Metrics.OnRefused(refusal);
        (ResourceScopeKind Scope, ResourceKind Resource, int Limit)? full = refusal switch
        {
            ConnectionRefusal.TooManyConnections => (ResourceScopeKind.System, ResourceKind.Connections, _rules.MaxConnections),
            ConnectionRefusal.TooManyPending => (ResourceScopeKind.Transient, ResourceKind.InboundConnections, _rules.MaxPendingInbound),
            ConnectionRefusal.TooManyToPeer => (ResourceScopeKind.Peer, ResourceKind.Connections, _rules.MaxConnectionsPerPeer),
            _ => null,
        };
        if (full is var (scope, resource, limit))
        {
            _node.Resources.OnRefused(new ResourceRefusal(scope, "", resource, limit, limit, 1), "a connection");
        }
    }

    private static string? Words(ConnectionRefusal refusal) => refusal switch
    {
        ConnectionRefusal.None => null,
        ConnectionRefusal.TooManyConnections => "the node has as many connections as it may",
        ConnectionRefusal.TooManyPending => "too many handshakes run at once",
        ConnectionRefusal.TooManyFromNetwork => "too many connections come from that network",
        ConnectionRefusal.TooFastFromNetwork => "connections come too fast from that network",
        ConnectionRefusal.TooManyToPeer => "there are as many connections to that peer as there may be",
        _ => refusal.ToString(),
    };

    private static string Words(ConnectionCloseReason reason) => reason switch
    {
        ConnectionCloseReason.Idle => "nobody used it",
        ConnectionCloseReason.Duplicate => "another connection to the peer is kept",
        ConnectionCloseReason.DirectExists => "a direct connection replaces it",
        ConnectionCloseReason.MadeRoom => "a new connection needed its place",
        _ => reason.ToString(),
    };
}
