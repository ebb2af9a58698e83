namespace NatActors.Benchmarks.Profile;

/// <summary>Functions as a reader knows them.</summary>
internal static class FunctionName
{
    private const string Unknown = "[unknown]";

    /// <summary>The name in a frame as perf prints it, <c>NAME (LIBRARY)</c>; where it knows none, the library's.</summary>
    public static string Of(string frame)
    {
        var at = frame.LastIndexOf(" (", StringComparison.Ordinal);
        var name = at < 0 ? frame : frame[..at];
        return name == Unknown && at >= 0 ? $"[{Path.GetFileName(frame[(at + 2)..^1])}]" : Shorten(name);
    }

    /// <summary>
    /// <c>instance void [NatActors.Node] NatActors.Node.Muxing.YamuxLink::Write(int32)[OptimizedTier1]</c> becomes <c>Muxing.YamuxLink.Write</c>: class
    /// and the last part of its namespace. Names of native functions stay.
    /// </summary>
    public static string Shorten(string name)
    {
        var at = name.IndexOf("::", StringComparison.Ordinal);
        if (at < 0)
        {
            return name;
        }

        // The assembly stands in brackets before the class; what comes before it is the result's type.
        var assembly = name.LastIndexOf("] ", at, StringComparison.Ordinal);
        var owner = name[(assembly < 0 ? name.LastIndexOf(' ', at) + 1 : assembly + 2)..at];
        var generic = owner.IndexOf('`');
        owner = generic < 0 ? owner : owner[..generic];
        var dot = owner.LastIndexOf('.');
        var before = dot <= 0 ? -1 : owner.LastIndexOf('.', dot - 1);
        var method = name[(at + 2)..];
        var end = method.IndexOf('(');
        return $"{owner[(before + 1)..]}.{(end < 0 ? method : method[..end])}";
    }
}
