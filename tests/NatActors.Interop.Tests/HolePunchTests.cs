using System.Security.Cryptography;
using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Node.Ping;
using NatActors.Protocols.HolePunch;
using NatActors.Scenarios.Tests.Support;
using NatActors.Testing;
using NatActors.Testing.Js;

namespace NatActors.Interop.Tests;

/// <summary>
/// DCUtR with js behind kernel routers, in both roles. js has no shared port: what it dials comes from a random one, and nobody can
/// punch towards it. So the two meet where either can be dialed, and elsewhere the exchange runs and the node says why nothing came of it.
/// </summary>
public sealed class HolePunchTests(LabFixture fixture) : IClassFixture<LabFixture>
{
    private const string Listen = "/ip4/0.0.0.0/tcp/4001";
    private const int EchoBytes = 64 << 10;

    private static readonly RouterKind Refusing = new(RouterType.PortRestricted, RouterModifiers.Rst);

    [SkippableFact]
    public async Task Js_that_dialed_us_comes_in_where_our_router_lets_it()
    {
        var lab = Lab(a: RouterType.PortRestricted, b: RouterType.FullCone);
        await using var relay = await JsRelayAsync(lab.Host("R"));
        await using var ours = await OursAsync(lab.Host("B"), relay);
        await using var js = await JsAsync(lab.Host("A"));

        Assert.True((await js.DialAsync(await CircuitAsync(ours))).Relayed);

        await ExpectDirectAsync(ours, js);
    }

    [SkippableFact]
    public async Task Js_that_we_dialed_comes_in_where_our_router_lets_it()
    {
        var lab = Lab(a: RouterType.FullCone, b: RouterType.PortRestricted);
        await using var relay = await JsRelayAsync(lab.Host("R"));
        await using var js = await JsAsync(lab.Host("B"));
        await using var ours = await OursAsync(lab.Host("A"), relay);
        var circuit = Assert.Single(await js.ReserveAsync(relay.Addresses[0]));

        Assert.True((await ours.Node.DialAsync(Multiaddr.Parse(circuit)).WaitAsync(EventLog.Guard)).Relayed);

        await ExpectDirectAsync(ours, js);
    }

    [SkippableFact]
    public async Task A_public_js_that_we_dialed_is_reached_directly()
    {
        var lab = Lab(a: Refusing, b: RouterType.PortRestricted);
        await using var relay = await OurRelayAsync(lab.Host("R"));
        await using var js = await PublicJsAsync(lab.Host("S"));
        await using var ours = await LabNode.StartAsync(lab.Host("A"), new NodeOptions { Echo = true });
        var circuit = (await js.ReserveAsync(relay.Address.ToString()))[0];

        Assert.True((await ours.Node.DialAsync(Multiaddr.Parse(circuit)).WaitAsync(EventLog.Guard)).Relayed);

        await ExpectDirectAsync(ours, js);
    }

    [SkippableFact]
    public async Task A_public_js_that_dialed_us_is_reached_directly()
    {
        var lab = Lab(a: RouterType.PortRestricted, b: Refusing);
        await using var relay = await OurRelayAsync(lab.Host("R"));
        await using var ours = await LabNode.StartAsync(lab.Host("B"), new NodeOptions { Relays = [relay.Address], Echo = true });
        await using var js = await PublicJsAsync(lab.Host("S"));

        Assert.True((await js.DialAsync(await CircuitAsync(ours))).Relayed);

        await ExpectDirectAsync(ours, js);
    }

    [SkippableFact]
    public async Task Js_that_a_public_node_of_ours_dialed_comes_to_it()
    {
        var lab = Lab(a: RouterType.PortRestricted, b: RouterType.PortRestricted);
        await using var relay = await OurRelayAsync(lab.Host("R"));
        await using var js = await JsAsync(lab.Host("B"));
        await using var ours = await LabNode.StartAsync(lab.Host("S"), new NodeOptions { Echo = true });
        var circuit = Assert.Single(await js.ReserveAsync(relay.Address.ToString()));

        Assert.True((await ours.Node.DialAsync(Multiaddr.Parse(circuit)).WaitAsync(EventLog.Guard)).Relayed);

        await ExpectDirectAsync(ours, js);
    }

