using Akka.Actor;
using NatActors.Node.Resources;

namespace NatActors.Soak.Tests.Counters;

/// <summary>
/// What the nodes hold at one moment, counted by name, for example <c>A actor /user/node/connections/conn-*</c> or <c>A socket
/// established</c>.
/// </summary>
public sealed class Census
{
    public const string Actor = "actor";
    public const string Timer = "timer";
    public const string Socket = "socket";
    public const string Connection = "connection";
    public const string Stream = "stream";
    public const string Scope = "scope";
    public const string Memory = "memory";

    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, int> Counts => _counts;

    /// <summary>All that run.</summary>
    public static async Task<Census> TakeAsync(IEnumerable<SoakNode> nodes)
    {
        var census = new Census();
        foreach (var node in nodes)
        {
            foreach (var (state, count) in SocketTable.Of(node.Host))
            {
                census.Add(node, Socket, state, count);
            }

            if (node.System is { } system)
            {
                await census.AddSystemAsync(node, system);
            }
        }

        return census;
    }

    /// <summary>How many of a sort there are at all nodes.</summary>
    public int Sum(string sort) => _counts.Where(count => count.Key.Split(' ')[1] == sort).Sum(count => count.Value);

    /// <summary>How many of a sort there are at one node.</summary>
    public int Sum(string node, string sort) =>
        _counts.Where(count => count.Key.StartsWith($"{node} {sort} ", StringComparison.Ordinal)).Sum(count => count.Value);

    /// <summary>
    /// Where this one differs from what the same state held before. Everything has to be the same, but for the timers of services, each of
    /// which may have one more or fewer: whether one waits for its next look at something depends on the moment.
    /// </summary>
    public IReadOnlyList<string> DifferencesFrom(Census baseline) =>
    [
        .. from name in _counts.Keys.Union(baseline._counts.Keys).Order(StringComparer.Ordinal)
           let now = _counts.GetValueOrDefault(name)
           let before = baseline._counts.GetValueOrDefault(name)
           where IsTimer(name) ? now > before + (IsOfService(name) ? 1 : 0) : now != before
           select $"{name}: {now} instead of {before}",
    ];

    private static bool IsTimer(string name) => name.Contains($" {Timer} ", StringComparison.Ordinal);

    /// <summary>Not of an actor of which there are many.</summary>
    private static bool IsOfService(string name) => !name.Contains('*', StringComparison.Ordinal);

    internal void Add(string name, int count) => _counts[name] = _counts.GetValueOrDefault(name) + count;

    /// <summary>What the node says that its peers, connections and streams hold of it, and under how many names it keeps that.</summary>
    private void AddResources(SoakNode node, ResourceSnapshot held)
    {
        Add(node, Scope, "peer", held.Peers.Count);
        Add(node, Scope, "protocol", held.Protocols.Count);
        Add(node, Scope, "connection", held.Connections.Count);
        Add(node, Scope, "stream", held.StreamScopes);
        Add(node, Memory, "held", (int)held.System.Usage.Memory);
    }

    private void Add(SoakNode node, string sort, string what, int count) => Add($"{node.Name} {sort} {what}", count);

    private async Task AddSystemAsync(SoakNode node, ActorSystem system)
    {
        var user = await system.ActorSelection("/user").ResolveOne(Ledger.Guard);
        foreach (var path in RuntimeView.PathsBelow(user))
        {
            Add(node, Actor, ActorPaths.Pattern(path), 1);
        }

        foreach (var timer in RuntimeView.Timers(system) ?? [])
        {
            Add(node, Timer, ActorPaths.Pattern(timer), 1);
        }

        AddResources(node, node.Node.GetResources());
        var status = await node.Node.GetStatusAsync().WaitAsync(Ledger.Guard);
        foreach (var connection in status.Connections)
        {
            Add(node, Connection, connection.Connection.Relayed ? "relayed" : "direct", 1);
            if (connection.Streams > 0)
            {
                Add(node, Stream, "open", connection.Streams);
            }
        }
    }
}
