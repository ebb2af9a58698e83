using System.Xml.Linq;

namespace NatActors.Architecture.Tests.Rings;

/// <summary>Which project may know which: the arrows of the rings, and nothing else.</summary>
internal static class RingRules
{
    private const string Akka = "Akka.Embedded";
    private const string AkkaHosting = "Akka.Embedded.Hosting";

    /// <summary>The arrows that a csproj may draw.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Arrows = new Dictionary<string, string[]>
    {
        ["NatActors.Multiformats"] = [],
        ["NatActors.Wire"] = ["NatActors.Multiformats"],
        ["NatActors.Protocols"] = ["NatActors.Wire"],
        ["NatActors.Transports"] = ["NatActors.Multiformats"],
        ["NatActors.Node"] = ["NatActors.Protocols", "NatActors.Transports", Akka],
        ["NatActors.Hosting"] = ["NatActors.Node", Akka, AkkaHosting],
        ["NatActors.Lab"] = [],
        ["NatActors.Cli"] = ["NatActors.Hosting", "NatActors.Lab", Akka, AkkaHosting],
        ["NatActors.Build"] = [],
        ["Akka.Embedded"] = [],
        ["Akka.Embedded.Hosting"] = [Akka],
        ["Akka.Embedded.TestKit"] = [Akka],
    };

    /// <summary>Framework assemblies that the pure rings may not even refer to: sockets live in Transports.</summary>
    private static readonly string[] NotPure = ["System.Net.Sockets", "System.Net.Security", "System.Net.Quic", "System.Threading.Channels"];

    private static readonly string[] Pure = ["NatActors.Multiformats", "NatActors.Wire", "NatActors.Protocols"];

    /// <summary>Types that a pure ring may not name at all, not even as a parameter, where the banned symbols do not look.</summary>
    private static readonly string[] NotPureTypes =
    [
        "System.Threading.Tasks.", "System.Threading.Thread", "System.Threading.Timer", "System.Threading.Channels.", "System.Net.Sockets.",
        "System.TimeProvider", "System.Diagnostics.Stopwatch", "System.Random", "System.Security.Cryptography.RandomNumberGenerator",
    ];

    /// <summary>The real packages stand where the embedded projects stand.</summary>
    private static readonly Dictionary<string, string> RealNames = new() { ["Akka"] = Akka, ["Akka.Hosting"] = AkkaHosting };

    /// <summary>Violations in one csproj: a reference against the arrows, or an actor library where there are no actors.</summary>
    public static IEnumerable<string> Project(string name, XDocument project)
    {
        if (!Arrows.TryGetValue(name, out var allowed))
        {
            return [$"{name} is in no ring: say which in RingRules"];
        }

        var references = project.Descendants("ProjectReference").Select(reference => Stem((string?)reference.Attribute("Include") ?? ""));
        var switches = new[] { ("UsesAkka", Akka), ("UsesAkkaHosting", AkkaHosting), ("UsesAkkaTestKit", "Akka.Embedded.TestKit") }
            .Where(known => project.Descendants(known.Item1).Any(element => element.Value.Trim() == "true"))
            .Select(known => known.Item2);
        return references.Concat(switches).Where(reference => !allowed.Contains(reference)).Select(reference => $"{name} -> {reference}");
    }

    /// <summary>Violations in the references of one compiled assembly: what it uses must lie on a path of arrows.</summary>
    public static IEnumerable<string> Assembly(string name, IEnumerable<string> references)
    {
        var reachable = Reachable(name);
        foreach (var reference in references)
        {
            var ring = RealNames.GetValueOrDefault(reference, reference);
            if ((Arrows.ContainsKey(ring) && !reachable.Contains(ring)) || (Pure.Contains(name) && NotPure.Contains(reference)))
            {
                yield return $"{name} -> {reference}";
            }
        }
    }

    /// <summary>Violations among the types that one compiled assembly names.</summary>
    public static IEnumerable<string> Types(string name, IEnumerable<string> types) =>
        from type in Pure.Contains(name) ? types : []
        where NotPureTypes.Any(banned => banned.EndsWith('.') ? type.StartsWith(banned, StringComparison.Ordinal) : type == banned)
        select $"{name} names {type}";

    /// <summary>Violations against the ban lists being in force: the pure rings and Node say their Ring, and nobody silences the analyzer.</summary>
    public static IEnumerable<string> Bans(string name, XDocument project)
    {
        var wanted = Pure.Contains(name) ? "Pure" : name == "NatActors.Node" ? "Node" : null;
        var said = project.Descendants("Ring").Select(element => element.Value.Trim()).SingleOrDefault();
        if (wanted != said)
        {
            yield return $"{name} says Ring '{said}', not '{wanted}'";
        }

        if (project.ToString().Contains("RS0030", StringComparison.Ordinal))
        {
            yield return $"{name} silences RS0030, the banned symbols";
        }
    }

    private static HashSet<string> Reachable(string name)
    {
        var seen = new HashSet<string> { name };
        var next = new Queue<string>([name]);
        while (next.TryDequeue(out var from))
        {
            foreach (var to in Arrows.GetValueOrDefault(from, []).Where(seen.Add))
            {
                next.Enqueue(to);
            }
        }

        return seen;
    }

    private static string Stem(string include) => Path.GetFileNameWithoutExtension(include.Replace('\\', '/'));
}
