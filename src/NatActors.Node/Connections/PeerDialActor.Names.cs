using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Naming;

namespace NatActors.Node.Connections;

/// <summary>
/// Addresses with a name at their head: looked up while the others are dialed already. The relay of a relayed address is looked up by
/// whoever dials the relay.
/// </summary>
public sealed partial class PeerDialActor
{
    /// <summary>Names looked up for one dial, the first ones. Ours: a peer chooses the list.</summary>
    public const int MaxNames = 8;

    private readonly Dictionary<long, Multiaddr> _lookingUp = [];
    private readonly HashSet<Multiaddr> _names = [];
    private readonly List<Multiaddr> _resolved = [];

    private void LookUp(IReadOnlyList<Multiaddr> addresses)
    {
        foreach (var address in addresses)
        {
            var others = address.PeerId is { } named && !named.Equals(_goal.Peer);
            if (address.UsesDns && !address.IsRelayed && !others && _names.Count < MaxNames && _names.Add(address))
            {
                _lookingUp[++_lastId] = address;
                _node.Refs.Resolver.Tell(new ResolverMessages.Resolve(_lastId, address, Self));
            }
        }
    }

    private void OnResolved(ResolverMessages.Resolved resolved)
    {
        if (_lookingUp.Remove(resolved.Id, out var name))
        {
            _resolved.Add(name);
            _schedule.OnAdded(Rank(resolved.Addresses), Now);
            Go();
        }
    }

    private void OnNotResolved(ResolverMessages.NotResolved failed)
    {
        if (_lookingUp.Remove(failed.Id, out var name))
        {
            _causes.Add($"{name.WithoutPeerId()}: {failed.Reason}");
            Go();
        }
    }

    /// <summary>Whatever they led to does not answer: it may have moved, so the next dial asks anew.</summary>
    private void ForgetNames() => _resolved.ForEach(name => _node.Refs.Resolver.Tell(new ResolverMessages.Forget(name)));

    private void CancelLookUps()
    {
        foreach (var id in _lookingUp.Keys)
        {
            _node.Refs.Resolver.Tell(new ResolverMessages.Cancel(id, Self));
        }

        _lookingUp.Clear();
    }
}
