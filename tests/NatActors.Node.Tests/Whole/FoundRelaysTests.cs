using Akka.Actor;
using NatActors.Node.AutoNat;
using NatActors.Node.Connections;
using NatActors.Node.Relay;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.Relay;

namespace NatActors.Node.Tests.Whole;

/// <summary>Whole nodes that find their relays by themselves, told by the test whether they can be dialed.</summary>
public sealed class FoundRelaysTests
{
    private static readonly RelayProfile Small = RelayProfile.Named("public")! with { MaxReservations = 1 };

    [Fact]
    public async Task A_private_node_that_knows_only_a_bootstrap_peer_finds_and_reserves_it_and_is_reached_through_it()
    {
        await using var s = await StartRelayAsync();
        await using var a = await LoopbackNode.StartAsync(o => o with { Bootstrap = [s.Address], HolePunching = false });
        await using var b = await LoopbackNode.StartAsync(o => o with { HolePunching = false, AutoRelay = new() { Relays = 0 } });
        await a.Events.NextAsync<NodeEvents.Identified>(e => e.Peer == s.Id);

        Verdict(a, Reachability.Private);

        var reserved = await a.Events.NextAsync<NodeEvents.Reserved>();
        Assert.Equal(s.Id, reserved.Relay);
        var connection = await b.Node.DialAsync(reserved.Addresses[0]).WaitAsync(LoopbackNode.Guard);
        Assert.True(connection.Relayed);
        Assert.Equal(a.Id, connection.Peer);
    }

    [Fact]
    public async Task Relays_are_given_back_when_the_node_is_public_and_taken_again_when_it_is_private()
    {
        await using var s = await StartRelayAsync();
        await using var a = await LoopbackNode.StartAsync(o => o with { Bootstrap = [s.Address] });
        Verdict(a, Reachability.Private);
        await a.Events.NextAsync<NodeEvents.Reserved>();

        Verdict(a, Reachability.Public);

        Assert.Contains("publicly reachable", (await a.Events.NextAsync<NodeEvents.ReservationLost>()).Reason, StringComparison.Ordinal);
        Verdict(a, Reachability.Private);
        await a.Events.NthAsync<NodeEvents.Reserved>(2);
    }

    [Fact]
    public async Task A_public_node_takes_no_relay()
    {
        await using var s = await StartRelayAsync();
        await using var a = await LoopbackNode.StartAsync(o => o with { Bootstrap = [s.Address] });
        await a.Events.NextAsync<NodeEvents.Identified>(e => e.Peer == s.Id);

        // Told each time anew: AutoNAT itself says that it does not know.
        var state = await StateAsync(
            a, st => st.Candidates.Any(c => c.Contains("needs no relay", StringComparison.Ordinal)), () => Verdict(a, Reachability.Public));

        Assert.Empty(state.Held);
    }

    [Fact]
    public async Task Without_a_verdict_relays_are_taken_after_a_while()
    {
        await using var s = await StartRelayAsync();
        await using var a = await LoopbackNode.StartAsync(o => o with { Bootstrap = [s.Address] });

        Assert.Equal(s.Id, (await a.Events.NextAsync<NodeEvents.Reserved>()).Relay);
    }

    [Fact]
    public async Task A_relay_that_is_full_is_passed_over_for_another_one_and_the_reason_is_told()
    {
        await using var full = await StartRelayAsync(Small);
        await using var other = await StartRelayAsync();
        await using var first = await LoopbackNode.StartAsync(o => o with { Relays = [full.Address] });
        await first.Events.NextAsync<NodeEvents.Reserved>();
        await using var a = await LoopbackNode.StartAsync(o => o with { Bootstrap = [full.Address, other.Address] });
        Verdict(a, Reachability.Private);

        Assert.Equal(other.Id, (await a.Events.NextAsync<NodeEvents.Reserved>()).Relay);
        var state = await StateAsync(a, st => st.Candidates.Any(c => c.Contains("tried again in", StringComparison.Ordinal)));
        Assert.Equal(other.Id, Assert.Single(state.Held).Relay);
        Assert.Contains("it may be full", Assert.Single(state.Candidates), StringComparison.Ordinal);
        Assert.DoesNotContain(a.Events.All, e => e is NodeEvents.Error);
    }

