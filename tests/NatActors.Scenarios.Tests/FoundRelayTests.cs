using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Node;
using NatActors.Scenarios.Tests.Support;
using NatActors.Testing;

namespace NatActors.Scenarios.Tests;

/// <summary>A node behind a router chooses among several relays by what it measures, and replaces the one that goes.</summary>
public sealed class FoundRelayTests
{
    private static readonly LabPlan Plan = new()
    {
        Hosts =
        [
            new("R") { ExtraDelay = TimeSpan.FromMilliseconds(60) }, new("S"), new("T") { ExtraDelay = TimeSpan.FromMilliseconds(30) }, new("U"),
            new("A", "NA"), new("B", "NB"),
        ],
    };

    [SkippableFact]
    public async Task The_two_nearest_relays_are_held_and_the_next_takes_the_place_of_a_lost_one()
    {
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create(Plan);
        var relayOptions = Impatient.Options with { RelayServer = "public" };
        await using var far = await LabNode.StartAsync(lab.Host("R"), relayOptions);
        await using var near = await LabNode.StartAsync(lab.Host("S"), relayOptions);
        await using var middle = await LabNode.StartAsync(lab.Host("T"), relayOptions);
        await using var a = await LabNode.StartAsync(
            lab.Host("A"), Impatient.Options with { Bootstrap = [far.Address, near.Address, middle.Address] });

        var held = new[] { await HeldAsync(a, 1), await HeldAsync(a, 2) };
        Assert.Equal(new[] { near.Id, middle.Id }.Order(), held.Select(h => h.Relay).Order());

        lab.Host("S").CableOut();

        Assert.Equal(near.Id, (await a.Events.NextAsync<NodeEvents.ReservationLost>()).Relay);
        Assert.Equal(far.Id, (await HeldAsync(a, 3)).Relay);
        var relays = (await a.Node.GetReportAsync()).Relays;
        Assert.Equal(new[] { far.Id, middle.Id }.Order(), relays.Where(r => r.Expires is not null).Select(r => r.Relay).Order());
        Assert.All(relays, r => Assert.True(r.Latency > TimeSpan.FromMilliseconds(100), $"{r.Latency}"));
    }

    private static Task<NodeEvents.Reserved> HeldAsync(LabNode node, int number) =>
        node.Events.NextAsync<NodeEvents.Reserved>(e => node.Events.All.OfType<NodeEvents.Reserved>().TakeWhile(o => o != e).Count() == number - 1);
}
