using NatActors.Multiformats;
using NatActors.Protocols.Connections;

namespace NatActors.Protocols.Addresses;

/// <summary>Where a server saw this node on a second port of its own.</summary>
/// <param name="Local">This end of the connection to the second port.</param>
/// <param name="Remote">The server's end, the second port.</param>
/// <param name="Seen">Where the server saw this node.</param>
public sealed record SecondPortSighting(Multiaddr Local, Multiaddr Remote, Multiaddr Seen);

/// <summary>
/// Which observers to ask for a second port, and what they saw there (RFC 5780 section 4.3, with a peer in the place of the STUN server).
/// Only while the mapping is known to depend on the destination's address, and not whether on its port too: else there is nothing to be
/// learnt. A few observers on different networks are asked, then none for a long while. A sighting is compared with what the same observer
/// sees over the connection that it was asked by, and is worth nothing without that.
/// </summary>
internal sealed class SecondPortProbe(NatBehaviourRules rules)
{
    private readonly Dictionary<long, Witness> _underWay = [];
    private readonly Dictionary<long, (Witness First, Witness Second)> _seen = [];
    private readonly HashSet<AddressPrefix> _asked = [];
    private TimeSpan _since;

    /// <summary>The observations, and behind them the sightings on second ports whose connection still sees the same.</summary>
    public IReadOnlyList<Witness> With(IReadOnlyList<Witness> witnesses)
    {
        foreach (var (connection, pair) in _seen)
        {
            if (!witnesses.Contains(pair.First))
            {
                _seen.Remove(connection);
            }
        }

        return _seen.Count == 0 ? witnesses : [.. witnesses, .. _seen.Values.Select(p => p.Second)];
    }

    /// <summary>The observers to ask now.</summary>
    /// <param name="mapping">What the observations say, sightings on second ports included.</param>
    /// <param name="witnesses">The observations without them.</param>
    /// <param name="servers">The connections whose peers open second ports.</param>
    /// <param name="now">Monotonic time.</param>
    public IReadOnlyList<Witness> Next(
        NatMapping mapping, IReadOnlyList<Witness> witnesses, IReadOnlyDictionary<long, PeerId> servers, TimeSpan now)
    {
        if (mapping != NatMapping.Dependent)
        {
            return [];
        }

        if (_asked.Count > 0 && now - _since >= rules.SecondPortInterval)
        {
            _asked.Clear();
        }

        var next = witnesses
            .Where(w => servers.ContainsKey(w.ConnectionId) && IsOfUse(w))
            .Where(w => !_asked.Contains(w.Observer) && !_underWay.ContainsKey(w.ConnectionId))
            .DistinctBy(w => w.Observer)
            .Take(rules.SecondPortServers - _asked.Count)
            .ToList();
        foreach (var witness in next)
        {
            _since = _asked.Count == 0 ? now : _since;
            _asked.Add(witness.Observer);
            _underWay[witness.ConnectionId] = witness;
        }

        return next;
    }

    /// <summary>An ask has ended, with a sighting or without.</summary>
    public void OnEnded(long connectionId, SecondPortSighting? sighting)
    {
        if (_underWay.Remove(connectionId, out var first)
            && sighting is not null
            && ThinWaist.Of(sighting.Local) == first.Local
            && ThinWaist.Of(sighting.Remote) is { } remote
            && remote.Host.Equals(first.Remote.Host)
            && remote.Port != first.Remote.Port
            && ThinWaist.Of(sighting.Seen) is { } seen
            && seen.IsIPv6 == first.Seen.IsIPv6
            && seen.IsUdp == first.Seen.IsUdp
            && AddressScope.IsPublic(seen.Host))
        {
            _seen[connectionId] = (first, first with { Remote = remote, Seen = seen });
        }
    }

    /// <summary>Another network, another router. Asks that are under way are no longer of interest.</summary>
    public void Forget()
    {
        _underWay.Clear();
        _seen.Clear();
        _asked.Clear();
    }

    private static bool IsOfUse(Witness witness) =>
        witness is { Outbound: true, Remote.IsUdp: false }
        && AddressScope.IsPublic(witness.Remote.Host)
        && AddressScope.IsPublic(witness.Seen.Host);
}
