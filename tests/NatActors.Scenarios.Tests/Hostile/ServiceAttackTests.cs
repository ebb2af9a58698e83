using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Node.Connections;
using NatActors.Node.Streams;
using NatActors.Node.Tests.BadInput;
using NatActors.Protocols.HolePunch;
using NatActors.Protocols.Identify;
using NatActors.Protocols.Relay;
using NatActors.Scenarios.Tests.Support;

namespace NatActors.Scenarios.Tests.Hostile;

/// <summary>Attacks on what a node serves: identify, the relay, hole punching; and on a node that dialed its attacker.</summary>
public sealed class ServiceAttackTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Of_an_identify_answer_as_large_as_can_be_only_the_bounds_are_kept()
    {
        await using var world = await HostileWorld.StartAsync();
        var said = new TaskCompletionSource();
        await using var bad = await BadPeer.LinkedAsync(
            world.Victim.Address,
            new Dictionary<string, Func<PeerStream, Task>>
            {
                [IdentifyProtocol.Id] = async stream =>
                {
                    var messages = new MessageStream(stream);
                    foreach (var part in LargestIdentify())
                    {
                        await messages.WriteMessageAsync(part, CancellationToken.None);
                    }

                    await stream.CompleteWritesAsync();
                    said.SetResult();
                },
            },
            HostileWorld.AttackerHost);

        await said.Task.WaitAsync(EventLog.Guard);
        var known = await world.Victim.Events.NextAsync<NodeEvents.Identified>(e => e.Peer == bad.Id);

        Assert.Equal(IdentifyProtocol.MaxVersionLength, known.Agent.Length);
        Assert.InRange(known.Protocols.Count, 1, IdentifyProtocol.MaxProtocols);
        Assert.All(known.Protocols, protocol => Assert.InRange(protocol.Length, 1, IdentifyProtocol.MaxProtocolLength));
        await world.HonestPeersGoOnAsync();
    }

    [Fact]
    public async Task Pushes_beyond_the_rate_of_a_connection_are_not_read()
    {
        await using var world = await HostileWorld.StartAsync(new AbuseOptions { PushesPerSecond = 0.001, PushBurst = 3 });
        await using var bad = await BadPeer.LinkedAsync(
            world.Victim.Address,
            new Dictionary<string, Func<PeerStream, Task>> { [IdentifyProtocol.Id] = stream => SayAsync(stream, Identify("bad/0")) },
            HostileWorld.AttackerHost);
        await world.Victim.Events.NextAsync<NodeEvents.Identified>(e => e.Peer == bad.Id);

        for (var i = 1; i <= 50; i++)
        {
            await PushAsync(bad, $"bad/{i}");
        }

        await world.HonestPeersGoOnAsync();
        await Eventually.IsAsync(() => world.Victim.Node.GetResources().StreamScopes == 0);
        Assert.InRange(world.Victim.Events.All.Count(e => e is NodeEvents.Identified known && known.Peer == bad.Id), 2, 1 + 3);
        Assert.False(bad.Ended.IsCompleted);
    }

    [Fact]
    public async Task Reservations_and_circuits_asked_for_without_end_are_refused_beyond_the_rate()
    {
        await using var world = await HostileWorld.StartAsync(relay: RelayProfile.Private with { AsksPerPeer = new RateLimit(0.01, 10) });
        await using var bad = await BadPeer.LinkedAsync(world.Victim.Address, from: HostileWorld.AttackerHost);
        var answers = new List<RelayStatus?>();

        for (var i = 0; i < 50; i++)
        {
            answers.Add(await AskAsync(bad, new HopMessage.Reserve()));
            answers.Add(await AskAsync(bad, new HopMessage.Connect(world.Friend.Id)));
        }

        Assert.Equal(40, answers.Count(status => status == RelayStatus.ReservationRefused));
        Assert.Equal(40, answers.Count(status => status == RelayStatus.ResourceLimitExceeded));
        await world.HonestPeersGoOnAsync();
        await Eventually.IsAsync(() => world.Victim.Node.GetResources().StreamScopes == 0);
    }

    [Fact]
    public async Task Hop_streams_on_which_nothing_is_asked_keep_nobody_from_the_relay()
    {
        await using var world = await HostileWorld.StartAsync();
        await using var bad = await BadPeer.LinkedAsync(world.Victim.Address, from: HostileWorld.AttackerHost);
        var streams = new List<PeerStream>();
        var refused = 0;
        for (var i = 0; i < Node.Relay.RelayServerActor.MaxPendingHopsPerConnection + 20; i++)
        {
            try
            {
                streams.Add(await bad.OpenAsync(RelayProtocol.Hop));
            }
            catch (IOException)
            {
                // One too many: its reset may overtake the answer to the proposal.
                refused++;
            }
        }

        await world.HonestPeersGoOnAsync();

        Assert.InRange(world.Victim.Node.GetResources().StreamScopes, 1, Node.Relay.RelayServerActor.MaxPendingHopsPerConnection);
        Assert.InRange(refused, 0, 20);
        bad.Link.Abort();
        await world.SettledAsync();
    }

    [Fact]
    public async Task A_circuit_whose_receiver_takes_nothing_is_reset()
    {
        await using var world = await HostileWorld.StartAsync(new AbuseOptions { StallTimeout = Second });
        var stopped = new TaskCompletionSource();
        await using var receiver = await BadPeer.LinkedAsync(
            world.Victim.Address,
            new Dictionary<string, Func<PeerStream, Task>>
            {
                [RelayProtocol.Stop] = async stream =>
                {
                    var messages = new MessageStream(stream);
                    await messages.ReadMessageAsync(RelayCodec.MaxMessageSize, CancellationToken.None);
                    await messages.WriteMessageAsync(RelayCodec.Encode(new StopMessage.Status(RelayStatus.Ok)), CancellationToken.None);
                    await stopped.Task;
                },
            },
            HostileWorld.AttackerHost);
        Assert.Equal(RelayStatus.Ok, await AskAsync(receiver, new HopMessage.Reserve()));
        await using var sender = await BadPeer.LinkedAsync(world.Victim.Address, from: HostileWorld.AttackerHost);
        var circuit = await sender.OpenAsync(RelayProtocol.Hop);
        Assert.Equal(RelayStatus.Ok, await AskAsync(circuit, new HopMessage.Connect(receiver.Id)));

        var sending = Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (true)
            {
                await circuit.WriteAsync(new byte[64 * 1024]).AsTask().WaitAsync(EventLog.Guard);
            }
        });
        await world.HonestPeersGoOnAsync();

        await sending;
        stopped.SetResult();
        await Eventually.IsAsync(() => world.Victim.Node.GetResources().StreamScopes == 0);
    }

    [Fact]
    public async Task Dcutr_from_the_wrong_side_or_without_a_relay_is_reset_and_starts_nothing()
    {
        await using var world = await HostileWorld.StartAsync();
        await using var bad = await BadPeer.LinkedAsync(world.Victim.Address, from: HostileWorld.AttackerHost);
        for (var i = 0; i < 50; i++)
        {
            await Assert.ThrowsAnyAsync<IOException>(async () =>
            {
                // The reset may overtake the answer to the proposal.
                var stream = await bad.OpenAsync(HolePunchCodec.Protocol);
                await stream.WriteAsync(HolePunchCodec.Encode(new HolePunchMessage.Connect([Multiaddr.Parse("/ip4/127.0.0.66/tcp/1")])));
                await stream.ReadExactlyAsync(new byte[1]).AsTask().WaitAsync(EventLog.Guard);
            });
        }

        await world.HonestPeersGoOnAsync();
        await Eventually.IsAsync(() => world.Victim.Node.GetResources().StreamScopes == 0);
        Assert.DoesNotContain(world.Victim.Events.All, e => e is NodeEvents.PunchStarted or NodeEvents.PunchEnded);
    }

    [Fact]
    public async Task A_server_that_was_dialed_and_drips_its_handshake_fails_the_dial_in_its_time()
    {
        await using var world = await HostileWorld.StartAsync(
            connections: new ConnectionOptions { UpgradeTimeout = Second, DialTimeout = Second });
        using var listener = new System.Net.Sockets.TcpListener(HostileWorld.AttackerHost, 0);
        listener.Start();
        using var key = PrivateKey.GenerateEd25519(Transports.SystemRandomSource.Instance);
        var address = Multiaddr.FromTcp((System.Net.IPEndPoint)listener.LocalEndpoint).WithPeerId(key.PeerId);
        var dialing = Assert.ThrowsAsync<PeerUnreachableException>(() => world.Victim.Node.DialAsync(address).WaitAsync(EventLog.Guard));
        await using var conduit = SocketConduit.Of(await listener.AcceptSocketAsync());
        var dripping = Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            foreach (var one in "\u0013/multistream/1.0.0\n\u0007/noise\n"u8.ToArray().Concat(new byte[1000]))
            {
                await conduit.WriteAsync(new[] { one });
                await Idle.ForAsync(TimeSpan.FromMilliseconds(100));
            }
        });

        await world.HonestPeersGoOnAsync();

        await dialing;
        await dripping;
        await world.SettledAsync();
    }

    private static async Task<RelayStatus?> AskAsync(BadPeer peer, HopMessage question)
    {
        await using var stream = await peer.OpenAsync(RelayProtocol.Hop);
        return await AskAsync(stream, question);
    }

    private static async Task<RelayStatus?> AskAsync(PeerStream stream, HopMessage question)
    {
        var messages = new MessageStream(stream);
        await messages.WriteMessageAsync(RelayCodec.Encode(question), CancellationToken.None);
        var answer = await messages.ReadMessageAsync(RelayCodec.MaxMessageSize, CancellationToken.None).AsTask().WaitAsync(EventLog.Guard);
        messages.Release();
        return (RelayCodec.DecodeHop(answer.Message!.Value.Span).Message as HopMessage.Status)?.Code;
    }

    private static async Task PushAsync(BadPeer bad, string agent)
    {
        try
        {
            var stream = await bad.OpenAsync(IdentifyProtocol.PushId);
            await SayAsync(stream, Identify(agent));
            await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(EventLog.Guard);
        }
        catch (IOException)
        {
            // Reset: it was one too many.
        }
    }

    private static async Task SayAsync(PeerStream stream, byte[] message)
    {
        await new MessageStream(stream).WriteMessageAsync(message, CancellationToken.None);
        await stream.CompleteWritesAsync();
    }

    /// <summary>Field 6, the agent version.</summary>
    private static byte[] Identify(string agent) => [0x32, (byte)agent.Length, .. System.Text.Encoding.ASCII.GetBytes(agent)];

    /// <summary>Four messages of nearly 8 KiB: one long agent, protocols of one byte and of thousands, addresses.</summary>
    private static IEnumerable<byte[]> LargestIdentify()
    {
        const int Room = 8000;
        yield return [0x32, 0xc0, 0x3e, .. Enumerable.Repeat((byte)'a', Room)];
        yield return [0x1a, 0xc0, 0x3e, .. Enumerable.Repeat((byte)'p', Room)];
        yield return [.. Enumerable.Range(0, Room / 5).SelectMany(i => (byte[])[0x1a, 0x03, (byte)('a' + (i / 26 / 26)), (byte)('a' + (i / 26 % 26)), (byte)('a' + (i % 26))])];
        yield return [.. Enumerable.Range(0, Room / 10).SelectMany(i => (byte[])[0x12, 0x08, 0x04, 127, 0, (byte)(i >> 8), (byte)i, 0x06, 0x10, 0x00])];
    }
}