    [SkippableFact]
    public async Task Two_nodes_of_ours_punch_through_with_a_js_relay_between_them()
    {
        var lab = Lab(a: RouterType.PortRestricted, b: RouterType.PortRestricted);
        await using var relay = await JsRelayAsync(lab.Host("R"));
        await using var target = await OursAsync(lab.Host("B"), relay);
        await using var dialer = await LabNode.StartAsync(lab.Host("A"));

        var connection = await dialer.Node.DialAsync(Multiaddr.Parse(await CircuitAsync(target))).WaitAsync(EventLog.Guard);
        Assert.True(connection.Relayed);

        var ended = await target.Events.NextAsync<NodeEvents.PunchEnded>(e => e.Peer == dialer.Id);
        Assert.True(ended is { Outcome: PunchOutcome.Direct, Round: 1 }, $"{ended}{Environment.NewLine}{target.Events}");
        await EchoAsync(dialer, target.Id);
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Where_neither_can_be_dialed_the_pair_stays_relayed_and_says_why(bool jsDials)
    {
        var lab = Lab(a: Refusing, b: Refusing);
        await using var relay = await OurRelayAsync(lab.Host("R"));
        await using var js = await JsAsync(lab.Host(jsDials ? "A" : "B"));
        await using var ours = await LabNode.StartAsync(
            lab.Host(jsDials ? "B" : "A"), new NodeOptions { Relays = [relay.Address], Echo = true });
        var own = await CircuitAsync(ours);
        if (jsDials)
        {
            await js.DialAsync(own);
        }
        else
        {
            var circuit = Assert.Single(await js.ReserveAsync(relay.Address.ToString()));
            await ours.Node.DialAsync(Multiaddr.Parse(circuit)).WaitAsync(EventLog.Guard);
        }

        var ended = await ours.Events.NextAsync<NodeEvents.PunchEnded>(e => e.Peer.ToString() == js.PeerId);

        Assert.Equal(PunchOutcome.Relayed, ended.Outcome);
        Assert.Contains("none of the peer's addresses can be punched to", ended.Reason, StringComparison.Ordinal);
        Assert.Equal(EchoBytes, await js.EchoAsync(ours.Id.ToString(), EchoBytes, "relayed"));
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Rounds_in_which_both_dial_in_vain_end_with_what_the_dials_came_to(bool jsDials)
    {
        var lab = Lab(a: Refusing, b: Refusing);
        var (near, far) = jsDials ? ("B", "A") : ("A", "B");
        await using var relay = await OurRelayAsync(lab.Host("R"));
        await using var js = await JsPeer.StartInAsync(
            lab.Host(far).Namespace, "--listen", Listen, "--append-announce", $"/ip4/{lab.Router($"N{far}").PublicAddress}/tcp/4001", "--dcutr");
        await using var ours = await LabNode.StartAsync(lab.Host(near), new NodeOptions { Relays = [relay.Address] });
        var own = await CircuitAsync(ours);
        if (jsDials)
        {
            await js.DialAsync(own);
        }
        else
        {
            var circuit = (await js.ReserveAsync(relay.Address.ToString()))[0];
            await ours.Node.DialAsync(Multiaddr.Parse(circuit)).WaitAsync(EventLog.Guard);
        }

        var ended = await ours.Events.NextAsync<NodeEvents.PunchEnded>(e => e.Peer.ToString() == js.PeerId);

        Assert.Equal((PunchOutcome.Relayed, 3), (ended.Outcome, ended.Round));
        Assert.Contains("refused every connect in 3 rounds", ended.Reason, StringComparison.Ordinal);
        Assert.Single(await js.PingAsync(ours.Id.ToString()));
    }

    [SkippableFact]
    public async Task A_js_that_does_not_punch_is_named()
    {
        var lab = Lab(a: Refusing, b: Refusing);
        await using var relay = await OurRelayAsync(lab.Host("R"));
        await using var ours = await LabNode.StartAsync(lab.Host("B"), new NodeOptions { Relays = [relay.Address] });
        await using var js = await JsPeer.StartInAsync(lab.Host("A").Namespace, "--listen", Listen);

        await js.DialAsync(await CircuitAsync(ours));

        var ended = await ours.Events.NextAsync<NodeEvents.PunchEnded>(e => e.Peer.ToString() == js.PeerId);
        Assert.Equal((PunchOutcome.Relayed, PunchReasons.PeerDoesNotSpeak), (ended.Outcome, ended.Reason));
    }

    private static async Task ExpectDirectAsync(LabNode ours, JsPeer js)
    {
        var ended = await ours.Events.NextAsync<NodeEvents.PunchEnded>(e => e.Peer.ToString() == js.PeerId);
        Assert.True(ended.Outcome == PunchOutcome.Direct, $"{ended}{Environment.NewLine}{ours.Events}");
        await js.EventAsync("connected", one => one["peer"]!.GetValue<string>() == ours.Id.ToString() && !one["relayed"]!.GetValue<bool>());

        Assert.Equal(EchoBytes, await js.EchoAsync(ours.Id.ToString(), EchoBytes, "direct"));
        await EchoAsync(ours, PeerId.Parse(js.PeerId));
    }

    private static async Task EchoAsync(LabNode ours, PeerId peer)
    {
        await using var stream = await ours.Node.OpenStreamAsync(peer, EchoService.Id).WaitAsync(EventLog.Guard);
        Assert.False(stream.Relayed);
        var sent = RandomNumberGenerator.GetBytes(EchoBytes);
        var received = new byte[EchoBytes];
        var reading = stream.ReadExactlyAsync(received).AsTask();
        await stream.WriteAsync(sent);
        await stream.CompleteWritesAsync();
        await reading.WaitAsync(EventLog.Guard);
        Assert.Equal(sent, received);
    }

    private static async Task<string> CircuitAsync(LabNode ours) => (await ours.Events.NextAsync<NodeEvents.Reserved>()).Addresses[0].ToString();

    private static Task<LabNode> OurRelayAsync(LabHost host) => LabNode.StartAsync(host, new NodeOptions { RelayServer = "private" });

    private static Task<LabNode> OursAsync(LabHost host, JsPeer relay) =>
        LabNode.StartAsync(host, new NodeOptions { Relays = [Multiaddr.Parse(relay.Addresses[0])], Echo = true });

    private static Task<JsPeer> JsRelayAsync(LabHost host) => JsPeer.StartInAsync(
        host.Namespace, "--listen", Listen, "--announce", Public(host), "--relay-server");

    private static Task<JsPeer> PublicJsAsync(LabHost host) => JsPeer.StartInAsync(
        host.Namespace, "--listen", Listen, "--append-announce", Public(host), "--dcutr", "--echo");

    private static Task<JsPeer> JsAsync(LabHost host) => JsPeer.StartInAsync(host.Namespace, "--listen", Listen, "--dcutr", "--echo");

    private static string Public(LabHost host) => $"/ip4/{host.Address}/tcp/4001";

    private Laboratory Lab(RouterKind a, RouterKind b)
    {
        RequiresJs.OrSkip();
        var lab = fixture.Lab;
        lab.Router("NA").SetKind(a);
        lab.Router("NB").SetKind(b);
        lab.Router("NA").ForgetMappings();
        lab.Router("NB").ForgetMappings();
        return lab;
    }
}
