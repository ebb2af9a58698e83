using System.Text.Json;
using NatActors.Hosting.Reports;
using NatActors.Lab.Nat;
using NatActors.Scenarios.Tests.PortMapping;
using NatActors.Scenarios.Tests.Support;
using NatActors.Testing;

namespace NatActors.Scenarios.Tests.Doctor;

/// <summary>
/// The command <c>doctor --json</c>, run as a process behind each type of router, with nothing given but two bootstrap peers: a laboratory
/// each, three at a time, all started by the first test that asks.
/// </summary>
public sealed class DoctorRounds : IDisposable
{
    /// <summary>The router that forwards ports when it is asked to.</summary>
    public const string Upnp = $"portrestricted{WithUpnp}";

    /// <summary>One that would, and stands behind the provider's.</summary>
    public const string UpnpBehindCarrier = $"cgnat{WithUpnp}";

    private const string WithUpnp = ", with UPnP";

    /// <summary>A round waits for its network most of the time.</summary>
    private const int AtOnce = 3;

    /// <summary>It ends by itself when it knows all; a busy machine shall not make it end before.</summary>
    private const string Seconds = "60";

    private readonly SemaphoreSlim _seats = new(AtOnce);
    private readonly Lazy<Dictionary<string, Task<ReportDocument>>> _rounds;

    public DoctorRounds() => _rounds = new(() => DoctorTests.Routers.ToDictionary(kind => kind, RoundAsync));

    /// <summary>What it reported behind that router.</summary>
    public Task<ReportDocument> BehindAsync(string router)
    {
        RequiresLab.OrSkip();
        if (router.EndsWith(WithUpnp, StringComparison.Ordinal))
        {
            Miniupnpd.OrSkip();
        }

        return _rounds.Value[router];
    }

    public void Dispose() => _seats.Dispose();

    private async Task<ReportDocument> RoundAsync(string router)
    {
        await _seats.WaitAsync();
        try
        {
            Assert.True(RouterKind.TryParse(router.Split(',')[0], out var kind));
            await using var swarm = await Swarm.StartAsync(kind);
            await using var daemon = router.EndsWith(WithUpnp, StringComparison.Ordinal) ? await Miniupnpd.StartAsync(swarm.Lab.Router("NA")) : null;
            var run = await swarm.Lab.Host("A").RunAsync(
                "dotnet", Path.Combine(AppContext.BaseDirectory, "natactors.dll"), "doctor", "--json", "--seconds", Seconds,
                "--bootstrap", swarm.R.Address.ToString(), "--bootstrap", swarm.S.Address.ToString()).WaitAsync(EventLog.Guard + EventLog.Guard);
            Assert.True(run.ExitCode == 0, string.Join(Environment.NewLine, run.Errors));
            return JsonSerializer.Deserialize<ReportDocument>(Assert.Single(run.Output), ReportDocuments.Json)!;
        }
        finally
        {
            _seats.Release();
        }
    }
}
