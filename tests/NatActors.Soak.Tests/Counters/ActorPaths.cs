using System.Text.RegularExpressions;

namespace NatActors.Soak.Tests.Counters;

/// <summary>Paths of actors without what differs from one of a kind to the next: <c>/user/node/connections/conn-*/stream-*</c>.</summary>
public static partial class ActorPaths
{
    public static string Pattern(string path) => Numbered().Replace(Unnamed().Replace(path, "/*"), "-*");

    [GeneratedRegex(@"/\$[^/]+")]
    private static partial Regex Unnamed();

    [GeneratedRegex(@"-\d+(?=/|$)")]
    private static partial Regex Numbered();
}
