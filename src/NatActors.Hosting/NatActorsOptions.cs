using Microsoft.Extensions.Configuration;
using NatActors.Multiformats;
using NatActors.Node;

namespace NatActors.Hosting;

/// <summary>
/// The node's options as text, for configuration files: section <c>NatActors</c> of <c>config/natactors.json</c>. What is left out keeps
/// its default.
/// </summary>
public sealed class NatActorsOptions
{
    /// <summary>The name of the configuration section.</summary>
    public const string SectionName = "NatActors";

    /// <summary>
    /// The file of the identity key, made on first use with mode 0600 and never overwritten. Null (default) for a key that lives as long as
    /// the process.
    /// </summary>
    public string? Identity { get; set; }

    /// <summary>Listen addresses. Null (default) for <c>/ip4/0.0.0.0/tcp/4001</c> and <c>/ip6/::/tcp/4001</c>; empty for none.</summary>
    public List<string>? Listen { get; set; }

    /// <summary>Relays to keep a reservation at, each ending in <c>/p2p/ID</c>. Default: none.</summary>
    public List<string> Relays { get; set; } = [];

    /// <summary>Peers to stay connected to, each ending in <c>/p2p/ID</c>. Default: none.</summary>
    public List<string> Dial { get; set; } = [];

    /// <summary>
    /// Peers to know the network by, each ending in <c>/p2p/ID</c> but for a <c>/dnsaddr</c> that stands for several: kept connected to, asked
    /// what they see and whether they can dial back, used as relays where they are. Default: none.
    /// </summary>
    public List<string> Bootstrap { get; set; } = [];

    /// <summary>How the node learns whether it can be dialed, and helps others to learn it.</summary>
    public AutoNatTextOptions AutoNat { get; set; } = new();

    /// <summary>Relays that the node finds by itself while it cannot be dialed.</summary>
    public AutoRelayTextOptions AutoRelay { get; set; } = new();

    /// <summary>How the mappings of NATs are kept, and dead paths noticed.</summary>
    public KeepAliveTextOptions KeepAlive { get; set; } = new();

    /// <summary>Ask routers to forward the listen ports (PCP, NAT-PMP, UPnP). Default: true.</summary>
    public bool PortMapping { get; set; } = true;

    /// <summary>
    /// Name servers in place of the system's, each an IP address with a port or without (then 53): <c>192.0.2.53</c>,
    /// <c>[2001:db8::53]:5353</c>. Default: the system's.
    /// </summary>
    public List<string> NameServers { get; set; } = [];

    /// <summary>
    /// The control socket, at which <c>natactors status</c> asks the node: a path, <c>auto</c> for one in the user's own folder, or
    /// <c>none</c>. Null (default) is <c>auto</c> for <c>natactors run</c> and <c>none</c> in other hosts.
    /// </summary>
    public string? Control { get; set; }

    /// <summary>The relay server's profile, <c>public</c> or <c>private</c>. Null (default) runs none.</summary>
    public string? RelayServer { get; set; }

    /// <summary>Serve <c>/echo/1.0.0</c>. Default: false.</summary>
    public bool Echo { get; set; }

    /// <summary>Serve <c>/perf/1.0.0</c>. Default: true.</summary>
    public bool Perf { get; set; } = true;

    /// <summary>Turn relayed connections into direct ones. Default: true.</summary>
    public bool HolePunching { get; set; } = true;

    /// <summary>Bounds on connections.</summary>
    public ConnectionLimitOptions Connections { get; set; } = new();

    /// <summary>What a peer, or a network, may do before it is refused or cut off.</summary>
    public AbuseTextOptions Abuse { get; set; } = new();

    /// <summary>What the node may hold for its peers.</summary>
    public ResourceTextOptions Resources { get; set; } = new();

    /// <summary>Where logs go.</summary>
    public LoggingOptions Logging { get; set; } = new();

    /// <summary>
    /// Sets what a configuration holds; what it does not name stays as it is, and a list replaces the one before. For
    /// <c>configuration.GetSection(NatActorsOptions.SectionName)</c>. Unlike a plain binder it finds every mistake at once.
    /// </summary>
    /// <returns>Keys that are no options and values that cannot be read, each in one line that says what to do; empty when all is good.</returns>
    public IReadOnlyList<string> Read(IConfiguration section) => ConfigurationReader.Read(section, this);

    /// <summary>
    /// The typed options, or every mistake at once. <paramref name="options"/> is usable only if the result is empty.
    /// </summary>
    /// <returns>The mistakes, each in one line that says what to do.</returns>
    public IReadOnlyList<string> TryBuild(out NodeOptions options)
    {
        var mistakes = new List<string>();
        var defaults = new NodeOptions();
        options = new NodeOptions
        {
            Listen = Listen is null ? defaults.Listen : Parse(Listen, nameof(Listen), mistakes),
            Relays = Parse(Relays, nameof(Relays), mistakes),
            Dial = Parse(Dial, nameof(Dial), mistakes),
            Bootstrap = Parse(Bootstrap, nameof(Bootstrap), mistakes),
            AutoNat = AutoNat.Build(mistakes),
            AutoRelay = AutoRelay.Build(mistakes),
            KeepAlive = KeepAlive.Build(),
            PortMapping = PortMapping,
            NameServers = NameServerText.Parse(NameServers, nameof(NameServers), mistakes),
            RelayServer = string.IsNullOrEmpty(RelayServer) ? null : RelayServer,
            Echo = Echo,
            Perf = Perf,
            HolePunching = HolePunching,
            Connections = Connections.Build(),
            Resources = Resources.Build(),
            Abuse = Abuse.Build(),
        };
        mistakes.AddRange(options.Validate());
        mistakes.AddRange(Logging.Validate());
        return mistakes;
    }

