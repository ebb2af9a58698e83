using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;

namespace NatActors.Protocols.Addresses;

/// <summary>Bounds of <see cref="AddressLedger"/>.</summary>
public sealed record AddressLedgerRules
{
    /// <summary>Offer private and loopback addresses to AutoNAT too, for networks of their own. Default: false.</summary>
    public bool PrivateToo { get; init; }

    /// <summary>Addresses offered to AutoNAT. At least 1; default 50 (go-libp2p addrs_reachability_tracker).</summary>
    public int MaxCandidates { get; init; } = 50;

    /// <summary>Mappings remembered. Ours: 32; four mapping protocols for a few listen ports.</summary>
    public int MaxMappings { get; init; } = 32;

    /// <summary>Confirmed addresses that are kept though nobody sees them now. Ours: 16.</summary>
    public int MaxKept { get; init; } = 16;
}

/// <summary>What the ledger makes of an address.</summary>
/// <param name="Confirmed">The own addresses that are proven dialable.</param>
/// <param name="Unreachable">The own addresses that are proven not to be.</param>
/// <param name="Candidates">What AutoNAT shall test, the most promising first: confirmed, mapped, listening, observed.</param>
/// <param name="FilteringProven">True when a host that was never contacted came in at a public one of the confirmed.</param>
public sealed record AddressChoice(
    IReadOnlyList<Multiaddr> Confirmed,
    IReadOnlyList<Multiaddr> Unreachable,
    IReadOnlyList<Multiaddr> Candidates,
    bool FilteringProven);

/// <summary>
/// Which direct addresses are this node's, and what AutoNAT says of each. An address is ours while the node listens there, somebody sees it,
/// or a router says that it forwards it. One that AutoNAT has proven stays ours without observers, for as long as the proof stands and the
/// network is the same.
/// </summary>
public sealed class AddressLedger(AddressLedgerRules rules)
{
    private readonly Dictionary<(string Protocol, Multiaddr External), Multiaddr> _mappings = [];
    private IReadOnlyList<Multiaddr> _listening = [];
    private IReadOnlyList<Multiaddr> _kept = [];
    private NodeVerdict _verdict = NodeVerdict.None;

    /// <summary>Where routers say that they forward from, each once.</summary>
    public IReadOnlyList<Multiaddr> Mapped =>
        [.. _mappings.OrderBy(m => m.Key.Protocol, StringComparer.Ordinal).Select(m => m.Key.External).Distinct()];

    /// <summary>The listen addresses, wildcards resolved.</summary>
    public void OnListening(IReadOnlyList<Multiaddr> addresses) => _listening = addresses;

    /// <summary>A router says that it forwards from <paramref name="external"/> to <paramref name="inside"/>.</summary>
    public void OnMapped(string protocol, Multiaddr inside, Multiaddr external)
    {
        if (_mappings.Count < rules.MaxMappings || _mappings.ContainsKey((protocol, external)))
        {
            _mappings[(protocol, external)] = inside;
        }
    }

    /// <summary>It does not any more.</summary>
    public void OnMappingLost(string protocol, Multiaddr external) => _mappings.Remove((protocol, external));

    /// <summary>AutoNAT has learnt something.</summary>
    public void OnVerdict(NodeVerdict verdict) => _verdict = verdict;

    /// <summary>The machine is in another network: what was confirmed and is seen by nobody was of the old one.</summary>
    public void OnNetworkChanged() => _kept = [];

    /// <summary>Sorts the addresses, given which ones peers see now.</summary>
    public AddressChoice Choose(IReadOnlyList<SeenAddress> seen)
    {
        var verdicts = new Dictionary<Multiaddr, AddressVerdict>();
        foreach (var verdict in _verdict.Addresses)
        {
            verdicts.TryAdd(verdict.Address, verdict);
        }

        bool Is(Multiaddr address, Reachability reachability) =>
            verdicts.TryGetValue(address, out var verdict) && verdict.Verdict == reachability;

        var observed = seen.Select(s => s.Address).ToList();
        _kept = [.. observed.Concat(_kept).Where(a => Is(a, Reachability.Public)).Distinct().Take(rules.MaxKept)];
        var own = Mapped.Concat(_listening).Concat(observed).Concat(_kept).Distinct().Where(IsOfUse).ToList();
        var confirmed = own.Where(a => Is(a, Reachability.Public)).ToList();
        return new AddressChoice(
            confirmed,
            [.. own.Where(a => Is(a, Reachability.Private))],
            [.. confirmed.Concat(own).Distinct().Take(rules.MaxCandidates)],
            confirmed.Exists(a => AddressScope.IsPublic(a) && verdicts[a].FilteringProven));
    }

    private bool IsOfUse(Multiaddr address) => AddressScope.IsPublic(address)
        || (rules.PrivateToo && AddressScope.KindOf(address) is AddressKind.Private or AddressKind.CarrierGrade or AddressKind.Loopback);
}
