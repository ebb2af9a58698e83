using System.Security.Cryptography;
using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Node;
using NatActors.Node.Ping;
using NatActors.Scenarios.Tests.Support;
using NatActors.Testing;

namespace NatActors.Scenarios.Tests;

/// <summary>
/// Every pair of routers: A dials B through the relay R; the pair goes direct in round one wherever a minimal punch can, and says why where it
/// cannot (the oracle is that of the laboratory's own tests).
/// </summary>
public sealed class HolePunchMatrixTests
{
    private const int EchoBytes = 1 << 20;

    private static readonly RouterType[] Types =
    [
        RouterType.None, RouterType.Firewall, RouterType.FullCone, RouterType.AddrRestricted,
        RouterType.PortForward, RouterType.PortRestricted, RouterType.Symmetric, RouterType.Cgnat,
    ];

    public static TheoryData<string, string> Pairs()
    {
        var data = new TheoryData<string, string>();
        foreach (var a in Types)
        {
            foreach (var b in Types)
            {
                data.Add(new RouterKind(a).ToString(), new RouterKind(b).ToString());
            }
        }

        RouterType[] refusing = [RouterType.Firewall, RouterType.PortRestricted, RouterType.Symmetric, RouterType.Cgnat];
        foreach (var type in refusing)
        {
            var rst = new RouterKind(type, RouterModifiers.Rst);
            data.Add(rst.ToString(), new RouterKind(RouterType.PortRestricted).ToString());
            data.Add(new RouterKind(RouterType.PortRestricted).ToString(), rst.ToString());
            data.Add(rst.ToString(), rst.ToString());
        }

        return data;
    }

    [SkippableTheory]
    [MemberData(nameof(Pairs))]
    public async Task A_pair_goes_direct_in_round_one_or_says_why_not(string a, string b)
    {
        RequiresLab.OrSkip();
        RouterKind.TryParse(a, out var kindA);
        RouterKind.TryParse(b, out var kindB);
        await using var lab = Laboratory.Create(LabPlan.TwoPeers(kindA, kindB));
        await using var relay = await LabNode.StartAsync(lab.Host("R"), new NodeOptions { RelayServer = "private" });
        await using var peerB = await LabNode.StartAsync(lab.Host("B"), new NodeOptions { Relays = [relay.Address], Echo = true });
        await using var peerA = await LabNode.StartAsync(lab.Host("A"));
        await peerB.Events.NextAsync<NodeEvents.Reserved>();

        var connection = await peerA.Node.DialAsync(relay.Circuit(peerB.Id)).WaitAsync(EventLog.Guard);
        Assert.True(connection.Relayed);

        if (Oracle.CanMeet(kindA.Type, kindB.Type))
        {
            var direct = await peerA.Events.NextAsync<NodeEvents.Connected>(e => !e.Relayed && e.Peer == peerB.Id);
            var ended = await peerB.Events.NextAsync<NodeEvents.PunchEnded>(e => e.Peer == peerA.Id);
            Assert.True(ended.Outcome == PunchOutcome.Direct, $"{direct}: {ended}{Environment.NewLine}{peerA.Events}{Environment.NewLine}{peerB.Events}");
            Assert.True(ended.Round <= 1, $"{ended}{Environment.NewLine}{peerB.Events}");
            await EchoAsync(peerA, peerB, relayed: false);
        }
        else
        {
            var ended = await peerB.Events.NextAsync<NodeEvents.PunchEnded>(e => e.Peer == peerA.Id);
            Assert.Equal(PunchOutcome.Relayed, ended.Outcome);
            Assert.Contains("symmetric", ended.Reason, StringComparison.Ordinal);
            await EchoAsync(peerA, peerB, relayed: true);
        }
    }

    private static async Task EchoAsync(LabNode from, LabNode to, bool relayed)
    {
        await using var stream = await from.Node.OpenStreamAsync(to.Id, EchoService.Id, allowLimited: relayed).WaitAsync(EventLog.Guard);
        Assert.Equal(relayed, stream.Relayed);
        var sent = RandomNumberGenerator.GetBytes(EchoBytes);
        var received = new byte[EchoBytes];
        var reading = stream.ReadExactlyAsync(received).AsTask();
        await stream.WriteAsync(sent);
        await stream.CompleteWritesAsync();
        await reading.WaitAsync(EventLog.Guard);
        Assert.True(sent.AsSpan().SequenceEqual(received));
    }
}
