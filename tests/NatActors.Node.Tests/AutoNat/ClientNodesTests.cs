using NatActors.Multiformats;
using NatActors.Node.Streams;
using NatActors.Node.Tests.Whole;
using NatActors.Protocols.AutoNat;
using NatActors.Testing;

namespace NatActors.Node.Tests.AutoNat;

/// <summary>Whole nodes on loopback that ask each other whether they can be dialed, servers that lie among them.</summary>
public class ClientNodesTests
{
    /// <summary>An hour of looks at the verdict in a few seconds.</summary>
    private static readonly ReachabilityOptions Hasty = new()
    {
        FirstProbeDelay = TimeSpan.FromMilliseconds(50),
        FirstRetry = TimeSpan.FromMilliseconds(20),
        MaxRetry = TimeSpan.FromMilliseconds(100),
        FirstRecheck = TimeSpan.FromMilliseconds(20),
        MaxRecheck = TimeSpan.FromMilliseconds(40),
        SameServer = TimeSpan.FromMilliseconds(100),
        FirstServerPause = TimeSpan.FromMilliseconds(20),
        MaxServerPause = TimeSpan.FromMilliseconds(200),
        MaxDials = 100_000,
    };

    private static readonly AutoNatServerOptions Generous = new()
    {
        RequestsPerMinute = 100_000,
        RequestsPerPeer = 100_000,
        RequestsPerNetwork = 100_000,
    };

