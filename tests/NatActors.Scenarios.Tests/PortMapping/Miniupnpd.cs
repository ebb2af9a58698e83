using NatActors.Lab;
using NatActors.Testing;

namespace NatActors.Scenarios.Tests.PortMapping;

/// <summary>How a router's miniupnpd is set up: everything on, every port from 1024 up allowed.</summary>
public sealed record MiniupnpdOptions
{
    /// <summary>Describe the device as version 1 of the gateway.</summary>
    public bool Igd1 { get; init; }

    /// <summary>Speak UPnP.</summary>
    public bool Upnp { get; init; } = true;

    /// <summary>Speak PCP and NAT-PMP, which are one switch there.</summary>
    public bool PortControl { get; init; } = true;

    /// <summary>An external address other than the interface's.</summary>
    public string? ExternalAddress { get; init; }

    /// <summary>Permission rules, in miniupnpd's words.</summary>
    public IReadOnlyList<string> Rules { get; init; } = ["allow 1024-65535 0.0.0.0/0 1024-65535", "deny 0-65535 0.0.0.0/0 0-65535"];
}

/// <summary>The real miniupnpd on a router of the laboratory.</summary>
public sealed class Miniupnpd : IAsyncDisposable
{
    private readonly LabProcess _process;
    private readonly DirectoryInfo _folder;

    private Miniupnpd(LabProcess process, DirectoryInfo folder)
    {
        _process = process;
        _folder = folder;
    }

    /// <summary>What it said, for a test that fails.</summary>
    public string Log => string.Join(Environment.NewLine, _process.Errors.Lines.Concat(_process.Output.Lines));

    /// <summary>Goes on where the program is installed; elsewhere as for the laboratory.</summary>
    public static void OrSkip()
    {
        RequiresLab.OrSkip();
        Requirement.OrSkip(File.Exists("/usr/sbin/miniupnpd"), "miniupnpd is not installed: apt-get install miniupnpd-nftables");
    }

    /// <summary>Starts it, and waits until it listens.</summary>
    public static async Task<Miniupnpd> StartAsync(LabRouter router, MiniupnpdOptions? options = null)
    {
        var folder = Directory.CreateTempSubdirectory("miniupnpd-");
        var file = Path.Combine(folder.FullName, "miniupnpd.conf");
        await File.WriteAllLinesAsync(file, Configuration(options ?? new MiniupnpdOptions()));

        // -d: in the foreground, its log on standard error.
        var process = router.Start("/usr/sbin/miniupnpd", "-d", "-f", file, "-P", Path.Combine(folder.FullName, "pid"));
        var daemon = new Miniupnpd(process, folder);
        using var guard = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var line = await process.Errors.ReadUntilAsync(line => line.Contains("Listening for NAT-PMP", StringComparison.Ordinal)
            || (options is { PortControl: false } && line.Contains("HTTP listening on port", StringComparison.Ordinal)), guard.Token);
        Assert.True(line is not null, $"miniupnpd ended:{Environment.NewLine}{daemon.Log}");
        return daemon;
    }

    /// <summary>
    /// Ends it as a service manager does: by asking, more than once, as a signal between its look at the flag and its next wait is lost on it.
    /// </summary>
    public async Task StopAsync()
    {
        var exit = _process.WaitForExitAsync();
        for (var i = 0; i < 50 && !exit.IsCompleted; i++)
        {
            _process.Terminate();
            try
            {
                await exit.WaitAsync(TimeSpan.FromMilliseconds(100));
            }
            catch (TimeoutException)
            {
                // Asked once more.
            }
        }

        Assert.True(exit.IsCompleted, $"miniupnpd does not end:{Environment.NewLine}{Log}");
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static IEnumerable<string> Configuration(MiniupnpdOptions options) =>
    [
        "ext_ifname=wan",
        .. options.ExternalAddress is { } external ? (string[])[$"ext_ip={external}"] : [],
        "listening_ip=lan",
        "http_port=0",
        $"enable_upnp={YesNo(options.Upnp)}",
        $"enable_natpmp={YesNo(options.PortControl)}",
        $"force_igd_desc_v1={YesNo(options.Igd1)}",
        "upnp_table_name=lab",
        "upnp_nat_table_name=lab",
        "min_lifetime=120",
        "max_lifetime=86400",
        "secure_mode=yes",
        "system_uptime=no",
        "uuid=8f6d5a1e-3f0c-4b7e-9a51-0d2b4c6e8f10",
        .. options.Rules,
    ];

    private static string YesNo(bool value) => value ? "yes" : "no";
}
