using NatActors.Multiformats;

namespace NatActors.Protocols.HolePunch;

/// <summary>What this node knows of its own addresses when it punches.</summary>
public sealed record OwnAddresses
{
    /// <summary>Nothing known.</summary>
    public static OwnAddresses None { get; } = new();

    /// <summary>
    /// Addresses at which others see the shared port, one observer sufficing, and public ones of this machine's interfaces.
    /// </summary>
    public IReadOnlyList<Multiaddr> Observed { get; init; } = [];

    /// <summary>The listen addresses, wildcards resolved to interface addresses.</summary>
    public IReadOnlyList<Multiaddr> Listening { get; init; } = [];
}

/// <summary>Which addresses are sent in a CONNECT, and which of a peer's are punched to.</summary>
public static class PunchCandidates
{
    /// <summary>
    /// The addresses to send: where others see us and our own public ones, without relayed ones, without <c>/p2p</c> (DCUtR.md: ObsAddrs).
    /// </summary>
    public static IReadOnlyList<Multiaddr> Own(OwnAddresses own, PunchOptions options)
    {
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(options);
        return [.. own.Observed.Concat(own.Listening)
            .Select(a => a.WithoutPeerId())
            .Where(a => IsPunchable(a, options.AllowPrivateAddresses))
            .Distinct()
            .Take(options.MaxCandidates)];
    }

    /// <summary>
    /// The same in answer to a peer's list. Where the peer is seen at the very public IP address at which we are seen, both stand behind
    /// one
    /// NAT, which may not send packets back inside (hairpin): then our private addresses go along.
    /// </summary>
    public static IReadOnlyList<Multiaddr> OwnFor(OwnAddresses own, IReadOnlyList<Multiaddr> peer, PunchOptions options)
    {
        var addresses = Own(own, options);
        if (!BehindTheSameAddress(addresses, peer))
        {
            return addresses;
        }

        return [.. own.Listening
            .Select(a => a.WithoutPeerId())
            .Where(a => IsPunchable(a, allowPrivate: true) && !AddressScope.IsLoopback(a))
            .Concat(addresses)
            .Distinct()
            .Take(options.MaxCandidates)];
    }

    /// <summary>
    /// Of a peer's addresses those to punch to: of a transport and family that we listen on, public (private only when both stand behind
    /// one
    /// address), never our own, relayed, loopback or unspecified, and few.
    /// </summary>
    public static IReadOnlyList<Multiaddr> OfPeer(IReadOnlyList<Multiaddr> peer, OwnAddresses own, PunchOptions options)
    {
        ArgumentNullException.ThrowIfNull(peer);
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(options);
        var ours = own.Observed.Concat(own.Listening).Select(a => a.WithoutPeerId()).ToHashSet();
        var allowPrivate = options.AllowPrivateAddresses || BehindTheSameAddress(Own(own, options), peer);
        return [.. peer
            .Select(a => a.WithoutPeerId())
            .Where(a => IsPunchable(a, allowPrivate)
                && (options.AllowPrivateAddresses || !AddressScope.IsLoopback(a))
                && !ours.Contains(a)
                && own.Listening.Any(l => SameFamily(l, a)))
            .Distinct()
            .Take(options.MaxCandidates)];
    }

    private static bool IsPunchable(Multiaddr address, bool allowPrivate) =>
        address.TryGetTcpEndPoint(out var endPoint)
        && endPoint.Port != 0
        && AddressScope.KindOf(endPoint.Address) switch
        {
            AddressKind.Public => true,
            AddressKind.Private or AddressKind.CarrierGrade or AddressKind.Loopback => allowPrivate,
            _ => false,
        };

    private static bool SameFamily(Multiaddr listening, Multiaddr remote) =>
        listening.Host is { } ours && remote.Host is { } theirs && Length(ours) == Length(theirs);

    private static int Length(System.Net.IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? 4 : address.GetAddressBytes().Length;

    private static bool BehindTheSameAddress(IReadOnlyList<Multiaddr> ours, IReadOnlyList<Multiaddr> theirs) =>
        ours.Any(o => AddressScope.IsPublic(o) && theirs.Any(t => AddressScope.IsPublic(t) && Equals(o.Host, t.Host)));
}
