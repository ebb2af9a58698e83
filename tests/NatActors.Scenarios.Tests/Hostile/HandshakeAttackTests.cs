using System.Net;
using System.Text;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Node.Connections;
using NatActors.Node.Negotiation;
using NatActors.Node.Tests.BadInput;
using NatActors.Scenarios.Tests.Support;
using NatActors.Transports;
using NatActors.Wire.Muxing;
using NatActors.Wire.Negotiation;
using NatActors.Wire.Security;

namespace NatActors.Scenarios.Tests.Hostile;

/// <summary>Attacks that never become a connection: crowds, churn, and a slow loris in every phase of the handshake.</summary>
public sealed class HandshakeAttackTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>Any number of connects, so that a test meets the other bounds.</summary>
    private static readonly AbuseOptions Patient = new() { AcceptsPerSecond = 100_000, AcceptBurst = 100_000 };

    [Fact]
    public async Task Half_open_handshakes_of_one_host_take_its_share_of_the_places_and_no_more()
    {
        await using var world = await HostileWorld.StartAsync(
            Patient with { MaxPendingPerNetwork = 4, HandshakeGrace = 60 * Second },
            new ConnectionOptions { MaxPendingInbound = 8, UpgradeTimeout = 3 * Second });

        var crowd = await CrowdAsync(world, 50, _ => HostileWorld.AttackerHost);
        await Eventually.IsAsync(() => world.Refused("too-many-pending") >= 40);
        Assert.InRange(world.Victim.Node.GetResources().Transient.Usage.InboundConnections, 0, 4);
        await world.HonestPeersGoOnAsync();

        await AllAreCutAsync(crowd);
        await world.SettledAsync();
    }

    [Fact]
    public async Task When_all_places_are_taken_the_host_that_holds_most_loses_its_oldest_to_a_newcomer()
    {
        await using var world = await HostileWorld.StartAsync(
            Patient with { MaxPendingPerNetwork = 8, HandshakeGrace = 60 * Second },
            new ConnectionOptions { MaxPendingInbound = 8, UpgradeTimeout = 4 * Second });

        var crowd = await CrowdAsync(world, 8, _ => HostileWorld.AttackerHost);
        await Eventually.IsAsync(() => world.Victim.Node.GetResources().Transient.Usage.InboundConnections == 8);
        await world.HonestPeersGoOnAsync();

        Assert.True(world.Refused("displaced") >= 1);
        Assert.Equal(0, world.Refused("too-many-pending"));
        await AllAreCutAsync(crowd);
        await world.SettledAsync();
    }

    [Fact]
    public async Task A_crowd_of_many_hosts_keeps_nobody_out_once_its_grace_is_over()
    {
        await using var world = await HostileWorld.StartAsync(
            Patient with { HandshakeGrace = TimeSpan.Zero }, new ConnectionOptions { MaxPendingInbound = 8, UpgradeTimeout = 4 * Second });

        var crowd = await CrowdAsync(world, 8, i => IPAddress.Parse($"127.0.1.{i + 1}"));
        await Eventually.IsAsync(() => world.Victim.Node.GetResources().Transient.Usage.InboundConnections == 8);
        await world.HonestPeersGoOnAsync();

        Assert.True(world.Refused("displaced") >= 1);
        await AllAreCutAsync(crowd);
        await world.SettledAsync();
    }

    [Fact]
    public async Task Connections_that_come_and_go_without_end_are_cut_before_they_cost_a_handshake()
    {
        await using var world = await HostileWorld.StartAsync(
            new AbuseOptions { AcceptsPerSecond = 1, AcceptBurst = 20 }, new ConnectionOptions { MaxInboundPerNetwork = 10 },
            NatActors.Protocols.Relay.RelayProfile.Private);

        // The burst is what may stay of a network where that is more, a private relay's reservations among them.
        const int Churn = 3000;
        for (var i = 0; i < Churn; i++)
        {
            (await SocketConduit.TryConnectAsync(world.Victim.Address, HostileWorld.AttackerHost))?.Abort();
        }

        await Eventually.IsAsync(() => world.Refused("too-fast-from-network") >= 500);
        await world.HonestPeersGoOnAsync();
        await world.SettledAsync();
    }

    public static TheoryData<string> Phases => ["silence", "multistream header", "noise, first message", "noise, proof", "muxer", "muxer proposals"];

    [Theory]
    [MemberData(nameof(Phases))]
    public async Task A_slow_loris_in_any_phase_of_the_handshake_has_the_time_of_one_handshake(string phase)
    {
        await using var world = await HostileWorld.StartAsync(Patient, new ConnectionOptions { UpgradeTimeout = Second });

        await using var conduit = await EnterAsync(world, phase);
        var dripping = DripAsync(conduit, phase == "silence" ? [] : Rest(phase));
        await world.HonestPeersGoOnAsync();

        Assert.True(await BadPeer.IsCutAsync(conduit));
        await dripping;
        await world.SettledAsync();
        Assert.DoesNotContain(
            world.Victim.Events.All, e => e is NodeEvents.Connected up && up.Address.ToString().Contains("127.0.0.66", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_proposes_protocols_without_end_is_cut_after_as_many_as_the_option_allows()
    {
        await using var world = await HostileWorld.StartAsync(Patient with { NegotiationRounds = 5 });
        await using var conduit = await SocketConduit.ConnectAsync(world.Victim.Address, HostileWorld.AttackerHost);
        byte[] proposals = [.. Line(Multistream.Header), .. Enumerable.Range(0, 5).SelectMany(i => Line($"/nonsense/{i}"))];
        await conduit.WriteAsync(proposals);
        var answers = new byte[Line(Multistream.Header).Length + (5 * Line("na").Length)];
        await ReadExactlyAsync(conduit, answers);

        await conduit.WriteAsync(Line("/nonsense/5"));

        Assert.True(await BadPeer.IsCutAsync(conduit));
        await world.HonestPeersGoOnAsync();
        await world.SettledAsync();
    }

    /// <summary>Honest up to that phase.</summary>
    private static async Task<IConduit> EnterAsync(HostileWorld world, string phase)
    {
        if (phase.StartsWith("muxer", StringComparison.Ordinal))
        {
            return (await BadPeer.WithoutMuxerAsync(world.Victim.Address, HostileWorld.AttackerHost)).Secured;
        }

        var conduit = await SocketConduit.ConnectAsync(world.Victim.Address, HostileWorld.AttackerHost);
        if (!phase.StartsWith("noise", StringComparison.Ordinal))
        {
            return conduit;
        }

        var agreed = await ConduitNegotiation.ProposeAsync(conduit, [NoiseHandshake.ProtocolId], CancellationToken.None).WaitAsync(EventLog.Guard);
        if (phase == "noise, proof")
        {
            using var key = PrivateKey.GenerateEd25519(SystemRandomSource.Instance);
            using var handshake = new NoiseHandshake(initiator: true, key, SystemRandomSource.Instance, null, []);
            var output = new System.Buffers.ArrayBufferWriter<byte>();
            handshake.Start(output);
            await agreed.Conduit.WriteAsync(output.WrittenMemory);
            await agreed.Conduit.ReadAsync(new byte[4096]);
        }

        return agreed.Conduit;
    }

    /// <summary>What it then says as slowly as it can.</summary>
    private static byte[] Rest(string phase) => phase switch
    {
        "multistream header" => Line(Multistream.Header),
        "noise, first message" => [0, 32, .. new byte[31]],
        "noise, proof" => [1, 0, .. new byte[255]],
        "muxer" => Line(Multistream.Header),
        _ => [.. Line(Multistream.Header), .. Enumerable.Range(0, 30).SelectMany(i => Line($"/mplex/{i}"))],
    };

    private static async Task DripAsync(IConduit conduit, byte[] bytes)
    {
        try
        {
            foreach (var one in bytes)
            {
                await conduit.WriteAsync(new[] { one });
                await Idle.ForAsync(TimeSpan.FromMilliseconds(100));
            }
        }
        catch (IOException)
        {
            // Cut, as it should be.
        }
    }

    private static async Task<List<SocketConduit>> CrowdAsync(HostileWorld world, int count, Func<int, IPAddress> from)
    {
        var crowd = new List<SocketConduit>();
        for (var i = 0; i < count; i++)
        {
            if (await SocketConduit.TryConnectAsync(world.Victim.Address, from(i)) is { } conduit)
            {
                crowd.Add(conduit);
            }
        }

        return crowd;
    }

    private static async Task AllAreCutAsync(List<SocketConduit> crowd)
    {
        await Task.WhenAll(crowd.Select(BadPeer.IsCutAsync));
        crowd.ForEach(conduit => conduit.Abort());
    }

    private static async Task ReadExactlyAsync(SocketConduit conduit, byte[] buffer)
    {
        for (var filled = 0; filled < buffer.Length;)
        {
            var read = await conduit.ReadAsync(buffer.AsMemory(filled)).AsTask().WaitAsync(EventLog.Guard);
            Assert.NotEqual(0, read);
            filled += read;
        }
    }

    private static byte[] Line(string text) => [(byte)(text.Length + 1), .. Encoding.ASCII.GetBytes(text), (byte)'\n'];
}
