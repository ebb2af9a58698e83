using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Connections;

namespace NatActors.Protocols.Addresses;

/// <summary>What observations say of a NAT's mapping.</summary>
/// <param name="Mapping">How outside ports are chosen.</param>
/// <param name="PortStep">The constant step between them, or null.</param>
/// <param name="PortPreserved">Whether the outside port is the inside one.</param>
/// <param name="Support">The observers that the claim on the mapping stands on; 0 without one.</param>
/// <param name="Outside">The outside IP address that most observers see, or null.</param>
/// <param name="Reasons">On what it stands, in words for a person.</param>
internal sealed record MappingClaim(
    NatMapping Mapping, int? PortStep, Known PortPreserved, int Support, IPAddress? Outside, IReadOnlyList<string> Reasons)
{
    public static MappingClaim Nothing { get; } = new(NatMapping.Unknown, null, Known.Unknown, 0, null, []);
}

/// <summary>
/// Reads the mapping of a NAT from what observers on the internet see of one local port (RFC 4787 section 4.1, RFC 5382 section 4.1). What
/// each claim takes, an observer being an IPv4 address or an IPv6 /56:
/// <list type="bullet">
/// <item>none: more than half of the observers see the address and port of the interface; one observer is enough.</item>
/// <item>endpoint-independent: two observers or more, and more than half of all, see the same address and port.</item>
/// <item>dependent: two observers or more, and more than half of all, see an address and port that no other sees.</item>
/// <item>address-dependent, or address-and-port-dependent: dependent, and more than half of those observers that were contacted on two of
/// their ports or more see the same there, or not the same.</item>
/// <item>a constant step: dependent, and three outside ports or more stand at equal distances of at most <see cref="LargestStep"/>.</item>
/// <item>port preserved, or changed: more than half of the observers; one is enough.</item>
/// </list>
/// Only connections that this node dialed count: those that came in may have used a port forward.
/// </summary>
internal static class NatMappingRules
{
    /// <summary>The largest step taken for a rule. Ours: NATs that count up do so by 1 or 2; hosts behind the same NAT take ports in between.</summary>
    public const int LargestStep = 16;

    /// <summary>Outside ports that must be known before a step is believed: two distances, for one is no rule.</summary>
    public const int PortsForStep = 3;

    /// <summary>The reason why a claim is no more exact than "dependent".</summary>
    public const string PortNotKnown = "whether the destination's port matters too is not known: no observer was contacted on two ports";

    public static MappingClaim Judge(IEnumerable<Witness> witnesses)
    {
        var all = witnesses.ToList();
        var outside = all.Where(w => AddressScope.IsPublic(w.Remote.Host) && AddressScope.IsPublic(w.Seen.Host)).ToList();
        var counted = outside.Where(w => w.Outbound).ToList();
        if (counted.Count == 0)
        {
            return MappingClaim.Nothing with { Reasons = WhyNothing(all.Count, outside.Count) };
        }

        // A machine with two interfaces may stand behind two NATs: each local end is judged by itself, the best witnessed one speaks.
        return counted
            .GroupBy(w => w.Local)
            .Select(g => JudgeLocal(g.Key, [.. g]))
            .OrderByDescending(c => c.Support)
            .First();
    }

    private static MappingClaim JudgeLocal(ThinWaist local, IReadOnlyList<Witness> witnesses)
    {
        var observers = witnesses.GroupBy(w => w.Observer).Select(g => new Observer([.. g])).ToList();
        var byOutside = observers.GroupBy(o => o.First.Seen).OrderByDescending(g => g.Count()).ToList();
        var most = byOutside[0];
        var claim = new MappingClaim(
            NatMapping.Unknown,
            null,
            Preserved(local, observers),
            0,
            observers.GroupBy(o => o.First.Seen.Host).MaxBy(g => g.Count())!.Key,
            []);
        if (most.Key == local && IsMost(most.Count(), observers.Count))
        {
            return claim with
            {
                Mapping = NatMapping.None,
                Support = most.Count(),
                Reasons = [$"{Of(most.Count(), observers.Count)} the interface's own address {Text(local)}: no translation"],
            };
        }

        if (observers.Count == 1)
        {
            return claim with
            {
                Reasons = [$"only one observer on the internet ({most.First().Name}): two are needed to tell how the NAT maps"],
            };
        }

        if (most.Count() > 1 && IsMost(most.Count(), observers.Count))
        {
            return claim with
            {
                Mapping = NatMapping.EndpointIndependent,
                Support = most.Count(),
                Reasons = [$"{Of(most.Count(), observers.Count)} {Text(most.Key)}: the same for every destination"],
            };
        }

        var alone = byOutside.Where(g => g.Count() == 1).Select(g => g.First()).ToList();
        return IsMost(alone.Count, observers.Count)
            ? Dependent(claim, alone, observers.Count)
            : claim with { Reasons = [$"the {observers.Count} observers contradict each other, none with a majority"] };
    }

