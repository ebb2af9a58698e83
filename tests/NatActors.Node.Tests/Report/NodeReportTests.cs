using NatActors.Node.Tests.Whole;

namespace NatActors.Node.Tests.Report;

/// <summary>Reports of whole nodes on loopback.</summary>
public sealed class NodeReportTests
{
    [Fact]
    public async Task A_node_reports_itself_and_its_connections()
    {
        await using var far = await LoopbackNode.StartAsync();
        await using var near = await LoopbackNode.StartAsync(o => o with { AgentVersion = "near/1", PortMapping = false });
        await near.Node.DialAsync(far.Address).WaitAsync(LoopbackNode.Guard);

        var report = await near.Node.GetReportAsync().WaitAsync(LoopbackNode.Guard);

        Assert.Equal((near.Id, "near/1"), (report.Self, report.Agent));
        Assert.Equal(near.Node.ListenAddresses, report.Listening);
        var connection = Assert.Single(report.Connections);
        Assert.Equal((far.Id, ""), (connection.Status.Connection.Peer, connection.WhyRelayed));
        Assert.DoesNotContain("connections", report.Unanswered);
        Assert.DoesNotContain("hole punching", report.Unanswered);
    }

    [Fact]
    public async Task Of_a_node_that_has_ended_there_is_none()
    {
        var node = await LoopbackNode.StartAsync();
        await node.DisposeAsync();

        await Assert.ThrowsAnyAsync<Exception>(() => node.Node.GetReportAsync().WaitAsync(LoopbackNode.Guard));
    }

    [Fact]
    public async Task A_relayed_connection_says_why_it_stays_so()
    {
        await using var relay = await LoopbackNode.StartAsync(o => o with { RelayServer = "private" });
        await using var b = await LoopbackNode.StartAsync(o => o with { Relays = [relay.Address] });
        await using var a = await LoopbackNode.StartAsync(o => o with { HolePunching = false });
        var reserved = await b.Events.NextAsync<NodeEvents.Reserved>();
        await a.Node.DialAsync(reserved.Addresses[0]).WaitAsync(LoopbackNode.Guard);
        var over = await b.Events.NextAsync<NodeEvents.PunchEnded>();

        var report = await b.Node.GetReportAsync().WaitAsync(LoopbackNode.Guard);

        Assert.NotEqual("", over.Reason);
        Assert.Equal(over.Reason, report.Connections[0].WhyRelayed);
        Assert.Equal(over, Assert.Single(report.Punches) with { Time = over.Time });
    }
}
