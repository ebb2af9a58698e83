using Akka;
using Akka.Actor;
using Akka.Event;
using Akka.Hosting;
using NatActors.Hosting.Control;
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
    /// <see cref="INatNode"/> (<c>IRequiredActor&lt;INatNode&gt;</c>; the first one's, where there are several), the node itself at
    /// <see cref="NatActorsExtension"/>. A node that cannot start fails the host's start.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="options">The options, e.g. bound from the section <see cref="NatActorsOptions.SectionName"/>.</param>
    /// <param name="configure">Replaces ingredients: a gater, transports, a clock. Null for none.</param>
    /// <param name="observer">Sees the node's events from the first one on. Null for nobody.</param>
    /// <param name="name">The actor's name under <c>/user</c>; several nodes in one actor system need different ones.</param>
    /// <exception cref="ArgumentException">The options are wrong; the message lists every mistake.</exception>
    public static AkkaConfigurationBuilder WithNatActors(
        this AkkaConfigurationBuilder builder,
        NatActorsOptions options,
        Func<NodeSetup, NodeSetup>? configure = null,
        IObserver<NodeEvent>? observer = null,
        string name = NatActorsExtension.DefaultName)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(name);
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
                var setup = new NodeSetup { Key = LoadKey(system, options.Identity), Options = nodeOptions };
                var node = await NatNode.StartAsync(system, configure?.Invoke(setup) ?? setup, name, observer);
                registry.TryRegister<INatNode>(node.Actor);
                var control = await StartControlAsync(system, node, options.Control);
                StopWithTheSystem(system, node, name, control);
                extension.Started(name, node);
            }
            catch (Exception cause)
            {
                extension.Failed(name, cause);
                throw;
            }
        });
    }

    private static PrivateKey LoadKey(ActorSystem system, string? file)
    {
        if (file is null)
        {
            return PrivateKey.GenerateEd25519(SystemRandomSource.Instance);
        }

        var loaded = KeyFile.Open(file, SystemRandomSource.Instance);
        if (loaded.Warning is { } warning)
        {
            system.Log.Warning(warning);
        }

        return loaded.Key;
    }

    /// <summary>A socket that was asked for by its path must be had; one that is only handy need not.</summary>
    private static async Task<ControlServer?> StartControlAsync(ActorSystem system, NatNode node, string? control)
    {
        if (control is null or ControlPaths.None)
        {
            return null;
        }

        try
        {
            var server = await ControlServer.StartAsync(node, control, TimeProvider.System);
            system.Log.Info("The node can be asked at {0}", server.Path);
            return server;
        }
        catch (ControlSocketException e) when (control == ControlPaths.Automatic)
        {
            system.Log.Warning("{0} Without it 'natactors status' cannot ask this node.", e.Message);
            return null;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    private static void StopWithTheSystem(ActorSystem system, NatNode node, string name, ControlServer? control) =>
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseServiceUnbind, $"stop-natactors-{name}", async () =>
        {
            if (control is not null)
            {
                await control.DisposeAsync();
            }

            await node.DisposeAsync();
            return Done.Instance;
        });
}