    internal static List<Multiaddr> Parse(List<string> texts, string option, List<string> mistakes)
    {
        var addresses = new List<Multiaddr>();
        foreach (var text in texts)
        {
            if (Multiaddr.TryParse(text, out var address, out var error))
            {
                addresses.Add(address);
            }
            else
            {
                mistakes.Add($"{option}: {error}");
            }
        }

        return addresses;
    }
}

/// <summary>Bounds on connections, as text binds them; see <see cref="ConnectionOptions"/> for ranges. Null keeps the default.</summary>
public sealed class ConnectionLimitOptions
{
    /// <summary>See <see cref="ConnectionOptions.MaxConnections"/>.</summary>
    public int? MaxConnections { get; set; }

    /// <summary>See <see cref="ConnectionOptions.MaxConnectionsPerPeer"/>.</summary>
    public int? MaxConnectionsPerPeer { get; set; }

    /// <summary>See <see cref="ConnectionOptions.MaxPendingInbound"/>.</summary>
    public int? MaxPendingInbound { get; set; }

    /// <summary>See <see cref="ConnectionOptions.MaxInboundPerNetwork"/>.</summary>
    public int? MaxInboundPerNetwork { get; set; }

    /// <summary>See <see cref="ConnectionOptions.MaxStreamsPerConnection"/>.</summary>
    public int? MaxStreamsPerConnection { get; set; }

    /// <summary>See <see cref="ConnectionOptions.IdleTimeout"/>.</summary>
    public TimeSpan? IdleTimeout { get; set; }

    /// <summary>See <see cref="ConnectionOptions.UpgradeTimeout"/>.</summary>
    public TimeSpan? UpgradeTimeout { get; set; }

    /// <summary>See <see cref="ConnectionOptions.DialTimeout"/>.</summary>
    public TimeSpan? DialTimeout { get; set; }

    /// <summary>See <see cref="ConnectionOptions.StreamNegotiationTimeout"/>.</summary>
    public TimeSpan? StreamNegotiationTimeout { get; set; }

    /// <summary>See <see cref="ConnectionOptions.RelayedGrace"/>.</summary>
    public TimeSpan? RelayedGrace { get; set; }

    /// <summary>See <see cref="ConnectionOptions.KeepAliveInterval"/>.</summary>
    public TimeSpan? KeepAliveInterval { get; set; }

    /// <summary>See <see cref="ConnectionOptions.KeepAliveTimeout"/>.</summary>
    public TimeSpan? KeepAliveTimeout { get; set; }

    internal ConnectionOptions Build()
    {
        var defaults = new ConnectionOptions();
        return new ConnectionOptions
        {
            MaxConnections = MaxConnections ?? defaults.MaxConnections,
            MaxConnectionsPerPeer = MaxConnectionsPerPeer ?? defaults.MaxConnectionsPerPeer,
            MaxPendingInbound = MaxPendingInbound ?? defaults.MaxPendingInbound,
            MaxInboundPerNetwork = MaxInboundPerNetwork ?? defaults.MaxInboundPerNetwork,
            MaxStreamsPerConnection = MaxStreamsPerConnection ?? defaults.MaxStreamsPerConnection,
            IdleTimeout = IdleTimeout ?? defaults.IdleTimeout,
            UpgradeTimeout = UpgradeTimeout ?? defaults.UpgradeTimeout,
            DialTimeout = DialTimeout ?? defaults.DialTimeout,
            StreamNegotiationTimeout = StreamNegotiationTimeout ?? defaults.StreamNegotiationTimeout,
            RelayedGrace = RelayedGrace ?? defaults.RelayedGrace,
            KeepAliveInterval = KeepAliveInterval ?? defaults.KeepAliveInterval,
            KeepAliveTimeout = KeepAliveTimeout ?? defaults.KeepAliveTimeout,
        };
    }
}

/// <summary>Where logs go.</summary>
public sealed class LoggingOptions
{
    /// <summary><c>verbose</c>, <c>debug</c>, <c>information</c>, <c>warning</c> (default), <c>error</c> or <c>fatal</c>.</summary>
    public string Level { get; set; } = "warning";

    /// <summary>The form on the console (standard error): <c>text</c> (default), <c>json</c> or <c>none</c>.</summary>
    public string Console { get; set; } = "text";

    /// <summary>A file that gets the log as JSON lines too, a new one each day, the last seven kept. Null (default) for none.</summary>
    public string? File { get; set; }

    internal IEnumerable<string> Validate()
    {
        if (!Enum.GetNames<Serilog.Events.LogEventLevel>().Contains(Level, StringComparer.OrdinalIgnoreCase))
        {
            yield return $"Logging.Level: '{Level}' is no level; use verbose, debug, information, warning, error or fatal.";
        }

        if (Console is not ("text" or "json" or "none"))
        {
            yield return $"Logging.Console: '{Console}' is unknown; use text, json or none.";
        }

        if (File is { Length: > 0 } file && NoFolderFor(file) is { } reason)
        {
            yield return $"Logging.File: '{file}' cannot be written: {reason}";
        }
    }

    /// <summary>Makes the folder, as the log would; the log itself would only be silent.</summary>
    private static string? NoFolderFor(string file)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file)) ?? "/");
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return e.Message;
        }
    }
}
