using NatActors.Multiformats;
using NatActors.Node.Tests.Whole;
using NatActors.Protocols.AutoNat;

namespace NatActors.Node.Tests.AutoNat;

/// <summary>Whole nodes on loopback that ask each other whether they can be dialed.</summary>
public class ClientNodesTests
{
    [Fact]
    public async Task A_node_among_three_servers_learns_that_it_can_be_dialed()
    {
        await using var first = await ServerAsync();
        await using var second = await ServerAsync();
        await using var third = await ServerAsync();
        await using var node = await ClientAsync(first, second, third);

        var told = await node.Events.NextAsync<NodeEvents.ReachabilityChanged>();
        var confirmed = await node.Events.NextAsync<NodeEvents.AddressConfirmed>();

        // All on one machine: whoever dials back was contacted before.
        Assert.Equal((Reachability.Public, false), (told.Verdict, told.FilteringProven));
        Assert.Equal(node.Address.WithoutPeerId(), confirmed.Address);
        Assert.Contains("public, filtering unproven", told.Reasons[0], StringComparison.Ordinal);
    }

    private static Task<LoopbackNode> ServerAsync() => LoopbackNode.StartAsync(o => o with
    {
        AutoNat = new AutoNatOptions { AllowPrivateAddresses = true, Serve = AutoNatServing.Always },
    });

    private static Task<LoopbackNode> ClientAsync(params LoopbackNode[] servers) => LoopbackNode.StartAsync(o => o with
    {
        AutoNat = new AutoNatOptions { AllowPrivateAddresses = true, Serve = AutoNatServing.Never },
        Dial = [.. servers.Select(s => s.Address)],
    });
}
