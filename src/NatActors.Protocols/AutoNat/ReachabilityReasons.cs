using NatActors.Multiformats;

namespace NatActors.Protocols.AutoNat;

/// <summary>Verdicts in words for a person: what was seen, by whom, and what it means.</summary>
internal static class ReachabilityReasons
{
    public const int MostNamed = 4;

    /// <summary>No node address to test.</summary>
    public const string NoAddress = "no public address of this node is known yet";

    /// <summary>Addresses, but nobody to ask.</summary>
    public const string NoServer = "no connected peer answers questions of reachability";

    /// <summary>Not the address of the server that was asked: the stranger is its partner.</summary>
    public static IReadOnlyList<string> Stranger(VerdictWitness stranger) => [stranger.Detail];

    public static IReadOnlyList<string> Unproven(VerdictWitness reached) =>
    [
        $"public, filtering unproven: {Where(reached)} came through, but this node had contacted it before",
    ];

    public static IReadOnlyList<string> NotReached(IReadOnlyList<VerdictWitness> claims) =>
    [
        claims.Count == 1
            ? $"the only server that gave evidence could not dial it: {Names(claims)}"
            : $"{claims.Count} servers could not dial it: {Names(claims)}",
    ];

    public static IReadOnlyList<string> Restricted(IReadOnlyList<VerdictWitness> says) =>
    [
        $"filtered by address: {Names(says)} came through, a host that this node had never contacted did not",
    ];

    public static IReadOnlyList<string> NoEvidence(int networks, IReadOnlyList<VerdictWitness> witnesses)
    {
        if (networks == 0 && witnesses.Count == 0)
        {
            return [NoServer];
        }

        if (witnesses.Count == 0)
        {
            return ["not tested yet"];
        }

        return witnesses[0].Outcome == WitnessOutcome.NoEvidence
            ? [$"no evidence yet; the last server asked, {Where(witnesses[0])}: {witnesses[0].Detail}"]
            : [$"not enough evidence yet; {Where(witnesses[0])}: {witnesses[0].Detail}"];
    }

    public static string Where(VerdictWitness witness) => witness.ServerAddress.Host?.ToString() ?? witness.ServerAddress.ToString();

    public static string Of(Multiaddr address, AddressVerdict verdict) =>
        verdict.Reasons.Count == 0 ? address.ToString() : $"{address}: {verdict.Reasons[0]}";

    private static string Names(IReadOnlyList<VerdictWitness> witnesses)
    {
        var names = string.Join(", ", witnesses.Take(MostNamed).Select(Where));
        return witnesses.Count > MostNamed ? $"{names} and {witnesses.Count - MostNamed} more" : names;
    }
}
