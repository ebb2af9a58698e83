using System.Net;
using NatActors.Lab;
using NatActors.Testing;

namespace NatActors.Scenarios.Tests.Naming;

/// <summary>The real dnsmasq on a host of the laboratory, knowing the records it is given and no other name.</summary>
public sealed class Dnsmasq : IAsyncDisposable
{
    private const string Program = "/usr/sbin/dnsmasq";

    private readonly LabProcess _process;

    private Dnsmasq(LabProcess process, IPAddress address)
    {
        _process = process;
        EndPoint = new IPEndPoint(address, 53);
    }

    /// <summary>Where it is asked.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>The questions it was asked, in its own words: <c>query[TXT] name from address</c>.</summary>
    public IReadOnlyList<string> Queries => [.. _process.Errors.Lines.Where(l => l.Contains("query[", StringComparison.Ordinal))];

    /// <summary>Goes on where the program is installed; elsewhere as for the laboratory.</summary>
    public static void OrSkip()
    {
        RequiresLab.OrSkip();
        Requirement.OrSkip(File.Exists(Program), "dnsmasq is not installed: apt-get install dnsmasq-base");
    }

    /// <summary>Starts it with these records, in dnsmasq's words, and waits until it serves.</summary>
    public static async Task<Dnsmasq> StartAsync(LabHost host, params string[] records)
    {
        string[] options =
        [
            "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces", "--log-queries",
            "--log-facility=-", "--user=root", "--pid-file=", "--local=/example/", $"--listen-address={host.Address}", .. records,
        ];
        var process = host.Start(Program, options);
        using var guard = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var line = await process.Errors.ReadUntilAsync(l => l.Contains("started, version", StringComparison.Ordinal), guard.Token);
        Assert.True(line is not null, $"dnsmasq ended:{Environment.NewLine}{string.Join(Environment.NewLine, process.Errors.Lines)}");
        return new Dnsmasq(process, host.Address);
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
