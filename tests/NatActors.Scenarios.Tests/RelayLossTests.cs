using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Scenarios.Tests.Support;
using NatActors.Testing;

namespace NatActors.Scenarios.Tests;

/// <summary>The relay goes away: in the middle of a punch, killed or cut off; or it is restarted. Every request ends, the nodes recover.</summary>
public sealed class RelayLossTests
{
    private static readonly LabPlan Plan = LabPlan.TwoPeers(RouterType.PortRestricted, RouterType.PortRestricted);

    /// <summary>When the relay dies.</summary>
    public enum Moment
    {
        /// <summary>The relayed connection has just come up.</summary>
        Relayed,

        /// <summary>The accepting side sends its first CONNECT.</summary>
        PunchStarted,

        /// <summary>The dialing side has it.</summary>
        PunchAnswered,
    }

    [SkippableTheory]
    [InlineData(Moment.Relayed)]
    [InlineData(Moment.PunchStarted)]
    [InlineData(Moment.PunchAnswered)]
    public async Task A_relay_killed_during_the_punch_ends_it_either_way_and_is_used_again_when_it_is_back(Moment moment)
    {
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create(Plan);
        await using var relay = new RelayProcess(lab.Host("R"));
        await relay.StartAsync();
        await using var peerB = await LabNode.StartAsync(lab.Host("B"), Impatient.Options with { Relays = [relay.Address] });
        await using var peerA = await LabNode.StartAsync(lab.Host("A"), Impatient.Options);
        await peerB.Events.NextAsync<NodeEvents.Reserved>();
        var dialing = peerA.Node.DialAsync(relay.Circuit(peerB.Id));

        await ComesAsync(moment, peerA, peerB);
        relay.Kill();

        await EndsAsync(dialing, peerA, peerB);
        await peerB.Events.NextAsync<NodeEvents.ReservationLost>();
        var mark = peerB.Events.Count;
        await relay.StartAsync();
        await peerB.Events.NextAsync<NodeEvents.Reserved>(from: mark);
        await ReachAsync(peerA, peerB, relay.Circuit(peerB.Id));
    }

    [SkippableFact]
    public async Task A_relay_cut_off_during_the_punch_ends_it_either_way_and_is_used_again_when_it_is_back()
    {
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create(Plan);
        await using var relay = await LabNode.StartAsync(lab.Host("R"), Impatient.Options with { RelayServer = "private" });
        await using var peerB = await LabNode.StartAsync(lab.Host("B"), Impatient.Options with { Relays = [relay.Address] });
        await using var peerA = await LabNode.StartAsync(lab.Host("A"), Impatient.Options);
        await peerB.Events.NextAsync<NodeEvents.Reserved>();
        var dialing = peerA.Node.DialAsync(relay.Circuit(peerB.Id));

        await ComesAsync(Moment.PunchStarted, peerA, peerB);
        lab.Host("R").CableOut();

        await EndsAsync(dialing, peerA, peerB);
        await peerB.Events.NextAsync<NodeEvents.ReservationLost>();
        var mark = peerB.Events.Count;
        lab.Host("R").CableIn();
        await peerB.Events.NextAsync<NodeEvents.Reserved>(from: mark);
        await ReachAsync(peerA, peerB, relay.Circuit(peerB.Id));
    }

    [SkippableFact]
    public async Task A_restarted_relay_gets_its_reservations_back_and_serves_new_connections()
    {
        RequiresLab.OrSkip();
        var relayOptions = new LabNodeOptions { Node = Impatient.Options with { RelayServer = "private" }, Key = LabNode.NewKey() };
        await using var lab = Laboratory.Create(Plan);
        var relay = await LabNode.StartAsync(lab.Host("R"), relayOptions);
        await using var peerB = await LabNode.StartAsync(lab.Host("B"), Impatient.Options with { Relays = [relay.Address] });
        await using var peerA = await LabNode.StartAsync(lab.Host("A"), Impatient.Options);
        await peerB.Events.NextAsync<NodeEvents.Reserved>();

        await relay.DisposeAsync();
        var lost = await peerB.Events.NextAsync<NodeEvents.ReservationLost>();
        Assert.Equal(relay.Id, lost.Relay);
        await Assert.ThrowsAsync<PeerUnreachableException>(() => peerA.Node.DialAsync(relay.Circuit(peerB.Id)).WaitAsync(EventLog.Guard));
        var mark = peerB.Events.Count;
        await using var again = await LabNode.StartAsync(lab.Host("R"), relayOptions);

        var reserved = await peerB.Events.NextAsync<NodeEvents.Reserved>(from: mark);
        Assert.Equal(relay.Id, reserved.Relay);
        await ReachAsync(peerA, peerB, again.Circuit(peerB.Id));
    }

    private static Task ComesAsync(Moment moment, LabNode peerA, LabNode peerB) => moment switch
    {
        Moment.Relayed => peerA.Events.NextAsync<NodeEvents.Connected>(e => e.Relayed),
        Moment.PunchStarted => peerB.Events.NextAsync<NodeEvents.PunchStarted>(),
        _ => peerA.Events.NextAsync<NodeEvents.PunchStarted>(),
    };

    /// <summary>The dial ends, a stream that waits for the direct connection ends, the punch ends on both sides: with success or a reason.</summary>
    private static async Task EndsAsync(Task dialing, LabNode peerA, LabNode peerB)
    {
        await Task.WhenAny(dialing).WaitAsync(EventLog.Guard);
        try
        {
            await Echo.RunAsync(peerA, peerB, relayed: false);
        }
        catch (StreamNotOpenedException failure)
        {
            Assert.NotEmpty(failure.Message);
        }

        foreach (var peer in (LabNode[])[peerA, peerB])
        {
            if (peer.Events.All.OfType<NodeEvents.PunchStarted>().Any())
            {
                var ended = await peer.Events.NextAsync<NodeEvents.PunchEnded>();
                Assert.NotEmpty(ended.Reason);
            }
        }
    }

    /// <summary>Through the relay if need be, and direct in the end.</summary>
    private static async Task ReachAsync(LabNode from, LabNode to, Multiaddr circuit)
    {
        await from.Node.DialAsync(circuit).WaitAsync(EventLog.Guard);
        await Echo.RunAsync(from, to, relayed: false);
        Assert.True(await from.Node.PingAsync(to.Id).WaitAsync(EventLog.Guard) > TimeSpan.Zero);
    }
}
