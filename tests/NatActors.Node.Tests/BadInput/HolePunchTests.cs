using System.Net;
using System.Net.Sockets;
using NatActors.Multiformats;
using NatActors.Node.Streams;
using NatActors.Node.Tests.Whole;
using NatActors.Protocols.HolePunch;
using NatActors.Wire.Framing;

namespace NatActors.Node.Tests.BadInput;

/// <summary>Peers that abuse a hole punch, reached through an honest relay.</summary>
[Collection(BadInputCollection.Name)]
public sealed class HolePunchTests
{
    private static readonly PunchOptions Quick = new()
    {
        ObservationHold = TimeSpan.FromMilliseconds(200),
        ReplyTimeout = TimeSpan.FromSeconds(1),
        BeginTimeout = TimeSpan.FromSeconds(1),
        NextRoundTimeout = TimeSpan.FromSeconds(1),
    };

    public static TheoryData<string, int> Words => new()
    {
        { "nothing", 0 },
        { "a sync before a connect", 1 },
        { "garbage", 2 },
        { "a message that is too long", 3 },
        { "a thousand addresses", 4 },
        { "connects without end", 5 },
        { "syncs without end", 6 },
        { "an end", 7 },
    };

    [Theory]
    [MemberData(nameof(Words))]
    public async Task Nonsense_from_the_side_that_begins_ends_in_a_reason(string what, int word)
    {
        Assert.NotEmpty(what);
        await using var relay = await LoopbackNode.StartAsync(o => o with { RelayServer = "private" });
        await using var victim = await Victim.StartAsync(o => o with { Punch = Quick });
        await using var bad = await LoopbackNode.StartAsync(o => o with { HolePunching = false, Relays = [relay.Address] });
        await victim.Node.Node.DialAsync((await bad.Events.NextAsync<NodeEvents.Reserved>()).Addresses[0]).WaitAsync(LoopbackNode.Guard);
        await bad.Events.NextAsync<NodeEvents.Connected>(e => e.Peer == victim.Node.Id);

        await using var stream = await bad.Node.OpenStreamAsync(victim.Node.Id, HolePunchCodec.Protocol, allowLimited: true)
            .WaitAsync(LoopbackNode.Guard);
        await SayAsync(stream, word, []);

        var ended = await victim.Node.Events.NextAsync<NodeEvents.PunchEnded>();
        Assert.Equal(PunchOutcome.Relayed, ended.Outcome);
        await victim.Node.Node.PingAsync(bad.Id).WaitAsync(LoopbackNode.Guard);
        await victim.IsWellAsync();
    }

