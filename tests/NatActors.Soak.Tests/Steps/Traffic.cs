using System.Net;
using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Ping;
using NatActors.Node.Streams;
using NatActors.Transports;

namespace NatActors.Soak.Tests.Steps;

/// <summary>The steps that ask something of a node. A <see cref="StepFailed"/> is an end like any other; what else is thrown is a
/// fault.</summary>
public sealed class Traffic(SoakNetwork network, Ledger ledger)
{
    private static readonly IPAddress Nowhere = IPAddress.Parse("203.0.113.1");

    public Task RunAsync(Step step)
    {
        var (from, to) = (network.Peers[step.From], network.Peers[step.To]);
        var random = step.Draw();
        return step.Kind switch
        {
            StepKind.DialRelayed => DialAsync(from, network.Relay.Circuit(to.Id)),
            StepKind.DialPublicAddress => DialAsync(from, to.PublicAddress),
            StepKind.DialNobody => DialAsync(from, Nobody(random)),
            StepKind.DialCancelled => DialCancelledAsync(from, to, random),
            StepKind.DialByMessage => ledger.AskAsync("dial by message", from.Asker.DialAsync(network.Relay.Circuit(to.Id))),
            StepKind.DialMessageCancelled => DialMessageCancelledAsync(from, to, random),
            StepKind.StreamByMessage => StreamByMessageAsync(from, to, random),
            StepKind.StreamCancelled => StreamCancelledAsync(from, to, random),
            StepKind.Ping => PingAsync(from, to),
            StepKind.PingCancelled => PingCancelledAsync(from, to, random),
            StepKind.Perf => PerfAsync(from, to, random, CancellationToken.None),
            StepKind.PerfCancelled => PerfCancelledAsync(from, to, random),
            StepKind.Status => ledger.AskAsync("status", from.Node.GetStatusAsync()),
            StepKind.Report => ledger.AskAsync("report", from.Node.GetReportAsync()),
            StepKind.Close => CloseAsync(from, random),
            StepKind.ProbeAgain => ProbeAgainAsync(from),
            _ => new Streaming(network, ledger).RunAsync(step),
        };
    }

    private async Task<ConnectionInfo> DialAsync(SoakNode from, Multiaddr address) =>
        await ledger.AskAsync("dial", from.Node.DialAsync(address));

    private Task<ConnectionInfo> ConnectAsync(SoakNode from, SoakNode to) => DialAsync(from, network.Relay.Circuit(to.Id));

    /// <summary>An address that nobody answers at, in each of the ways in which that happens.</summary>
    private Multiaddr Nobody(Random random)
    {
        var stranger = PrivateKey.GenerateEd25519(SystemRandomSource.Instance).PeerId;
        var relay = network.Relay;
        return random.Next(5) switch
        {
            0 => Multiaddr.FromTcp(new IPEndPoint(relay.Host.Address, 9)).WithPeerId(stranger),
            1 => Multiaddr.FromTcp(new IPEndPoint(Nowhere, 4001)).WithPeerId(stranger),
            2 => Multiaddr.FromTcp(new IPEndPoint(relay.Host.Address, 4001)).WithPeerId(stranger),
            3 => relay.Circuit(stranger),
            _ => Multiaddr.FromTcp(new IPEndPoint(Nowhere, 4001)).WithPeerId(stranger).Append("/p2p-circuit").WithPeerId(relay.Id),
        };
    }

    private async Task DialCancelledAsync(SoakNode from, SoakNode to, Random random)
    {
        using var cancelled = Patience(random);
        await ledger.AskAsync(
            "dial, cancelled", from.Node.DialAsync(random.Next(2) == 0 ? Nobody(random) : network.Relay.Circuit(to.Id), cancelled.Token));
    }

    private async Task DialMessageCancelledAsync(SoakNode from, SoakNode to, Random random)
    {
        using var cancelled = Patience(random);
        var address = random.Next(2) == 0 ? Nobody(random) : network.Relay.Circuit(to.Id);
        await ledger.AskAsync("dial by message, withdrawn", from.Asker.DialAndWithdrawAsync(address, After(cancelled.Token)));
    }

    private async Task StreamByMessageAsync(SoakNode from, SoakNode to, Random random)
    {
        await ConnectAsync(from, to);
        await using var stream = await ledger.AskAsync(
            "stream by message", from.Asker.OpenStreamAsync(to.Id, EchoService.Id, allowLimited: random.Next(2) == 0));
        await ledger.AskAsync("echo", Echo.RunAsync(stream, random, 1 << 14, ledger));
    }

    private async Task StreamCancelledAsync(SoakNode from, SoakNode to, Random random)
    {
        await ConnectAsync(from, to);
        using var cancelled = Patience(random);
        await using var stream = await ledger.AskAsync(
            "stream, cancelled", from.Node.OpenStreamAsync(to.Id, EchoService.Id, allowLimited: random.Next(2) == 0, cancelled.Token));
        stream.Reset();
    }

    private async Task PingAsync(SoakNode from, SoakNode to)
    {
        await ConnectAsync(from, to);
        await ledger.AskAsync("ping", from.Node.PingAsync(to.Id));
    }

    private async Task PingCancelledAsync(SoakNode from, SoakNode to, Random random)
    {
        await ConnectAsync(from, to);
        using var cancelled = Patience(random);
        await ledger.AskAsync("ping, cancelled", from.Node.PingAsync(to.Id, cancelled.Token));
    }

    private async Task PerfAsync(SoakNode from, SoakNode to, Random random, CancellationToken cancelled)
    {
        await ConnectAsync(from, to);
        await ledger.AskAsync("perf", from.Node.MeasureAsync(to.Id, random.Next(1 << 18), random.Next(1 << 18), cancelled));
    }

    private async Task PerfCancelledAsync(SoakNode from, SoakNode to, Random random)
    {
        using var cancelled = Patience(random);
        await PerfAsync(from, to, random, cancelled.Token);
    }

    /// <summary>Closes one of its connections, that to the relay among them; there is no word for it but the one inside the node.</summary>
    private async Task CloseAsync(SoakNode from, Random random)
    {
        var connections = (await ledger.AskAsync("status", from.Node.GetStatusAsync())).Connections;
        if (connections.Count > 0 && from.System is { } system)
        {
            var one = connections[random.Next(connections.Count)].Connection.Id;
            system.ActorSelection("/user/node/connections").Tell(new ConnectionsMessages.CloseConnection(one, "the soak closes it"));
        }
    }

    private static Task ProbeAgainAsync(SoakNode from)
    {
        from.Node.TestReachability();
        return Task.CompletedTask;
    }

    /// <summary>Up to two round trips through the relay and some: a request is cancelled at any point of its life, now and then before
    /// it.</summary>
    private static CancellationTokenSource Patience(Random random) => new(TimeSpan.FromMilliseconds(random.Next(400)));

    private static Task After(CancellationToken token)
    {
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        token.Register(() => over.TrySetResult());
        return over.Task;
    }
}