    private static MappingClaim Dependent(MappingClaim claim, List<Observer> alone, int observers)
    {
        var seen = string.Join(", ", alone.Take(4).Select(o => $"{Text(o.First.Seen)} by {o.Name}"));
        var reasons = new List<string> { $"{alone.Count} of {observers} observers each see another address or port ({seen})" };
        var twice = alone.Where(o => o.Witnesses.Select(w => w.Remote.Port).Distinct().Count() > 1).ToList();
        var same = twice.Count(o => o.Witnesses.Select(w => w.Seen).Distinct().Count() == 1);
        var mapping = NatMapping.Dependent;
        if (IsMost(same, twice.Count))
        {
            mapping = NatMapping.AddressDependent;
            reasons.Add($"{Count(same)} contacted on several ports saw the same on each");
        }
        else if (IsMost(twice.Count - same, twice.Count))
        {
            mapping = NatMapping.AddressAndPortDependent;
            reasons.Add($"{Count(twice.Count - same)} contacted on several ports saw another on each");
        }
        else
        {
            reasons.Add(twice.Count == 0
                ? PortNotKnown
                : $"whether the destination's port matters too is not known: {Count(twice.Count)} contacted on several ports contradict each other");
        }

        var step = Step(mapping == NatMapping.AddressAndPortDependent
            ? alone.SelectMany(o => o.Witnesses).Select(w => w.Seen.Port)
            : alone.Select(o => o.First.Seen.Port));
        if (step is { } constant)
        {
            reasons.Add($"successive outside ports are {constant} apart");
        }

        return claim with { Mapping = mapping, PortStep = step, Support = alone.Count, Reasons = reasons };
    }

    /// <summary>Sorted, not in order of arrival: identify answers overtake each other.</summary>
    private static int? Step(IEnumerable<int> ports)
    {
        var sorted = ports.Distinct().Order().ToList();
        if (sorted.Count < PortsForStep)
        {
            return null;
        }

        var step = sorted[1] - sorted[0];
        return step <= LargestStep && sorted.Zip(sorted.Skip(1)).All(p => p.Second - p.First == step) ? step : null;
    }

    private static Known Preserved(ThinWaist local, List<Observer> observers)
    {
        var same = observers.Count(o => o.First.Seen.Port == local.Port);
        return IsMost(same, observers.Count) ? Known.Yes : IsMost(observers.Count - same, observers.Count) ? Known.No : Known.Unknown;
    }

    private static IReadOnlyList<string> WhyNothing(int all, int outside) => (all, outside) switch
    {
        (0, _) => ["no peer has said where it sees this node"],
        (_, 0) => [$"only peers in private networks ({all}) have said where they see this node"],
        _ => ["only peers that dialed this node have said where they see it, which does not show how the NAT maps"],
    };

    private static bool IsMost(int some, int all) => 2 * some > all;

    private static string Of(int some, int all) => all == 1 ? "one observer sees" : $"{some} of {all} observers see";

    private static string Count(int observers) => observers == 1 ? "one observer" : $"{observers} observers";

    private static string Text(ThinWaist waist) => new IPEndPoint(waist.Host, waist.Port).ToString();

    private sealed record Observer(IReadOnlyList<Witness> Witnesses)
    {
        public Witness First => Witnesses[0];

        public string Name => First.Remote.Host.ToString();
    }
}
