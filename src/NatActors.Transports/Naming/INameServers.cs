using System.Net;

namespace NatActors.Transports.Naming;

/// <summary>Whom to ask for names, and what this machine knows by itself.</summary>
public sealed record NameServerSettings
{
    /// <summary>The servers, the first asked first.</summary>
    public IReadOnlyList<IPEndPoint> Servers { get; init; } = [];

    /// <summary>How long one server may take; null when the system does not say.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How often the servers are gone through; null when the system does not say.</summary>
    public int? Attempts { get; init; }

    /// <summary>Addresses of names that no server need be asked for (hosts file), by the name in lower case without the dot at its end.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<IPAddress>> Hosts { get; init; } =
        new Dictionary<string, IReadOnlyList<IPAddress>>(StringComparer.Ordinal);
}

/// <summary>The machine's configuration for names. Safe to call from several threads.</summary>
public interface INameServers
{
    /// <summary>The settings as they are now; cheap when nothing changed.</summary>
    NameServerSettings Read();
}
