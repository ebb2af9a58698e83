using System.Net;
using NatActors.Multiformats;

namespace NatActors.Protocols.Connections;

/// <summary>An address with its place in a dial.</summary>
/// <param name="Address">The address.</param>
/// <param name="Delay">From the start of the dial to this address's turn.</param>
public readonly record struct RankedAddress(Multiaddr Address, TimeSpan Delay);

/// <summary>Times and bounds of the order in which addresses are dialed.</summary>
public sealed record DialRankRules
{
    /// <summary>
    /// From one public address to the next. Zero or more; default 250 ms (RFC 8305 section 5; go-libp2p dial_ranker PublicTCPDelay).
    /// </summary>
    public TimeSpan PublicStep { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// From one address of this machine or a private network to the next. Zero or more; default 30 ms (go-libp2p dial_ranker
    /// PrivateTCPDelay).
    /// </summary>
    public TimeSpan LocalStep { get; init; } = TimeSpan.FromMilliseconds(30);

    /// <summary>
    /// The head start of direct addresses over relayed ones. Zero or more; default 500 ms (go-libp2p dial_ranker RelayDelay; rust 250
    /// ms).
    /// </summary>
    public TimeSpan RelayDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Addresses tried at most, the best ones. At least 1; default 32. Ours: a peer chooses the list.</summary>
    public int MaxAddresses { get; init; } = 32;
}

/// <summary>Whom a dial is for, and what this node can dial.</summary>
/// <param name="Self">This node.</param>
/// <param name="Peer">The peer to reach, or null for whoever answers.</param>
/// <param name="OwnAddresses">The addresses this node listens on, wildcards resolved: never dialed.</param>
/// <param name="CanDial">True for direct addresses that a transport here can dial.</param>
/// <param name="DirectOnly">Leave relayed addresses out.</param>
public sealed record DialTarget(
    PeerId Self,
    PeerId? Peer,
    IReadOnlyCollection<Multiaddr> OwnAddresses,
    Func<Multiaddr, bool> CanDial,
    bool DirectOnly);

/// <summary>
/// Orders the addresses of a peer for dialing (RFC 8305, happy eyeballs; go-libp2p dial_ranker): QUIC before TCP, IPv6 and IPv4 in turn,
/// one
/// after the other with a delay, relayed ones last. Local addresses have a queue of their own beside the public ones, for either may be
/// dead.
/// </summary>
public static class DialRanker
{
    /// <summary>
    /// The addresses worth dialing, in order of their delays. Left out are duplicates, this node's own, those that name another peer, those
    /// that nobody can dial (port 0, wildcards, groups, link-local without a zone), and circuits through this node or the peer itself.
    /// </summary>
    public static IReadOnlyList<RankedAddress> Rank(IEnumerable<Multiaddr> addresses, DialTarget target, DialRankRules rules)
    {
        var own = target.OwnAddresses.Select(a => a.WithoutPeerId()).ToHashSet();
        var seen = new HashSet<Multiaddr>();
        List<Multiaddr> local = [], open = [], relayed = [];
        foreach (var address in addresses)
        {
            if (!IsWorthDialing(address, target, own) || !seen.Add(address.WithoutPeerId()))
            {
                continue;
            }

            var group = address.IsRelayed ? relayed : IsLocal(address) ? local : open;
            group.Add(address);
        }

        var ranked = new List<RankedAddress>();
        Add(ranked, local, TimeSpan.Zero, rules.LocalStep);
        Add(ranked, open, TimeSpan.Zero, rules.PublicStep);
        Add(ranked, relayed, ranked.Count == 0 ? TimeSpan.Zero : rules.RelayDelay, rules.PublicStep);

        // A stable order: public before local before relayed at the same instant.
        return [.. ranked.OrderBy(r => r.Delay).ThenBy(r => r.Address.IsRelayed).ThenBy(r => IsLocal(r.Address)).Take(rules.MaxAddresses)];
    }

    private static bool IsWorthDialing(Multiaddr address, DialTarget target, HashSet<Multiaddr> own)
    {
        if (target.Peer is { } peer && address.PeerId is { } named && named != peer)
        {
            return false;
        }

        if (address.IsRelayed)
        {
            return !target.DirectOnly
                && address.TrySplitCircuit(out _, out var relay, out _)
                && relay != target.Self
                && relay != target.Peer;
        }

        return IsReal(address) && target.CanDial(address) && !own.Contains(address.WithoutPeerId());
    }

    private static bool IsReal(Multiaddr address)
    {
        if (address.TryGetTcpEndPoint(out var endPoint) && endPoint.Port == 0)
        {
            return false;
        }

        return AddressScope.KindOf(address) switch
        {
            AddressKind.Unspecified or AddressKind.Multicast => false,
            AddressKind.LinkLocal => !address.Host!.IsIPv6LinkLocal || address.Host.ScopeId != 0,
            _ => true,
        };
    }

    private static bool IsLocal(Multiaddr address) => AddressScope.IsLoopback(address) || AddressScope.IsPrivate(address);

    private static void Add(List<RankedAddress> ranked, List<Multiaddr> group, TimeSpan start, TimeSpan step)
    {
        var delay = start;
        foreach (var transport in group.GroupBy(a => a.IsQuic || a.IsRelayed).OrderByDescending(g => g.Key))
        {
            foreach (var address in Interleave(transport))
            {
                ranked.Add(new RankedAddress(address, delay));
                delay += step;
            }
        }
    }

    // RFC 8305 section 4: the families in turn, IPv6 first, each in the order in which the addresses came.
    private static IEnumerable<Multiaddr> Interleave(IEnumerable<Multiaddr> group)
    {
        var families = group.ToLookup(a => a.Host is { } host && IsIPv6(host));
        Multiaddr[] six = [.. families[true]], other = [.. families[false]];
        for (var i = 0; i < Math.Max(six.Length, other.Length); i++)
        {
            if (i < six.Length)
            {
                yield return six[i];
            }

            if (i < other.Length)
            {
                yield return other[i];
            }
        }
    }

    private static bool IsIPv6(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        return address.TryWriteBytes(bytes, out var length) && length == 16;
    }
}
