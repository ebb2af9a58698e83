using System.Globalization;
using NatActors.Benchmarks.Suite;
using NatActors.Multiformats;

namespace NatActors.Benchmarks.Peers;

/// <summary>The other ends that most benchmarks need: a node, and the bare socket, each a process of its own.</summary>
internal sealed class PeerProcess : IAsyncDisposable
{
    private const string NodeRole = "node";
    private const string BareRole = "bare";
    private const string RelayWord = "relay";

    private readonly OtherProcess _process;

    private PeerProcess(OtherProcess process, string hello)
    {
        _process = process;
        Hello = hello;
    }

    /// <summary>To be named among a benchmark's roles.</summary>
    public static IReadOnlyList<Role> Roles { get; } = [new(NodeRole, PlayNodeAsync), new(BareRole, PlayBareAsync)];

    /// <summary>What it said first.</summary>
    public string Hello { get; }

    public OtherProcess Process => _process;

    /// <summary>A node's address, ending in its peer id.</summary>
    public Multiaddr Address => Multiaddr.Parse(Hello);

    /// <summary>The bare socket's port.</summary>
    public int Port => int.Parse(Hello, CultureInfo.InvariantCulture);

    /// <summary>A node that serves perf and echo.</summary>
    public static Task<PeerProcess> StartNodeAsync() => StartAsync(OtherProcess.Start(NodeRole));

    /// <summary>A node that relays without limits.</summary>
    public static Task<PeerProcess> StartRelayAsync() => StartAsync(OtherProcess.Start(NodeRole, RelayWord));

    /// <summary>A node behind a relay; ready when it can be reached through it.</summary>
    public static Task<PeerProcess> StartBehindAsync(string relay) => StartAsync(OtherProcess.Start(NodeRole, relay));

    public static Task<PeerProcess> StartBareAsync() => StartAsync(OtherProcess.Start(BareRole));

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static async Task<PeerProcess> StartAsync(OtherProcess process) => new(process, await process.HearAsync());

    private static async Task PlayNodeAsync(RoleTalk talk)
    {
        await using var node = await BenchNode.StartAsync(talk.Arguments switch
        {
            [] => new BenchNodeOptions(),
            [RelayWord] => new BenchNodeOptions { Relays = true },
            [var relay, ..] => new BenchNodeOptions { ReservesAt = Multiaddr.Parse(relay) },
        });
        await talk.TellAsync(node.Address.ToString());
        await talk.UntilEndAsync();
    }

    private static async Task PlayBareAsync(RoleTalk talk)
    {
        await talk.TellAsync(BareSocket.Listen().ToString(CultureInfo.InvariantCulture));
        await talk.UntilEndAsync();
    }
}
