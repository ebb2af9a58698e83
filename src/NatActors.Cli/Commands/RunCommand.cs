using System.CommandLine;
using NatActors.Cli.Output;
using NatActors.Hosting.Control;
using NatActors.Node;

namespace NatActors.Cli.Commands;

/// <summary><c>natactors run</c>: a node that stays until it is told to end.</summary>
internal static class RunCommand
{
    public static Command Create(CommonOptions common)
    {
        var relay = new Option<string[]>("--relay") { Description = "Keep a reservation at this relay; repeatable", HelpName = "MULTIADDR" };
        var dial = new Option<string[]>("--dial") { Description = "Stay connected to this peer; repeatable", HelpName = "MULTIADDR" };
        var echo = new Option<bool>("--echo") { Description = "Serve /echo/1.0.0, which sends back whatever it gets" };
        var server = new Option<string?>("--relay-server")
        {
            Description = "Be a relay for others, by the profile public (default) or private",
            HelpName = "PROFILE",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var autoNat = new Option<string?>("--autonat")
        {
            Description = "Tell others whether they can be dialed: auto (default: while this node can be dialed itself), always or never",
            HelpName = "WHEN",
        };
        var command = new Command("run", "Run a node until SIGTERM or Ctrl-C")
        {
            common.Identity, common.Listen, common.Bootstrap, relay, common.NoAutoRelay, common.NoPortMapping, server, autoNat, dial, echo, common.Control,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            var configured = common.Read(result);
            var options = configured.Options;
            options.Identity ??= DefaultIdentity.Path;
            options.Control ??= ControlPaths.Automatic;
            options.Relays.AddRange(result.GetValue(relay) ?? []);
            options.Dial.AddRange(result.GetValue(dial) ?? []);
            options.AutoNat.Serve = result.GetValue(autoNat) ?? options.AutoNat.Serve;
            options.Echo |= result.GetValue(echo);
            if (result.GetResult(server) is { Implicit: false })
            {
                options.RelayServer = result.GetValue(server) ?? "public";
            }

            await using var output = Outputs.For(result.GetValue(common.Json), live: true);
            await using var session = await NodeSession.StartAsync(configured, output, cancellationToken);
            (output as LiveView)?.Watch(session.Node);
            return await UntilEnded(session);
        });
        return command;
    }

    private static async Task<int> UntilEnded(NodeSession session)
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = session.Stopping.Register(() => asked.TrySetResult());
        await Task.WhenAny(asked.Task, session.Node.Completion);
        return session.Node.Completion is { IsCompletedSuccessfully: true, Result: { } failure }
            ? ExitCodes.For(new NodeStartException(failure))
            : ExitCodes.Ok;
    }
}
