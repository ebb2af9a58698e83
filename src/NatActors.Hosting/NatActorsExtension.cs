using System.Collections.Concurrent;
using Akka.Actor;
using NatActors.Node;

namespace NatActors.Hosting;

/// <summary>Where the nodes of an actor system are found: <c>NatActorsExtension.For(system).Node</c>.</summary>
public sealed class NatActorsExtension : IExtension
{
    /// <summary>The name of a node that was given none.</summary>
    public const string DefaultName = "node";

    private static readonly Provider Id = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<INatNode>> _nodes = new(StringComparer.Ordinal);

    /// <summary>
    /// The node of the default name, once it listens. Fails with <see cref="NodeStartException"/> or another exception that says what to do
    /// when it cannot start.
    /// </summary>
    public Task<INatNode> Node => Named(DefaultName);

    /// <summary>The extension of an actor system; made on first use.</summary>
    public static NatActorsExtension For(ActorSystem system) => Id.Apply(system);

    /// <summary>The node of that name, once it listens; as <see cref="Node"/>, where several live in one actor system.</summary>
    public Task<INatNode> Named(string name) => Of(name).Task;

    internal void Started(string name, INatNode node) => Of(name).TrySetResult(node);

    internal void Failed(string name, Exception cause)
    {
        var failed = Of(name);
        failed.TrySetException(cause);

        // The same exception ends the host's start; nobody need ask here too.
        _ = failed.Task.Exception;
    }

    private TaskCompletionSource<INatNode> Of(string name) =>
        _nodes.GetOrAdd(name, _ => new TaskCompletionSource<INatNode>(TaskCreationOptions.RunContinuationsAsynchronously));

    private sealed class Provider : ExtensionIdProvider<NatActorsExtension>
    {
        public override NatActorsExtension CreateExtension(ExtendedActorSystem system) => new();
    }
}
