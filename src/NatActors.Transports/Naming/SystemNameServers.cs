using System.Net;
using System.Net.NetworkInformation;

namespace NatActors.Transports.Naming;

/// <summary>
/// The system's: <c>/etc/resolv.conf</c> and <c>/etc/hosts</c>, read again when they change; where there is no such file, what the
/// interfaces were told.
/// </summary>
public sealed class SystemNameServers : INameServers
{
    /// <summary>The longest file that is read. Ours: lists of blocked hosts have tens of thousands of lines.</summary>
    public const int MaxFileLength = 8 * 1024 * 1024;

    private readonly string _resolvConf;
    private readonly string _hosts;
    private readonly Lock _lock = new();
    private NameServerSettings? _settings;
    private (DateTime, long, DateTime, long) _state;

    /// <summary>The files of this machine.</summary>
    public SystemNameServers()
        : this(
            "/etc/resolv.conf",
            OperatingSystem.IsWindows() ? Path.Combine(Environment.SystemDirectory, "drivers", "etc", "hosts") : "/etc/hosts")
    {
    }

    /// <summary>Other files of the same forms.</summary>
    public SystemNameServers(string resolvConf, string hosts)
    {
        _resolvConf = resolvConf;
        _hosts = hosts;
    }

    /// <inheritdoc />
    public NameServerSettings Read()
    {
        lock (_lock)
        {
            var (conf, hosts) = (new FileInfo(_resolvConf), new FileInfo(_hosts));
            var state = (Time(conf), Length(conf), Time(hosts), Length(hosts));
            if (_settings is null || state != _state)
            {
                _state = state;
                _settings = Load();
            }

            return _settings;
        }
    }

    private NameServerSettings Load()
    {
        var settings = TextOf(_resolvConf) is { } conf ? ResolvConf.Parse(conf) : new NameServerSettings { Servers = OfInterfaces() };
        if (settings.Servers.Count == 0)
        {
            // resolv.conf(5): without a nameserver line the one on this machine is asked.
            settings = settings with { Servers = [new IPEndPoint(IPAddress.Loopback, ResolvConf.DnsPort)] };
        }

        return TextOf(_hosts) is { } hosts ? settings with { Hosts = ResolvConf.ParseHosts(hosts) } : settings;
    }

    private static IReadOnlyList<IPEndPoint> OfInterfaces()
    {
        try
        {
            return [.. NetworkInterface.GetAllNetworkInterfaces()
                .Where(i => i.OperationalStatus == OperationalStatus.Up)
                .SelectMany(i => i.GetIPProperties().DnsAddresses)
                .Distinct()
                .Take(ResolvConf.MaxServers)
                .Select(a => new IPEndPoint(a, ResolvConf.DnsPort))];
        }
        catch (Exception error) when (error is NetworkInformationException or PlatformNotSupportedException)
        {
            return [];
        }
    }

    private static string? TextOf(string path)
    {
        try
        {
            return Length(new FileInfo(path)) is > 0 and <= MaxFileLength ? File.ReadAllText(path) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static DateTime Time(FileInfo file) => file.Exists ? file.LastWriteTimeUtc : default;

    private static long Length(FileInfo file) => file.Exists ? (file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file).Length : 0;
}
