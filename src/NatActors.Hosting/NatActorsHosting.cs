using Akka;
using Akka.Actor;
using Akka.Hosting;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Transports;

namespace NatActors.Hosting;

/// <summary>
/// Puts a node into an actor system that Akka.Hosting runs:
/// <c>services.AddAkka("my-system", (builder, provider) => builder.WithNatActors(options))</c>.
/// </summary>
public static class NatActorsHosting
{
    /// <summary>
    /// Starts a node with the actor system and ends it, in order, with the coordinated shutdown. Its actor is in the registry under
    /// <see cref="INatNode"/> (<c>IRequiredActor&lt;INatNode&gt;</c>), the node itself at <see cref="NatActorsExtension"/>.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="options">The options, e.g. bound from the section <see cref="NatActorsOptions.SectionName"/>.</param>
    /// <param name="configure">Replaces ingredients: a gater, transports, a clock. Null for none.</param>
    /// <param name="observer">Sees the node's events from the first one on. Null for nobody.</param>
    /// <exception cref="ArgumentException">The options are wrong; the message lists every mistake.</exception>
    public static AkkaConfigurationBuilder WithNatActors(
        this AkkaConfigurationBuilder builder,
        NatActorsOptions options,
        Func<NodeSetup, NodeSetup>? configure = null,
        IObserver<NodeEvent>? observer = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(options);
        var mistakes = options.TryBuild(out var nodeOptions);
        if (mistakes.Count > 0)
        {
            throw new ArgumentException(string.Join(Environment.NewLine, mistakes), nameof(options));
        }

        return builder.WithActors(async (system, registry) =>
        {
            var extension = NatActorsExtension.For(system);
            try
            {
                var setup = new NodeSetup { Key = LoadKey(options.Identity), Options = nodeOptions };
                var node = await NatNode.StartAsync(system, configure?.Invoke(setup) ?? setup, "node", observer);
                registry.TryRegister<INatNode>(node.Actor, overwrite: true);
                StopWithTheSystem(system, node);
                extension.Started(node);
            }
            catch (Exception cause)
            {
                extension.Failed(cause);
                throw;
            }
        });
    }

    private static PrivateKey LoadKey(string? file) =>
        file is null ? PrivateKey.GenerateEd25519(SystemRandomSource.Instance) : KeyFile.LoadOrCreate(file, SystemRandomSource.Instance);

    private static void StopWithTheSystem(ActorSystem system, NatNode node) =>
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseServiceUnbind, "stop-natactors-node", async () =>
        {
            await node.DisposeAsync();
            return Done.Instance;
        });
}
