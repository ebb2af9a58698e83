using System.Net;
using NatActors.Node;
using NatActors.Node.KeepAlive;

namespace NatActors.Hosting;

/// <summary>Reachability, as text binds it; see <see cref="AutoNatOptions"/>.</summary>
public sealed class AutoNatTextOptions
{
    /// <summary>When to answer others: <c>auto</c> (default: while this node can be dialed itself), <c>always</c> or <c>never</c>.</summary>
    public string Serve { get; set; } = "auto";

    /// <summary>
    /// Peers on other IP addresses that dial back for this node's clients, each ending in <c>/p2p/ID</c>, so that a filter by address is
    /// found. Default: none.
    /// </summary>
    public List<string> Partners { get; set; } = [];

    /// <summary>Test, and dial back to, private and loopback addresses too: for networks of their own. Default: false.</summary>
    public bool AllowPrivateAddresses { get; set; }

    internal AutoNatOptions Build(List<string> mistakes)
    {
        var serve = AutoNatServing.Auto;
        if (Serve is not ("auto" or "always" or "never") || !Enum.TryParse(Serve, ignoreCase: true, out serve))
        {
            mistakes.Add($"AutoNat.Serve: '{Serve}' is unknown; use auto, always or never.");
        }

        return new AutoNatOptions
        {
            Serve = serve,
            Partners = NatActorsOptions.Parse(Partners, "AutoNat.Partners", mistakes),
            AllowPrivateAddresses = AllowPrivateAddresses,
        };
    }
}

/// <summary>Relays that the node finds by itself, as text binds them; see <see cref="AutoRelayOptions"/>.</summary>
public sealed class AutoRelayTextOptions
{
    /// <summary>How many to hold while the node cannot be dialed, 0 (none) to 16. Null keeps the default, 2.</summary>
    public int? Relays { get; set; }

    /// <summary>Relays to choose from beside the connected peers that offer it, each ending in <c>/p2p/ID</c>. Default: none.</summary>
    public List<string> Candidates { get; set; } = [];

    internal AutoRelayOptions Build(List<string> mistakes) => new()
    {
        Relays = Relays ?? new AutoRelayOptions().Relays,
        Candidates = NatActorsOptions.Parse(Candidates, "AutoRelay.Candidates", mistakes),
    };
}

/// <summary>How the mappings of NATs are kept, as text binds it; see <see cref="KeepAliveOptions"/> for ranges. Null keeps the default.</summary>
public sealed class KeepAliveTextOptions
{
    /// <summary>See <see cref="KeepAliveOptions.Measure"/>.</summary>
    public bool? Measure { get; set; }

    /// <summary>See <see cref="KeepAliveOptions.Serve"/>.</summary>
    public bool? Serve { get; set; }

    /// <summary>See <see cref="KeepAliveOptions.Shortest"/>.</summary>
    public TimeSpan? Shortest { get; set; }

    /// <summary>See <see cref="KeepAliveOptions.Longest"/>.</summary>
    public TimeSpan? Longest { get; set; }

    /// <summary>See <see cref="KeepAliveOptions.Liveness"/>.</summary>
    public TimeSpan? Liveness { get; set; }

    /// <summary>See <see cref="KeepAliveOptions.CheckTimeout"/>.</summary>
    public TimeSpan? CheckTimeout { get; set; }

    internal KeepAliveOptions Build()
    {
        var defaults = new KeepAliveOptions();
        return new KeepAliveOptions
        {
            Measure = Measure ?? defaults.Measure,
            Serve = Serve ?? defaults.Serve,
            Shortest = Shortest ?? defaults.Shortest,
            Longest = Longest ?? defaults.Longest,
            Liveness = Liveness ?? defaults.Liveness,
            CheckTimeout = CheckTimeout ?? defaults.CheckTimeout,
        };
    }
}

/// <summary>Name servers as text.</summary>
internal static class NameServerText
{
    /// <summary>RFC 1035 section 4.2.</summary>
    private const int DefaultPort = 53;

    /// <summary>The end points, and a mistake for each text that is none.</summary>
    public static List<IPEndPoint> Parse(List<string> texts, string option, List<string> mistakes)
    {
        var servers = new List<IPEndPoint>();
        foreach (var text in texts)
        {
            // An address parser takes an address in brackets with a port too, and drops the port.
            if (!text.StartsWith('[') && IPAddress.TryParse(text, out var address))
            {
                servers.Add(new IPEndPoint(address, DefaultPort));
            }
            else if (IPEndPoint.TryParse(text, out var server))
            {
                servers.Add(server);
            }
            else
            {
                mistakes.Add($"{option}: '{text}' is no IP address with or without a port; use the form 192.0.2.53 or [2001:db8::53]:53.");
            }
        }

        return servers;
    }
}