    [Theory]
    [MemberData(nameof(Words))]
    public async Task Nonsense_from_the_side_that_answers_ends_in_a_reason(string what, int word)
    {
        Assert.NotEmpty(what);
        await using var relay = await LoopbackNode.StartAsync(o => o with { RelayServer = "private" });
        await using var victim = await Victim.StartAsync(o => o with { Punch = Quick, Relays = [relay.Address] });
        await using var bad = await LoopbackNode.StartAsync(o => o with { HolePunching = false });
        using var serving = bad.Node.Handle(HolePunchCodec.Protocol, (stream, _) => SayAsync(stream, word, []), allowLimited: true);
        await bad.Node.DialAsync((await victim.Node.Events.NextAsync<NodeEvents.Reserved>()).Addresses[0]).WaitAsync(LoopbackNode.Guard);

        var ended = await victim.Node.Events.NextAsync<NodeEvents.PunchEnded>();

        Assert.Equal(PunchOutcome.Relayed, ended.Outcome);
        await bad.Node.PingAsync(victim.Node.Id).WaitAsync(LoopbackNode.Guard);
        await victim.IsWellAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Addresses_inside_this_machine_are_not_dialed(bool begins)
    {
        using var inside = new TcpListener(IPAddress.Loopback, 0);
        inside.Start();
        var accepting = inside.AcceptSocketAsync();
        var port = ((IPEndPoint)inside.LocalEndpoint).Port;
        Multiaddr[] addresses =
        [
            Multiaddr.Parse($"/ip4/127.0.0.1/tcp/{port}"), Multiaddr.Parse($"/ip4/127.8.8.8/tcp/{port}"), Multiaddr.Parse($"/ip6/::1/tcp/{port}"),
            Multiaddr.Parse($"/ip4/0.0.0.0/tcp/{port}"), Multiaddr.Parse($"/ip6/::ffff:127.0.0.1/tcp/{port}"), Multiaddr.Parse($"/ip6/::/tcp/{port}"),
            Multiaddr.Parse("/ip4/10.0.0.1/tcp/1"), Multiaddr.Parse("/ip4/169.254.169.254/tcp/80"), Multiaddr.Parse("/ip4/224.0.0.1/tcp/1"),
            Multiaddr.Parse("/ip4/255.255.255.255/tcp/1"),
        ];
        await using var relay = await LoopbackNode.StartAsync(o => o with { RelayServer = "private" });
        await using var victim = await Victim.StartAsync(o => o with { Punch = Quick, Relays = begins ? [relay.Address] : [] });
        await using var bad = await LoopbackNode.StartAsync(o => o with { HolePunching = false, Relays = begins ? [] : [relay.Address] });
        using var serving = bad.Node.Handle(HolePunchCodec.Protocol, (stream, _) => SayAsync(stream, 8, addresses), allowLimited: true);
        var (dialer, dialed) = begins ? (bad, victim.Node) : (victim.Node, bad);
        await dialer.Node.DialAsync((await dialed.Events.NextAsync<NodeEvents.Reserved>()).Addresses[0]).WaitAsync(LoopbackNode.Guard);
        if (!begins)
        {
            await bad.Events.NextAsync<NodeEvents.Connected>(e => e.Peer == victim.Node.Id);
            await using var stream = await bad.Node.OpenStreamAsync(victim.Node.Id, HolePunchCodec.Protocol, allowLimited: true)
                .WaitAsync(LoopbackNode.Guard);
            await SayAsync(stream, 8, addresses);
        }

        var ended = await victim.Node.Events.NextAsync<NodeEvents.PunchEnded>();

        Assert.Equal(PunchOutcome.Relayed, ended.Outcome);
        Assert.False(accepting.IsCompleted);
        await victim.IsWellAsync();
    }

    private static async Task SayAsync(PeerStream stream, int word, Multiaddr[] addresses)
    {
        byte[] connect = MessageWriter.Frame(HolePunchCodec.Encode(new HolePunchMessage.Connect(
            word == 4 ? [.. Enumerable.Range(0, 250).Select(i => Multiaddr.Parse($"/ip4/240.0.0.{i}/tcp/{i + 1}"))] : addresses)));
        byte[] sync = MessageWriter.Frame(HolePunchCodec.Encode(new HolePunchMessage.Sync()));
        try
        {
            switch (word)
            {
                case 0: break;
                case 1: await stream.WriteAsync(sync); break;
                case 2: await stream.WriteAsync("\u0009not proto"u8.ToArray()); break;
                case 3: await stream.WriteAsync(new byte[] { 0x81, 0x20 }); await stream.WriteAsync(new byte[4097]); break;
                case 5: await RepeatAsync(stream, connect); break;
                case 6: await stream.WriteAsync(connect); await RepeatAsync(stream, sync); break;
                case 7: await stream.CompleteWritesAsync(); return;
                default: await stream.WriteAsync(connect); await stream.WriteAsync(sync); break;
            }

            await stream.CopyToAsync(Stream.Null).WaitAsync(LoopbackNode.Guard);
        }
        catch (IOException)
        {
            // Cut, as it should be.
        }
    }

    private static async Task RepeatAsync(PeerStream stream, byte[] message)
    {
        for (var i = 0; i < 100_000; i++)
        {
            await stream.WriteAsync(message).AsTask().WaitAsync(LoopbackNode.Guard);
        }
    }
}
