using System.Globalization;
using NatActors.Lab;
using NatActors.Lab.Nat;

namespace NatActors.Cli.Demo;

/// <summary>
/// The demonstration: a relay and two peers behind NATs in a laboratory, from the first word to a direct connection, and the same with
/// symmetric NATs, where there is none.
/// </summary>
internal sealed class DemoStory(Narrator narrator, long bytes)
{
    /// <summary>A guard against hanging; the whole demonstration takes well under a minute.</summary>
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(2);

    /// <summary>Both acts; the process's exit code.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var guard = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        guard.CancelAfter(Guard);
        var keys = Directory.CreateTempSubdirectory("natactors-demo-").FullName;
        try
        {
            var plan = LabPlan.TwoPeers(RouterType.PortRestricted, RouterType.PortRestricted) with { EndsOnSignals = false };
            await using var lab = Laboratory.Create(plan);
            Introduce(lab);
            narrator.Say("");
            narrator.Say("1. Two home routers (port-restricted: they let in only answers from where the inside has sent to).");
            var direct = await FirstActAsync(lab, keys, guard.Token);
            foreach (var router in lab.Routers)
            {
                router.SetKind(RouterType.Symmetric);
            }

            narrator.Say("");
            narrator.Say("2. The same with symmetric NATs, which take another port for every destination, so that nobody can know where to aim.");
            var relayed = await SecondActAsync(lab, keys, guard.Token);
            return direct && relayed ? ExitCodes.Ok : ExitCodes.Failed;
        }
        finally
        {
            Directory.Delete(keys, recursive: true);
        }
    }

    private void Introduce(Laboratory lab)
    {
        narrator.Say("A laboratory on this machine, in network namespaces with the kernel's own NAT:");
        narrator.Say($"  R  a relay at {lab.Host("R").Address}");
        foreach (var name in new[] { "A", "B" })
        {
            var host = lab.Host(name);
            narrator.Say($"  {name}  a peer at {host.Address}, behind a router whose public address is {host.Router!.PublicAddress}");
        }

        narrator.Say(lab.PathDelay > TimeSpan.Zero
            ? string.Create(CultureInfo.InvariantCulture, $"  {2 * lab.PathDelay.TotalMilliseconds:0} ms round trip between any two of them")
            : $"  no path delay ({lab.DelayRefusal})");
    }

    private async Task<bool> FirstActAsync(Laboratory lab, string keys, CancellationToken cancellationToken)
    {
        await using var peers = await StartAsync(lab, keys, "1", cancellationToken);
        narrator.Say($"  A dials B through the relay and sends {bytes:N0} bytes as soon as the path is as good as it gets:");
        await using var a = DemoPeer.Start(
            lab.Host("A"), narrator.Tell, "perf", peers.Circuit, "--upload", Invariant(bytes), "--download", "0", "--identity", Path.Combine(keys, "a1"));
        var result = await a.NextAsync("perf-result", cancellationToken);
        var seconds = result.Number("uploadMs") / 1000;
        narrator.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"  {result.Number("uploadBytes"):N0} bytes over the {(result.Flag("relayed") ? "relayed" : "direct")} connection in {seconds:0.00} s: {bytes / 1048576.0 / seconds:0} MiB/s"));
        return await a.EndAsync(cancellationToken) == ExitCodes.Ok && !result.Flag("relayed");
    }

    private async Task<bool> SecondActAsync(Laboratory lab, string keys, CancellationToken cancellationToken)
    {
        await using var peers = await StartAsync(lab, keys, "2", cancellationToken);
        narrator.Say("  A dials B through the relay and pings it:");
        await using var a = DemoPeer.Start(
            lab.Host("A"), narrator.Tell, "ping", peers.Circuit, "-c", "3", "--identity", Path.Combine(keys, "a2"));
        var ping = await a.NextAsync("ping", cancellationToken);
        var code = await a.EndAsync(cancellationToken);
        narrator.Say("  They stay on the relay, and say why. Nothing is lost but the short way.");
        return code == ExitCodes.Ok && ping.Flag("relayed");
    }

    private async Task<Cast> StartAsync(Laboratory lab, string keys, string act, CancellationToken cancellationToken)
    {
        narrator.StartClock();
        var relayHost = lab.Host("R");
        var relay = DemoPeer.Start(
            relayHost, narrator.Tell, "run", "--listen", $"/ip4/{relayHost.Address}/tcp/4001", "--relay-server", "private", "--control", "none", "--identity", Path.Combine(keys, "r" + act));
        var relayId = (await relay.NextAsync("listening", cancellationToken)).Text("peerId");
        var relayAddress = $"/ip4/{relayHost.Address}/tcp/4001/p2p/{relayId}";
        var b = DemoPeer.Start(
            lab.Host("B"), narrator.Tell, "run", "--listen", "/ip4/0.0.0.0/tcp/4001", "--relay", relayAddress, "--control", "none", "--identity", Path.Combine(keys, "b" + act));
        var id = (await b.NextAsync("listening", cancellationToken)).Text("peerId");
        await b.NextAsync("reserved", cancellationToken);
        return new Cast(relay, b, $"{relayAddress}/p2p-circuit/p2p/{id}");
    }

    private static string Invariant(long number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed record Cast(DemoPeer Relay, DemoPeer B, string Circuit) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await B.DisposeAsync();
            await Relay.DisposeAsync();
        }
    }
}
