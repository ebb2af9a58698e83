using NatActors.Soak.Tests.Steps;

namespace NatActors.Soak.Tests.Steps;

/// <summary>The steps that do something to the network, one at a time: routers of the laboratory are not for several threads.</summary>
public sealed class Disturbances(SoakNetwork network) : IDisposable
{
    private const int LongestOutage = 3000;

    private readonly SemaphoreSlim _one = new(1);

    public async Task RunAsync(Step step)
    {
        await _one.WaitAsync();
        try
        {
            await DisturbAsync(step);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task DisturbAsync(Step step)
    {
        var random = step.Draw();
        var outage = TimeSpan.FromMilliseconds(random.Next(LongestOutage));
        var (peer, router) = (network.Peers[step.From], network.RouterOf(step.From));
        switch (step.Kind)
        {
            case StepKind.FlushMappings: router.ForgetMappings(pickUpMidstream: random.Next(2) == 0); break;
            case StepKind.PullHostCable: await peer.Host.CableOutAsync(outage); break;
            case StepKind.PullRouterCable: await router.CableOutAsync(outage); break;
            case StepKind.RestartRouter: await router.RestartAsync(outage); break;
            case StepKind.RestartRelay: await RestartAsync(network.Relay); break;
            case StepKind.RestartNode: await RestartAsync(peer); break;
            default: throw new ArgumentException($"{step.Kind} disturbs nothing", nameof(step));
        }
    }

    private static async Task RestartAsync(SoakNode node)
    {
        await node.StopAsync();
        await node.StartAsync();
    }
}
