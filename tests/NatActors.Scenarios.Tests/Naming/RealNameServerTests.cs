using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Scenarios.Tests.Support;

namespace NatActors.Scenarios.Tests.Naming;

/// <summary>Nothing configured but a name: the whole path, with the names served by the real dnsmasq.</summary>
public sealed class RealNameServerTests
{
    private static readonly LabPlan Plan = LabPlan.TwoPeers(RouterType.PortRestricted, RouterType.PortRestricted);

    [SkippableFact]
    public async Task Two_nodes_that_know_one_name_find_a_relay_by_themselves_and_go_direct()
    {
        Dnsmasq.OrSkip();
        await using var lab = Laboratory.Create(Plan);
        await using var s = await LabNode.StartAsync(lab.Host("S"), new NodeOptions { RelayServer = "public" });
        await using var names = await Dnsmasq.StartAsync(
            lab.Host("T"),
            $"--host-record=s.example,{s.Host.Address}", "--cname=alias.example,s.example",
            $"--txt-record=_dnsaddr.net.example,dnsaddr=/dns4/alias.example/tcp/{LabNode.DefaultPort}/p2p/{s.Id}");
        var options = new NodeOptions { Bootstrap = [Multiaddr.Parse("/dnsaddr/net.example")], NameServers = [names.EndPoint] };
        await using var a = await LabNode.StartAsync(lab.Host("A"), options);
        await using var b = await LabNode.StartAsync(lab.Host("B"), options);

        var reserved = await a.Events.NextAsync<NodeEvents.Reserved>();
        Assert.Equal(s.Id, reserved.Relay);
        await b.Node.DialAsync(reserved.Addresses[0]).WaitAsync(EventLog.Guard);

        var direct = await b.Events.NextAsync<NodeEvents.Connected>(e => e.Peer == a.Id && !e.Relayed);
        Assert.True(direct.PortReused);
    }

    [SkippableFact]
    public async Task Records_that_do_not_fit_a_datagram_are_fetched_over_TCP()
    {
        Dnsmasq.OrSkip();
        await using var lab = Laboratory.Create(Plan);
        await using var s = await LabNode.StartAsync(lab.Host("S"));
        var others = Enumerable.Range(0, 20)
            .Select(i => $"--txt-record=_dnsaddr.net.example,dnsaddr=/ip4/{lab.Host("U").Address}/tcp/{i + 1}/p2p/{LabNode.NewKey().PeerId}");
        await using var names = await Dnsmasq.StartAsync(
            lab.Host("T"), [.. others, $"--txt-record=_dnsaddr.net.example,dnsaddr={s.Address}"]);
        await using var a = await LabNode.StartAsync(lab.Host("A"), new NodeOptions { NameServers = [names.EndPoint] });

        await a.Node.DialAsync(Multiaddr.Parse("/dnsaddr/net.example").WithPeerId(s.Id)).WaitAsync(EventLog.Guard);

        // Once over UDP, where it was cut, and once over TCP.
        Assert.Equal(2, names.Queries.Count(q => q.Contains("query[TXT] _dnsaddr.net.example", StringComparison.Ordinal)));
    }

    [SkippableFact]
    public async Task A_name_that_does_not_exist_and_a_server_that_does_not_serve_are_told_in_their_words()
    {
        Dnsmasq.OrSkip();
        await using var lab = Laboratory.Create(Plan);
        await using var names = await Dnsmasq.StartAsync(lab.Host("T"));
        await using var a = await LabNode.StartAsync(lab.Host("A"), new NodeOptions { NameServers = [names.EndPoint] });
        var peer = LabNode.NewKey().PeerId;

        Assert.Contains("none.example does not exist", await FailureAsync($"/dns4/none.example/tcp/1/p2p/{peer}"), StringComparison.Ordinal);
        Assert.Contains("REFUSED", await FailureAsync($"/dns4/none.other/tcp/1/p2p/{peer}"), StringComparison.Ordinal);

        async Task<string> FailureAsync(string address) => (await Assert.ThrowsAsync<PeerUnreachableException>(
            () => a.Node.DialAsync(Multiaddr.Parse(address)).WaitAsync(EventLog.Guard))).Message;
    }
}