    [Fact]
    public async Task A_node_among_three_servers_learns_that_it_can_be_dialed()
    {
        await using var first = await ServerAsync();
        await using var second = await ServerAsync();
        await using var third = await ServerAsync();
        await using var node = await ClientAsync(new ReachabilityOptions(), first, second, third);

        var told = await node.Events.NextAsync<NodeEvents.ReachabilityChanged>();
        var confirmed = await node.Events.NextAsync<NodeEvents.AddressConfirmed>();

        // All on one machine: whoever dials back was contacted before.
        Assert.Equal((Reachability.Public, false), (told.Verdict, told.FilteringProven));
        Assert.Equal(node.Address.WithoutPeerId(), confirmed.Address);
        Assert.Contains("public, filtering unproven", told.Reasons[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_a_swarm_of_three_every_node_learns_that_it_can_be_dialed()
    {
        await using var first = await ServerAsync();
        await using var second = await ServerAsync(first);
        await using var third = await ServerAsync(first, second);

        foreach (var node in new[] { first, second, third })
        {
            var told = await node.Events.NextAsync<NodeEvents.ReachabilityChanged>();
            Assert.Equal(Reachability.Public, told.Verdict);
        }
    }

    [Fact]
    public async Task Of_servers_that_all_say_they_cannot_dial_it_a_majority_is_believed()
    {
        await using var first = await LiarAsync(_ => AutoNatV2DialStatus.DialError);
        await using var second = await LiarAsync(_ => AutoNatV2DialStatus.DialError);
        await using var node = await ClientAsync(Hasty, first, second);

        var told = await node.Events.NextAsync<NodeEvents.ReachabilityChanged>();

        Assert.Equal(Reachability.Private, told.Verdict);
        Assert.Contains("2 servers could not dial it", told.Reasons[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Five_unreliable_servers_of_seven_move_no_verdict_in_a_hundred_looks()
    {
        await using var servers = await Seven.StartAsync(seed: 11);
        await using var node = await ClientAsync(Hasty, [.. servers.Nodes]);

        await servers.AskedAsync(100).WaitAsync(4 * LoopbackNode.Guard);

        AssertOneVerdict(node);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Five_unreliable_servers_of_seven_move_no_verdict_in_two_minutes()
    {
        await using var servers = await Seven.StartAsync(seed: 12);
        var everySecond = Hasty with { FirstRecheck = TimeSpan.FromSeconds(1), MaxRecheck = TimeSpan.FromSeconds(1) };
        await using var node = await ClientAsync(everySecond, [.. servers.Nodes]);
        await node.Events.NextAsync<NodeEvents.ReachabilityChanged>();

        // What must not come is waited for: a server that is asked more often than it can be in two minutes.
        await Assert.ThrowsAsync<TimeoutException>(() => servers.AskedAsync(int.MaxValue).WaitAsync(TimeSpan.FromMinutes(2)));

        AssertOneVerdict(node);
    }

    private static void AssertOneVerdict(LoopbackNode node)
    {
        var told = Assert.Single(node.Events.All.OfType<NodeEvents.ReachabilityChanged>());
        Assert.Equal(Reachability.Public, told.Verdict);
        Assert.Empty(node.Events.All.OfType<NodeEvents.AddressLost>());
    }

    private static Task<LoopbackNode> ServerAsync(params LoopbackNode[] others) => LoopbackNode.StartAsync(o => o with
    {
        AutoNat = new AutoNatOptions { AllowPrivateAddresses = true, Serve = AutoNatServing.Always, Server = Generous },
        Dial = [.. others.Select(s => s.Address)],
    });

    private static Task<LoopbackNode> ClientAsync(ReachabilityOptions options, params LoopbackNode[] servers) =>
        LoopbackNode.StartAsync(o => o with
        {
            AutoNat = new AutoNatOptions { AllowPrivateAddresses = true, Serve = AutoNatServing.Never, Client = options },
            Dial = [.. servers.Select(s => s.Address)],
        });

    /// <summary>A server that dials nobody and answers what it is told; null for cutting the stream.</summary>
    private static async Task<LoopbackNode> LiarAsync(Func<PeerId, AutoNatV2DialStatus?> answer)
    {
        var node = await LoopbackNode.StartAsync(o => o with { AutoNat = new AutoNatOptions { Serve = AutoNatServing.Never } });
        node.Node.Handle(AutoNatProtocol.V2DialRequest, async (stream, cancellationToken) =>
        {
            var messages = new MessageStream(stream);
            await messages.ReadMessageAsync(AutoNatV2Codec.MaxMessageSize, cancellationToken);
            if (answer(stream.Peer) is not { } status)
            {
                stream.Reset();
                return;
            }

            var response = new AutoNatV2Message.DialResponse(AutoNatV2Status.Ok, 0, status);
            await messages.WriteMessageAsync(AutoNatV2Codec.Encode(response), cancellationToken);
        });
        return node;
    }

    /// <summary>Seven servers, five of which answer at random: a failed dial, a success that never arrives, nothing of use, a cut stream.</summary>
    private sealed class Seven(SeededRandomSource random) : IAsyncDisposable
    {
        private readonly List<(int Times, TaskCompletionSource Reached)> _waiting = [];
        private int _asked;

        public List<LoopbackNode> Nodes { get; } = [];

        public static async Task<Seven> StartAsync(ulong seed)
        {
            var seven = new Seven(new SeededRandomSource(seed));
            for (var i = 0; i < 7; i++)
            {
                seven.Nodes.Add(i is 2 or 4 ? await ServerAsync() : await LiarAsync(_ => seven.Answer()));
            }

            return seven;
        }

        /// <summary>Ends when the unreliable ones have been asked that often, all together.</summary>
        public Task AskedAsync(int times)
        {
            lock (_waiting)
            {
                var reached = new TaskCompletionSource();
                _waiting.Add((times, reached));
                return reached.Task;
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var node in Nodes)
            {
                await node.DisposeAsync();
            }
        }

        private AutoNatV2DialStatus? Answer()
        {
            lock (_waiting)
            {
                _asked++;
                foreach (var (times, reached) in _waiting.Where(w => w.Times <= _asked))
                {
                    reached.TrySetResult();
                }
            }

            AutoNatV2DialStatus?[] moods = [AutoNatV2DialStatus.DialError, AutoNatV2DialStatus.Ok, AutoNatV2DialStatus.DialBackError, null];
            return moods[random.NextInt(moods.Length)];
        }
    }
}
