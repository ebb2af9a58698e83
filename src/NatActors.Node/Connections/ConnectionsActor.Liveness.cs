using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Network;
using NatActors.Transports.Muxing;

namespace NatActors.Node.Connections;

/// <summary>
/// Dead paths: connections of which there is reason to think that they are dead are checked at once, those whose local address is gone are
/// cut, and peers that were reached by a relay are reached again.
/// </summary>
public sealed partial class ConnectionsActor
{
    /// <summary>
    /// Peers whose way through a relay is remembered for the case that their direct connection dies; the oldest are forgotten. Ours: as many
    /// as there are connections by default.
    /// </summary>
    private const int MaxWays = 1024;

    private readonly Dictionary<PeerId, Multiaddr> _ways = [];
    private readonly Queue<PeerId> _waysInOrder = new();
    private readonly HashSet<PeerId> _reconnecting = [];

    /// <summary>Peers that are left with a relayed connection, because their direct one died.</summary>
    private readonly HashSet<PeerId> _directDied = [];

    /// <summary>
    /// A peer that connects again while an old connection stands may have lost that one: a restart, another router. Until it is found dead, what
    /// others ask of the peer would go there. Only a relayed connection is no wonder beside a new direct one.
    /// </summary>
    private void CheckSiblings(ConnectionInfo info)
    {
        foreach (var id in _table.Of(info.Peer))
        {
            if (id != info.Id && _up.TryGetValue(id, out var up) && (info.Relayed || !up.Info.Relayed))
            {
                Check(id);
            }
        }
    }

    private void Check(long id)
    {
        if (_up.TryGetValue(id, out var up))
        {
            up.Info.Actor.Tell(new ConnectionMessages.Check(_node.Options.KeepAlive.CheckTimeout));
        }
    }

    private void OnNetworkChanged(NetworkMessages.Changed changed)
    {
        var network = changed.State;
        if (network.Interfaces.Count == 0)
        {
            return;
        }

        // While no router is there nothing would be answered, and what was not checked may survive the gap.
        var leadsOut = changed.What.Count > 0 && network.Gateways.Count > 0;
        foreach (var up in _up.Values.Where(up => !up.Info.Relayed).ToArray())
        {
            if (up.Info.LocalAddress.Host is { } local && !network.Has(local))
            {
                up.PathGone = true;
                _table.OnClosing(up.Info.Id, Now);
                up.Info.Actor.Tell(new ConnectionMessages.Cut($"this machine no longer has {local}"));
            }
            else if (leadsOut)
            {
                Check(up.Info.Id);
            }
        }
    }

    private void RememberWay(ConnectionInfo info)
    {
        if (!info.Relayed || info.Direction != ConnectionDirection.Outbound)
        {
            return;
        }

        if (!_ways.ContainsKey(info.Peer))
        {
            _waysInOrder.Enqueue(info.Peer);
        }

        _ways[info.Peer] = info.RemoteAddress.WithPeerId(info.Peer);
        while (_waysInOrder.Count > MaxWays)
        {
            _ways.Remove(_waysInOrder.Dequeue());
        }
    }

    /// <summary>
    /// Of a peer that was reached by a relay, the direct connection died and no other is left: it is reached again. In a change of the network
    /// the direct and the relayed connection die together, and either may be told first.
    /// </summary>
    private void OnLost(Up up, LinkEndKind? kind)
    {
        var info = up.Info;
        var died = up.PathGone || kind is LinkEndKind.KeepAliveTimeout or LinkEndKind.TransportBroken;
        var directDied = info.Relayed ? _directDied.Contains(info.Peer) : died;
        if (_table.Of(info.Peer).Count > 0 && directDied)
        {
            _directDied.Add(info.Peer);
            return;
        }

        _directDied.Remove(info.Peer);
        if (died && directDied && _closingAll is null && _ways.TryGetValue(info.Peer, out var way) && _reconnecting.Add(info.Peer))
        {
            var again = Context.ActorOf(Props.Create(typeof(ReconnectActor), _node, way), $"again-{_node.NextConnectionId()}");
            Context.WatchWith(again, new ReconnectEnded(info.Peer));
        }
    }

    private sealed record ReconnectEnded(PeerId Peer);
}
