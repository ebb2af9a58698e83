using System.CommandLine;
using NatActors.Cli.Output;
using NatActors.Multiformats;
using NatActors.Node;

namespace NatActors.Cli.Commands;

/// <summary>What <c>ping</c> and <c>perf</c> share: dial a peer, wait for the best path, say which it is, and do the work.</summary>
internal static class DialingCommand
{
    /// <summary>Every interface, whatever port is free: a dialing command runs beside a node that has port 4001.</summary>
    private static readonly List<string> AnyPort = ["/ip4/0.0.0.0/tcp/0", "/ip6/::/tcp/0"];

    public static Argument<string> Address() => new("multiaddr")
    {
        Description = "The peer's address, ending in /p2p/ID; through a relay: /…/p2p/RELAY/p2p-circuit/p2p/ID",
        HelpName = "MULTIADDR",
    };

    public static async Task<int> RunAsync(
        CommonOptions common,
        ParseResult result,
        string address,
        Func<INatNode, PeerId, CancellationToken, Task> work,
        CancellationToken cancellationToken)
    {
        var target = Parse(address);
        var peer = target.PeerId ?? throw new UsageException($"{address} does not say which peer is there; append /p2p/ and its peer id.");
        var configured = common.Read(result);
        if (result.GetResult(common.Listen) is not { Implicit: false })
        {
            configured.Options.Listen = AnyPort;
        }

        // It is over before a router's forward or a relay's slot would be of use to anybody.
        configured.Options.PortMapping = false;
        configured.Options.AutoRelay.Relays = 0;
        configured.Options.Control = null;
        await using var output = Outputs.ForDialing(result.GetValue(common.Json));
        await using var session = await NodeSession.StartAsync(configured, output, cancellationToken);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, session.Stopping);
        var awaiter = new PathAwaiter(peer);
        using var watching = session.Node.Events.Subscribe(awaiter);
        try
        {
            var connection = await session.Node.DialAsync(target, ended.Token);
            var why = connection.Relayed ? await awaiter.SettledAsync(ended.Token) : null;
            output.Say(why is null ? $"direct path to {peer}" : $"relayed path to {peer}: {why}");
            await work(session.Node, peer, ended.Token);
            return ExitCodes.Ok;
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            return ExitCodes.Ok;
        }
        catch (PeerUnreachableException failure)
        {
            output.Complain($"{peer} cannot be reached: {failure.Message.TrimEnd('.')}. Check that it runs and that this is its address"
                + (target.IsRelayed ? "." : "; behind a router it is reached by way of its relay, at an address with /p2p-circuit that it prints."));
            return ExitCodes.Failed;
        }
        catch (IOException failure)
        {
            output.Complain($"{peer}: {(awaiter.Lost is { } lost ? $"the connection is lost: {lost}" : failure.Message)}");
            return ExitCodes.Failed;
        }
    }

    private static Multiaddr Parse(string text) =>
        Multiaddr.TryParse(text, out var address, out var error) ? address : throw new UsageException(error);
}