    [Fact]
    public async Task A_lost_relay_is_replaced_at_once()
    {
        await using var s = await StartRelayAsync();
        var t = await StartRelayAsync();
        await using var a = await LoopbackNode.StartAsync(o => o with { Bootstrap = [t.Address], AutoRelay = new() { Relays = 1, Candidates = [s.Address] } });
        Verdict(a, Reachability.Private);
        var first = (await a.Events.NextAsync<NodeEvents.Reserved>()).Relay;
        var (lost, left) = first == t.Id ? (t, s) : (s, t);

        await lost.DisposeAsync();

        await a.Events.NextAsync<NodeEvents.ReservationLost>(e => e.Relay == first);
        Assert.Equal(left.Id, (await a.Events.NthAsync<NodeEvents.Reserved>(2)).Relay);
        if (lost == s)
        {
            await t.DisposeAsync();
        }
    }

    [Fact]
    public async Task The_budget_of_a_relay_and_of_a_relayed_connection_is_visible()
    {
        await using var s = await StartRelayAsync();
        await using var a = await LoopbackNode.StartAsync(o => o with { Bootstrap = [s.Address], HolePunching = false });
        await using var b = await LoopbackNode.StartAsync(o => o with { HolePunching = false, AutoRelay = new() { Relays = 0 } });
        Verdict(a, Reachability.Private);
        var reserved = await a.Events.NextAsync<NodeEvents.Reserved>();

        var relay = Assert.Single((await StateAsync(a, st => st.Held.Any(h => h.Latency is not null))).Held);
        Assert.Equal(reserved.Expires, relay.Expires);
        Assert.False(relay.Configured);
        Assert.Equal(Small.Limits.BytesPerDirection, relay.CircuitBytes);
        Assert.Equal(Small.Limits.Duration, relay.CircuitDuration);
        Assert.Empty(relay.Problem);

        await b.Node.DialAsync(reserved.Addresses[0]).WaitAsync(LoopbackNode.Guard);
        await b.Node.PingAsync(a.Id).WaitAsync(LoopbackNode.Guard);
        foreach (var node in new[] { a, b })
        {
            var peer = node == a ? b.Id : a.Id;
            var status = (await node.Node.GetStatusAsync()).Connections.Single(c => c.Connection.Peer == peer);
            var budget = Assert.IsType<ConnectionsMessages.CircuitBudget>(status.Budget);
            Assert.InRange(budget.BytesToSend!.Value, 1, Small.Limits.BytesPerDirection!.Value - 100);
            Assert.InRange(budget.BytesToReceive!.Value, 1, Small.Limits.BytesPerDirection!.Value - 100);
            Assert.InRange(budget.Time!.Value, TimeSpan.FromSeconds(1), Small.Limits.Duration!.Value);
        }

        Assert.Null((await a.Node.GetStatusAsync()).Connections.Single(c => c.Connection.Peer == s.Id).Budget);
    }

    private static Task<LoopbackNode> StartRelayAsync(RelayProfile? profile = null) =>
        LoopbackNode.StartAsync(o => o with { RelayServer = "public" }, setup => setup with { RelayProfile = profile });

    /// <summary>As if AutoNAT had found out.</summary>
    private static void Verdict(LoopbackNode node, Reachability verdict) =>
        Client(node).Tell(new AutoNatMessages.VerdictChanged(new NodeVerdict { Verdict = verdict }));

    private static ActorSelection Client(LoopbackNode node) => node.System.ActorSelection("/user/node/relay-client");

    private static async Task<RelayClientMessages.State> StateAsync(LoopbackNode node, Func<RelayClientMessages.State, bool> fits, Action? before = null)
    {
        using var guard = new CancellationTokenSource(LoopbackNode.Guard);
        while (true)
        {
            before?.Invoke();
            var state = await Client(node).Ask<RelayClientMessages.State>(new RelayClientMessages.GetState(), guard.Token);
            if (fits(state))
            {
                return state;
            }
        }
    }
}
