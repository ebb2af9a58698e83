namespace NatActors.Build;

/// <summary>Says how the tests went: failures and skips with reasons, a table, and one closing line that tools read.</summary>
internal static class Summary
{
    private const int NameWidth = 34;

    public static IEnumerable<string> Lines(IReadOnlyList<ProjectResult> results)
    {
        foreach (var failure in results.SelectMany(result => result.Failures))
        {
            yield return $"FAILED {failure.Name}";
            yield return Indent(failure.Reason);
        }

        foreach (var reason in results.SelectMany(result => result.Skips).GroupBy(skip => FirstLine(skip.Reason)))
        {
            yield return $"skipped {reason.Count()}: {reason.Key}";
        }

        yield return "";
        yield return $"{"project",-NameWidth} {"passed",8} {"failed",8} {"skipped",8} {"seconds",8}";
        foreach (var result in results.OrderBy(result => result.Project, StringComparer.Ordinal))
        {
            yield return $"{result.Project,-NameWidth} {result.Passed,8} {result.Failures.Count,8} {result.Skips.Count,8} {result.Took.TotalSeconds,8:F1}";
        }

        yield return "";
        yield return Closing(results);
    }

    /// <summary>The last line: <c>N passed, N failed</c>, and <c>, N skipped</c> if any were.</summary>
    public static string Closing(IReadOnlyList<ProjectResult> results)
    {
        var skipped = results.Sum(result => result.Skips.Count);
        var counts = $"{results.Sum(result => result.Passed)} passed, {results.Sum(result => result.Failures.Count)} failed";
        return skipped == 0 ? counts : $"{counts}, {skipped} skipped";
    }

    /// <summary>Nothing failed, something passed, and under CI nothing was skipped.</summary>
    public static bool Good(IReadOnlyList<ProjectResult> results, bool underCi) =>
        results.All(result => result.Failures.Count == 0)
        && results.Any(result => result.Passed > 0)
        && !(underCi && results.Any(result => result.Skips.Count > 0));

    private static string FirstLine(string text) => text.Split('\n')[0];

    private static string Indent(string text) => "    " + text.Replace("\n", "\n    ", StringComparison.Ordinal);
}
