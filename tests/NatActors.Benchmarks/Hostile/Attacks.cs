using System.Text;
using NatActors.Multiformats;
using NatActors.Node.Tests.BadInput;
using NatActors.Protocols.HolePunch;
using NatActors.Protocols.Identify;
using NatActors.Protocols.Perf;
using NatActors.Protocols.Ping;
using NatActors.Protocols.Relay;
using NatActors.Wire.Framing;
using NatActors.Wire.Muxing;
using NatActors.Wire.Negotiation;

namespace NatActors.Benchmarks.Hostile;

/// <summary>One thing that a malicious peer does at its rate.</summary>
/// <param name="Name">As in the figure's id.</param>
/// <param name="What">For people, in a table.</param>
/// <param name="RunAsync">Does it until it is told to stop.</param>
internal sealed record Attack(string Name, string What, Func<AttackRun, Task> RunAsync);

/// <summary>What the issue names, each at the rate that is given, from one host.</summary>
internal static class Attacks
{
    private const int OpenSockets = 512;
    private const int LorisSockets = 64;
    private const uint HugeWindow = 1 << 30;

    public static IReadOnlyList<Attack> All { get; } =
    [
        new("half-open", "half-open handshakes", HalfOpenAsync),
        new("churn", "connects, then resets", ChurnAsync),
        new("handshakes", "whole handshakes, then resets", HandshakesAsync),
        new("loris", "slow loris in handshakes", LorisAsync),
        new("streams", "a ping stream each", run => OverStreamsAsync(run, [.. Words(PingProtocol.Id), .. new byte[PingProtocol.PayloadLength]])),
        new("unnamed", "streams without a protocol", UnnamedAsync),
        new("negotiation", "proposals without end", NegotiationAsync),
        new("idle-frames", "yamux pings", run => IdleFramesAsync(run, 1)),
        new("frame-flood", "yamux pings, a hundredfold", run => IdleFramesAsync(run, 100)),
        new("pushes", "identify pushes", run => OverStreamsAsync(run, [.. Words(IdentifyProtocol.PushId), .. Message([0x32, 1, (byte)'x'])])),
        new("reserves", "reservations asked for", run => HopAsync(run, new HopMessage.Reserve())),
        new("circuits", "circuits asked for", run => HopAsync(run, new HopMessage.Connect(run.Target.PeerId!))),
        new("dcutr", "DCUtR without a relay", run => OverStreamsAsync(run, [.. Words(HolePunchCodec.Protocol), 0])),
        new("unread", "downloads that are not read", UnreadAsync),
    ];

    private static async Task HalfOpenAsync(AttackRun run)
    {
        var open = new Queue<SocketConduit>();
        await run.PaceAsync(async count =>
        {
            for (var i = 0; i < count; i++)
            {
                if (await SocketConduit.TryConnectAsync(run.Target, AttackRun.Host) is { } conduit)
                {
                    open.Enqueue(conduit);
                }

                if (open.Count > OpenSockets)
                {
                    open.Dequeue().Abort();
                }
            }
        });
        foreach (var conduit in open)
        {
            conduit.Abort();
        }
    }

    private static Task ChurnAsync(AttackRun run) => run.PaceAsync(async count =>
    {
        for (var i = 0; i < count; i++)
        {
            (await SocketConduit.TryConnectAsync(run.Target, AttackRun.Host))?.Abort();
        }
    });

    /// <summary>A tenth of the rate: the attacker pays as much for each as the node.</summary>
    private static Task HandshakesAsync(AttackRun run) => run.PaceAsync(
        async count =>
        {
            for (var i = 0; i < count; i++)
            {
                try
                {
                    await using var bad = await BadPeer.SecuredAsync(run.Target, from: AttackRun.Host);
                }
                catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
                {
                    // Not let in.
                }
            }
        },
        share: 0.1);

    private static async Task LorisAsync(AttackRun run)
    {
        var header = Line(Multistream.Header);
        var open = new SocketConduit?[LorisSockets];
        var said = new int[LorisSockets];
        var turn = 0;
        await run.PaceAsync(async count =>
        {
            for (var i = 0; i < count; i++, turn = (turn + 1) % LorisSockets)
            {
                try
                {
                    if (open[turn] is not { } conduit)
                    {
                        (open[turn], said[turn]) = (await SocketConduit.TryConnectAsync(run.Target, AttackRun.Host), 0);
                    }
                    else if (said[turn] < header.Length)
                    {
                        await conduit.WriteAsync(header.AsMemory(said[turn]++, 1));
                    }
                }
                catch (IOException)
                {
                    open[turn] = null;
                }
            }
        });
        foreach (var conduit in open)
        {
            conduit?.Abort();
        }
    }

    private static Task OverStreamsAsync(AttackRun run, byte[] said) => run.OverConnectionAsync(async (link, count) =>
    {
        for (var i = 0; i < count; i++)
        {
            link.AddStream(said);
        }

        await link.SendAsync();
    });

    private static Task HopAsync(AttackRun run, HopMessage question) =>
        OverStreamsAsync(run, [.. Words(RelayProtocol.Hop), .. Message(RelayCodec.Encode(question))]);

    private static Task UnnamedAsync(AttackRun run) => run.OverConnectionAsync(async (link, count) =>
    {
        for (var i = 0; i < count; i++)
        {
            link.Add(new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.Syn, link.NextStream(), 0));
        }

        await link.SendAsync();
    });

    private static Task NegotiationAsync(AttackRun run)
    {
        byte[] said = [.. Line(Multistream.Header), .. Enumerable.Range(0, Multistream.MaxRounds).SelectMany(i => Line($"/nonsense/{i}"))];
        return run.OverConnectionAsync(
            async (link, count) =>
            {
                for (var i = 0; i < count; i++)
                {
                    link.AddStream(said);
                }

                await link.SendAsync();
            },
            share: 1.0 / Multistream.MaxRounds);
    }

    private static Task IdleFramesAsync(AttackRun run, double share) => run.OverConnectionAsync(
        async (link, count) =>
        {
            for (var i = 0; i < count; i++)
            {
                link.Add(new YamuxHeader(YamuxFrameType.Ping, YamuxFlags.Syn, 0, (uint)i));
            }

            await link.SendAsync();
        },
        share);

    /// <summary>Four connections with two measurements each, which is all that one peer gets, all windows open, and nothing is ever read.</summary>
    private static async Task UnreadAsync(AttackRun run)
    {
        var peers = new List<BadPeer>();
        for (var i = 0; i < 4; i++)
        {
            var bad = await BadPeer.SecuredAsync(run.Target, from: AttackRun.Host);
            peers.Add(bad);
            var link = new AttackLink(bad);
            byte[] ask = [.. Words(PerfProtocol.Id), 0, 0, 0, 1, 0, 0, 0, 0];
            for (var stream = 0; stream < 2; stream++)
            {
                var id = link.NextStream();
                link.Add(new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.Syn, id, HugeWindow))
                    .Add(new YamuxHeader(YamuxFrameType.Data, YamuxFlags.Fin, id, (uint)ask.Length), ask);
            }

            await link.SendAsync();
        }

        await run.UntilStoppedAsync();
        foreach (var bad in peers)
        {
            await bad.DisposeAsync();
        }
    }

    private static byte[] Words(string protocol) => [.. Line(Multistream.Header), .. Line(protocol)];

    private static byte[] Line(string text) => Message([.. Encoding.ASCII.GetBytes(text), (byte)'\n']);

    private static byte[] Message(byte[] body) => MessageWriter.Frame(body);
}
