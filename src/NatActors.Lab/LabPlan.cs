using NatActors.Lab.Nat;

namespace NatActors.Lab;

/// <summary>A host of a laboratory.</summary>
/// <param name="Name">Its name: letters and digits, at most eight.</param>
/// <param name="Behind">The router it stands behind; null for a public host, cabled to the core.</param>
public sealed record HostPlan(string Name, string? Behind = null)
{
    /// <summary>What this host's own cable adds to the path delay, each way; public hosts only. Default none.</summary>
    public TimeSpan ExtraDelay { get; init; }
}

/// <summary>A router of a laboratory.</summary>
/// <param name="Name">Its name: letters and digits, at most eight.</param>
/// <param name="Kind">Its type and modifiers; may be changed while the laboratory is up.</param>
/// <param name="Behind">The router it stands behind; null for one cabled to the core. Only a NAT type may stand behind another.</param>
public sealed record RouterPlan(string Name, RouterKind Kind, string? Behind = null)
{
    /// <summary>What its cable to the core adds to the path delay, each way. Default none.</summary>
    public TimeSpan ExtraDelay { get; init; }
}

/// <summary>
/// What a laboratory consists of: public hosts on cables into a routed core, routers, and hosts behind them. By default R, S, T and U are
/// public (each in a /8 of its own), A stands behind NA and B behind NB.
/// </summary>
public sealed record LabPlan
{
    /// <summary>One way through the core, between any two hosts, where no plan says otherwise: 20 ms, so a round trip takes 40.</summary>
    public static readonly TimeSpan DefaultPathDelay = TimeSpan.FromMilliseconds(20);

    /// <summary>Hosts, public and private. Default R, S, T, U, A behind NA, B behind NB.</summary>
    public IReadOnlyList<HostPlan> Hosts { get; init; } =
        [new("R"), new("S"), new("T"), new("U"), new("A", "NA"), new("B", "NB")];

    /// <summary>Routers, one behind another after that one. Default NA and NB, <see cref="RouterType.PortRestricted"/>.</summary>
    public IReadOnlyList<RouterPlan> Routers { get; init; } =
        [new("NA", RouterType.PortRestricted), new("NB", RouterType.PortRestricted)];

    /// <summary>
    /// How long a packet takes through the core, one way; from 0 (no delay device at all). Hosts behind the same router reach each other
    /// without crossing the core. Default 20 ms. Where the kernel refuses a TUN device, <see cref="Laboratory.PathDelay"/> stays 0.
    /// </summary>
    public TimeSpan PathDelay { get; init; } = DefaultPathDelay;

    /// <summary>
    /// Whether Ctrl-C, SIGTERM and a lost terminal take the laboratory down by themselves. Default true; false where the program hears them
    /// and disposes the laboratory, which then does not vanish under what still runs in it.
    /// </summary>
    public bool EndsOnSignals { get; init; } = true;

    /// <summary>The default plan with other routers before A and B.</summary>
    /// <param name="a">The kind of NA.</param>
    /// <param name="b">The kind of NB.</param>
    public static LabPlan TwoPeers(RouterKind a, RouterKind b) => new() { Routers = [new("NA", a), new("NB", b)] };

    /// <summary>Says what is wrong with the plan, everything at once; empty where nothing is.</summary>
    public IReadOnlyList<string> Problems()
    {
        var problems = new List<string>();
        var names = Hosts.Select(host => host.Name).Concat(Routers.Select(router => router.Name)).ToList();
        problems.AddRange(names.Where(name => !IsName(name)).Select(name => $"'{name}' is no name: one to eight letters or digits"));
        problems.AddRange(names.GroupBy(name => name).Where(group => group.Count() > 1).Select(group => $"'{group.Key}' is named twice"));
        var known = Routers.Select(router => router.Name).ToHashSet();
        problems.AddRange(Hosts.Where(host => host.Behind is { } behind && !known.Contains(behind))
            .Select(host => $"host {host.Name} stands behind {host.Behind}, which is no router of the plan"));
        problems.AddRange(Hosts.Where(host => host.Behind is not null && host.ExtraDelay != TimeSpan.Zero)
            .Select(host => $"host {host.Name} stands behind a router: give the extra delay to the router"));
        var extras = Hosts.Select(host => host.ExtraDelay).Concat(Routers.Select(router => router.ExtraDelay));
        if (extras.Append(PathDelay).Any(delay => delay < TimeSpan.Zero))
        {
            problems.Add("a delay is negative");
        }

        AddRouterProblems(problems);
        return problems;
    }

    private static bool IsName(string name) => name.Length is > 0 and <= 8 && name.All(char.IsAsciiLetterOrDigit);

    private void AddRouterProblems(List<string> problems)
    {
        var before = new HashSet<string>();
        foreach (var router in Routers)
        {
            if (router.Behind is { } behind)
            {
                if (router.ExtraDelay != TimeSpan.Zero)
                {
                    problems.Add($"router {router.Name} has no cable to the core that could add a delay");
                }

                if (!before.Contains(behind))
                {
                    problems.Add($"router {router.Name} stands behind {behind}, which no earlier router is");
                }

                if (router.Kind.IsRouted || router.Kind.HasCarrier)
                {
                    problems.Add($"router {router.Name} stands behind {behind}, so it must translate, without a carrier of its own");
                }
            }

            before.Add(router.Name);
        }

        var isCrowded = Hosts.Where(host => host.Behind is not null).GroupBy(host => host.Behind)
            .Any(group => group.Count() > AddressPlan.MostHostsBehindOne);
        if (Routers.Count > AddressPlan.MostRouters || Hosts.Count > AddressPlan.MostPublicHosts || isCrowded)
        {
            problems.Add($"too many: at most {AddressPlan.MostRouters} routers, {AddressPlan.MostPublicHosts} hosts, "
                + $"{AddressPlan.MostHostsBehindOne} behind one router");
        }
    }
}
