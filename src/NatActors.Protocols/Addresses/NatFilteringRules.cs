using NatActors.Protocols.AutoNat;
using NatActors.Protocols.Connections;

namespace NatActors.Protocols.Addresses;

/// <summary>
/// Reads the filtering of a NAT or firewall from AutoNAT's evidence (RFC 4787 section 5, RFC 5382 section 4.3). What each claim takes:
/// <list type="bullet">
/// <item>endpoint-independent: a host that was never contacted came in. That is a fact, no claim of anybody's.</item>
/// <item>address-dependent: no such host came in, a server's own dial-back did, and it says that a stranger's did not.</item>
/// <item>address-and-port-dependent: the address is private by AutoNAT's verdict, and a server that was contacted failed from another port
/// of its own. Where the mapping is another for other destinations, only a server that was given this very address counts.</item>
/// </list>
/// An address that a router was asked to forward shows the forward and not the filter: it is left out by the caller.
/// </summary>
internal static class NatFilteringRules
{
    public static (NatFiltering Filtering, IReadOnlyList<string> Reasons) Judge(
        IReadOnlyList<AddressVerdict> verdicts, NatMapping mapping, IReadOnlyList<Witness> witnesses)
    {
        var evidence = verdicts.SelectMany(v => v.Witnesses.Select(w => (Verdict: v, Witness: w))).ToList();
        if (verdicts.FirstOrDefault(v => v.FilteringProven || v.Witnesses.Any(w => w.Outcome == WitnessOutcome.ReachedByStranger)) is { } open)
        {
            return (NatFiltering.EndpointIndependent, [$"a host that was never contacted came in at {open.Address}"]);
        }

        var byContact = Servers(evidence.Where(e => e.Witness.Outcome == WitnessOutcome.ReachedByContactOnly).Select(e => e.Witness));
        if (byContact > 0)
        {
            return (NatFiltering.AddressDependent, [$"dial-backs come in from contacted addresses only, by {Text(byContact)}"]);
        }

        var shut = Servers(evidence
            .Where(e => e.Verdict.Verdict == Reachability.Private
                && e.Witness.Outcome == WitnessOutcome.NotReached
                && IsForServer(e.Verdict, e.Witness, mapping, witnesses))
            .Select(e => e.Witness));
        if (shut > 0)
        {
            return (
                NatFiltering.AddressAndPortDependent,
                [$"dial-backs from another port of a contacted address do not come in, by {Text(shut)}"]);
        }

        return evidence.Any(e => e.Witness.Outcome == WitnessOutcome.Reached)
            ? (NatFiltering.Unknown, ["dial-backs come in, but none from an address that was never contacted was tried: filtering unproven"])
            : (NatFiltering.Unknown, []);
    }

    private static bool IsForServer(AddressVerdict verdict, VerdictWitness server, NatMapping mapping, IReadOnlyList<Witness> witnesses)
    {
        if (mapping is NatMapping.None or NatMapping.EndpointIndependent)
        {
            return true;
        }

        return Network(server) is { } network
            && ThinWaist.Of(verdict.Address) is { } waist
            && witnesses.Any(w => w.Observer == network && w.Seen == waist);
    }

    private static int Servers(IEnumerable<VerdictWitness> witnesses) => witnesses.Select(Network).Where(n => n is not null).Distinct().Count();

    private static AddressPrefix? Network(VerdictWitness witness) =>
        witness.ServerAddress.Host is { } host ? AddressPrefix.Observer(host) : null;

    private static string Text(int servers) => servers == 1 ? "one server" : $"{servers} servers";
}
