using System.Globalization;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.KeepAlive;

namespace NatActors.Node.KeepAlive;

/// <summary>What is known of the lifetime of mappings, in words for a person.</summary>
internal static class KeepAliveWords
{
    /// <summary>One line for one IP version.</summary>
    public static string Describe(IpFamily family, MappingLifetime lifetime, bool measuring)
    {
        var name = family == IpFamily.Ip4 ? "IPv4" : "IPv6";
        var refresh = $"refreshed every {Seconds(lifetime.Interval)}";
        if (lifetime.Proven is not { } proven)
        {
            var why = measuring ? "being measured" : lifetime.IsHelpless ? "not measured, no peer that could help is connected" : "not measured yet";
            return $"{name} TCP: the lifetime of mappings is {why}; {refresh}";
        }

        var lower = proven == TimeSpan.Zero ? null : $"at least {Seconds(proven)}";
        var upper = lifetime.Expired is { } expired ? $"less than {Seconds(expired)}" : null;
        return $"{name} TCP: mappings live {string.Join(" and ", new[] { lower, upper }.OfType<string>())}; {refresh}";
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture) + " s";
}
