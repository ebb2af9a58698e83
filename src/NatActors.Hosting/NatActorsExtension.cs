using Akka.Actor;
using NatActors.Node;

namespace NatActors.Hosting;

/// <summary>Where the node of an actor system is found: <c>NatActorsExtension.For(system).Node</c>.</summary>
public sealed class NatActorsExtension : IExtension
{
    private static readonly Provider Id = new();
    private readonly TaskCompletionSource<INatNode> _node = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The node, once it listens. Fails with <see cref="NodeStartException"/> or another exception that says what to do when it cannot start.</summary>
    public Task<INatNode> Node => _node.Task;

    /// <summary>The extension of an actor system; made on first use.</summary>
    public static NatActorsExtension For(ActorSystem system) => Id.Apply(system);

    internal void Started(INatNode node) => _node.TrySetResult(node);

    internal void Failed(Exception cause) => _node.TrySetException(cause);

    private sealed class Provider : ExtensionIdProvider<NatActorsExtension>
    {
        public override NatActorsExtension CreateExtension(ExtendedActorSystem system) => new();
    }
}
