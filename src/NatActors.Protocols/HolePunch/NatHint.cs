using NatActors.Multiformats;

namespace NatActors.Protocols.HolePunch;

/// <summary>
/// What addresses betray of the NAT in front of a node. A hint for reasons and for when to stop, never for whether to try.
/// </summary>
public enum NatHint
{
    /// <summary>Too little is known.</summary>
    Unknown,

    /// <summary>Others see the port on which the node listens: no NAT, or one that keeps ports.</summary>
    PortKept,

    /// <summary>Others see another port: a NAT that renumbers, most of them anew for each destination.</summary>
    PortChanged,

    /// <summary>Different observers see different ports at one address: a symmetric NAT for certain.</summary>
    PortPerDestination,
}

/// <summary>Reads hints from addresses.</summary>
public static class NatHints
{
    /// <summary>Compares where a node is seen with where it listens.</summary>
    public static NatHint Of(IReadOnlyList<Multiaddr> observed, IReadOnlyList<Multiaddr> listening)
    {
        ArgumentNullException.ThrowIfNull(observed);
        ArgumentNullException.ThrowIfNull(listening);
        var seen = EndPoints(observed.Where(AddressScope.IsPublic)).Distinct().ToList();
        var ports = EndPoints(listening).Select(e => e.Port).ToHashSet();
        if (seen.Count == 0 || ports.Count == 0)
        {
            return NatHint.Unknown;
        }

        if (seen.Any(e => ports.Contains(e.Port)))
        {
            return NatHint.PortKept;
        }

        return seen.GroupBy(e => e.Address).Any(g => g.Count() > ports.Count) ? NatHint.PortPerDestination : NatHint.PortChanged;
    }

    /// <summary>
    /// The same for a peer, which tells where it is seen among the addresses at which it says to listen: only a port of another address shows
    /// that one was kept.
    /// </summary>
    public static NatHint OfPeer(IReadOnlyList<Multiaddr> observed, IReadOnlyList<Multiaddr> announced) =>
        Of(observed, [.. announced.Except(observed)]);

    /// <summary>True for a NAT that most likely gives each destination another port.</summary>
    public static bool LooksSymmetric(this NatHint hint) => hint is NatHint.PortChanged or NatHint.PortPerDestination;

    private static IEnumerable<System.Net.IPEndPoint> EndPoints(IEnumerable<Multiaddr> addresses)
    {
        foreach (var address in addresses)
        {
            if (address.TryGetTcpEndPoint(out var endPoint))
            {
                yield return endPoint;
            }
        }
    }
}
