using System.Net.Sockets;
using NatActors.Hosting.Reports;

namespace NatActors.Hosting.Control;

/// <summary>Asks a node that runs in another process.</summary>
public static class ControlClient
{
    /// <summary>How long an answer may take: the node's second for its report, twice <see cref="ControlServer.Patience"/> at most.</summary>
    public static readonly TimeSpan Patience = 2 * ControlServer.Patience;

    /// <summary>The sockets of nodes that run and that this user may ask.</summary>
    public static IReadOnlyList<string> Running() => [.. ControlPaths.Existing().Where(ControlSocketFile.IsAlive)];

    /// <summary>The report of the node with that socket.</summary>
    /// <exception cref="NoNodeException">No node answers there; the message says what to do.</exception>
    public static async Task<ReportDocument> GetReportAsync(string path, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ended.Token);
            await ControlProtocol.SendAsync(socket, ControlProtocol.Line(new ControlRequest(ControlProtocol.AskReport)), ended.Token);
            var line = await ControlProtocol.ReadLineAsync(socket, ControlProtocol.MaxReply, ended.Token);
            return line is not null && ControlProtocol.Parse<ControlReply>(line) is { } reply
                ? reply.Report ?? throw new NoNodeException($"The node at {path} does not answer: {reply.Error}.")
                : throw new NoNodeException($"What listens at {path} is no node, or has too much to do; ask again, or end it.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new NoNodeException($"The node at {path} does not answer in time; ask again, or end it.");
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            throw new NoNodeException($"No node answers at {path} ({e.Message}); start one with 'natactors run', or name its socket.", e);
        }
    }
}
