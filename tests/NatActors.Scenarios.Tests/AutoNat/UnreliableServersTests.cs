using System.Diagnostics;
using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Node;
using NatActors.Protocols.AutoNat;
using NatActors.Scenarios.Tests.Support;
using NatActors.Testing;
using Xunit.Abstractions;
using Answer = NatActors.Scenarios.Tests.Support.ScriptedServer.Answer;

namespace NatActors.Scenarios.Tests.AutoNat;

/// <summary>Seven servers of which five drop, refuse and lie at random: the verdict comes, is right, and stays.</summary>
public sealed class UnreliableServersTests(ITestOutputHelper output)
{
    private const int Unreliable = 5;
    private static readonly TimeSpan Watched = TimeSpan.FromMinutes(2);

    /// <summary>What cannot be proven takes a majority, and servers that drop and refuse are asked again only after a rest.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [SkippableTheory]
    [Trait("Category", "Slow")]
    [InlineData("portrestricted", Reachability.Private, 1)]
    [InlineData("fullcone", Reachability.Public, 2)]
    public async Task No_verdict_oscillates_in_two_minutes_of_being_asked_again_and_again(string kind, Reachability verdict, int seed)
    {
        RequiresLab.OrSkip();
        Assert.True(RouterKind.TryParse(kind, out var router));
        await using var lab = Laboratory.Create(new LabPlan
        {
            Hosts = [new("R"), new("S"), .. Enumerable.Range(1, Unreliable).Select(i => new HostPlan($"X{i}")), new("A", "NA")],
            Routers = [new("NA", router)],
        });
        await using var r = await LabNode.StartAsync(lab.Host("R"));
        await using var s = await LabNode.StartAsync(lab.Host("S"), new NodeOptions { Bootstrap = [r.Address] });
        var random = new Random(seed);
        var asked = new SemaphoreSlim(0);
        var liars = new List<LabNode>();
        for (var i = 1; i <= Unreliable; i++)
        {
            var liar = await LabNode.StartAsync(lab.Host($"X{i}"), new NodeOptions { AutoNat = new() { Serve = AutoNatServing.Never } });
            ScriptedServer.Serve(liar.Node, () =>
            {
                asked.Release();
                lock (random)
                {
                    return (Answer)random.Next(4);
                }
            });
            liars.Add(liar);
        }

        await using var a = await LabNode.StartAsync(
            lab.Host("A"),
            new NodeOptions { Bootstrap = [r.Address, s.Address, .. liars.Select(l => l.Address)] });
        var told = await a.Events.NextAsync<NodeEvents.ReachabilityChanged>(e => e.Verdict == verdict, guard: Patience);
        var start = (await a.Events.NextAsync<NodeEvents.Listening>()).Time;
        output.WriteLine($"{kind}: {told.Verdict} after {(told.Time - start).TotalSeconds:0.0} s: {string.Join("; ", told.Reasons)}");

        var since = Stopwatch.StartNew();
        while (since.Elapsed < Watched)
        {
            a.Node.TestReachability();
            await asked.WaitAsync(Support.EventLog.Guard);
        }

        var verdicts = a.Events.All.OfType<NodeEvents.ReachabilityChanged>()
            .Select(e => e.Verdict)
            .Where(v => v != Reachability.Unknown);
        Assert.All(verdicts, v => Assert.Equal(verdict, v));
        foreach (var liar in liars)
        {
            await liar.DisposeAsync();
        }
    }
}
