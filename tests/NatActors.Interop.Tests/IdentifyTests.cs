using System.Text.Json.Nodes;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Node.Tests.Whole;
using NatActors.Testing.Js;

namespace NatActors.Interop.Tests;

/// <summary>Identify and Identify push with js: what each learns of the other.</summary>
public sealed class IdentifyTests
{
    private const string Loopback = "/ip4/127.0.0.1/tcp/0";
    private const string Ping = "/ipfs/ping/1.0.0";
    private const string Echo = "/echo/1.0.0";

    [SkippableFact]
    public async Task The_dialer_and_the_dialed_learn_who_the_other_is()
    {
        await using var js = await JsPeer.StartAsync("--listen", Loopback, "--echo");
        await using var ours = await LoopbackNode.StartAsync(o => o with { Echo = true });
        await ours.Node.DialAsync(Multiaddr.Parse(js.Addresses[0])).WaitAsync(JsPeer.Guard);

        var theirs = await ours.Events.NextAsync<NodeEvents.Identified>();
        Assert.Equal(js.PeerId, theirs.Peer.ToString());
        Assert.StartsWith("js-libp2p/", theirs.Agent, StringComparison.Ordinal);
        Assert.Contains(Ping, theirs.Protocols);
        Assert.Contains(Echo, theirs.Protocols);

        var told = await js.EventAsync("identified");
        Assert.Equal(ours.Id.ToString(), told["peer"]!.GetValue<string>());
        Assert.StartsWith("natactors/", told["agent"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains(Ping, Texts(told["protocols"]));
        Assert.Contains(Echo, Texts(told["protocols"]));
        Assert.Equal([ours.Address.WithoutPeerId().ToString()], Texts(told["listenAddrs"]));
        Assert.True(told["signed"]!.GetValue<bool>());
    }

    [SkippableFact]
    public async Task Js_sees_our_listen_port_and_its_own_peer_id_is_taken_off()
    {
        await using var js = await JsPeer.StartAsync("--listen", Loopback);
        await using var ours = await LoopbackNode.StartAsync();
        await ours.Node.DialAsync(Multiaddr.Parse(js.Addresses[0])).WaitAsync(JsPeer.Guard);

        Assert.Equal(ours.Address, (await ours.Events.NextAsync<NodeEvents.Identified>()).Observed);
    }

    [SkippableFact]
    public async Task Js_learns_the_address_it_dials_from()
    {
        await using var js = await JsPeer.StartAsync();
        await using var ours = await LoopbackNode.StartAsync();
        await js.DialAsync(ours.Address.ToString());

        var connected = await ours.Events.NextAsync<NodeEvents.Connected>();
        var told = await js.EventAsync("identified");
        Assert.Equal(connected.Address.WithoutPeerId().ToString(), told["observed"]!.GetValue<string>());
    }

    [SkippableFact]
    public async Task A_protocol_served_later_is_pushed_to_js()
    {
        await using var js = await JsPeer.StartAsync("--listen", Loopback);
        await using var ours = await LoopbackNode.StartAsync();
        await ours.Node.DialAsync(Multiaddr.Parse(js.Addresses[0])).WaitAsync(JsPeer.Guard);
        Assert.DoesNotContain("/later/1.0.0", Texts((await js.EventAsync("identified"))["protocols"]));

        using var serving = ours.Node.Handle("/later/1.0.0", (_, _) => Task.CompletedTask);

        await js.EventAsync("identified", one => Texts(one["protocols"]).Contains("/later/1.0.0"));
    }

    [SkippableFact]
    public async Task What_js_pushes_is_learnt()
    {
        await using var js = await JsPeer.StartAsync("--listen", Loopback);
        await using var ours = await LoopbackNode.StartAsync();
        await ours.Node.DialAsync(Multiaddr.Parse(js.Addresses[0])).WaitAsync(JsPeer.Guard);
        Assert.DoesNotContain("/later/1.0.0", (await ours.Events.NextAsync<NodeEvents.Identified>()).Protocols);

        await js.AskAsync("handle", new { protocol = "/later/1.0.0" });

        await ours.Events.NextAsync<NodeEvents.Identified>(e => e.Protocols.Contains("/later/1.0.0"));
    }

    private static List<string> Texts(JsonNode? array) => [.. array!.AsArray().Select(text => text!.GetValue<string>())];
}
