namespace NatActors.Multiformats;

/// <summary>What somebody wrote, as an error line shows it: one line, not too long, in quotes.</summary>
internal static class QuotedText
{
    private const int MaxShown = 120;

    internal static string Of(string? text)
    {
        var shown = text ?? string.Empty;
        var cut = shown.Length > MaxShown ? shown[..MaxShown] + "…" : shown;
        return $"'{string.Concat(cut.Select(c => char.IsControl(c) ? '?' : c))}'";
    }
}
