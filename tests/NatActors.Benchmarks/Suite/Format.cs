using System.Globalization;

namespace NatActors.Benchmarks.Suite;

/// <summary>Numbers as people read them: three digits that count, thousands apart, large ones in thousands (k) and millions (M).</summary>
internal static class Format
{
    public static string Number(double value) => Math.Abs(value) switch
    {
        0 => "0",
        >= 1e6 => (value / 1e6).ToString("0.0#", CultureInfo.InvariantCulture) + "M",
        >= 1e5 => (value / 1e3).ToString("0", CultureInfo.InvariantCulture) + "k",
        >= 100 => value.ToString("#,##0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.#", CultureInfo.InvariantCulture),
        >= 1 => value.ToString("0.##", CultureInfo.InvariantCulture),
        >= 0.01 => value.ToString("0.###", CultureInfo.InvariantCulture),
        _ => value.ToString("0.#####", CultureInfo.InvariantCulture),
    };

    public static string Ratio(double value) => value >= 10 ? Number(value) : value.ToString("0.00", CultureInfo.InvariantCulture);
}
