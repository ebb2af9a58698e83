using System.Net.Sockets;
using NatActors.Hosting.Reports;
using NatActors.Node;

namespace NatActors.Hosting.Control;

/// <summary>
/// Lets the owner of a running node ask it from another process, over a Unix socket that nobody else can open. One question a connection;
/// see <c>README.md</c> for its form.
/// </summary>
public sealed class ControlServer : IAsyncDisposable
{
    /// <summary>Clients that are answered at once; more are turned away. Ours: a person, a monitor, and a few more.</summary>
    public const int MaxClients = 8;

    /// <summary>How long a client may take to ask, and to take its answer. Ours.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // Between an accept that failed and the next: short for a person, long for a processor. Ours.
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(100);

    private readonly Socket _socket;
    private readonly Func<CancellationToken, Task<ReportDocument>> _report;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _clients = [];
    private readonly Task _accepting;

    private ControlServer(Socket socket, string path, Func<CancellationToken, Task<ReportDocument>> report, TimeProvider clock)
    {
        _socket = socket;
        _report = report;
        _clock = clock;
        Path = path;
        _accepting = AcceptAsync();
    }

    /// <summary>The socket's file.</summary>
    public string Path { get; }

    /// <summary>Serves at a path, or with <see cref="ControlPaths.Automatic"/> in the user's own folder under a name that is free.</summary>
    /// <exception cref="ControlSocketException">The socket cannot be made; the message says what to do.</exception>
    public static Task<ControlServer> StartAsync(INatNode node, string control, TimeProvider clock) => StartAsync(
        async cancellationToken => ReportDocuments.Of(await node.GetReportAsync(cancellationToken)), control, clock);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        // While it still listens: a name whose owner is dead may be another node's a moment later.
        File.Delete(Path);
        await _ended.CancelAsync();
        _socket.Dispose();
        await _accepting;
        Task[] clients;
        lock (_gate)
        {
            clients = [.. _clients];
        }

        await Task.WhenAll(clients);
        _ended.Dispose();
    }

    internal static async Task<ControlServer> StartAsync(Func<CancellationToken, Task<ReportDocument>> report, string control, TimeProvider clock)
    {
        var (socket, path) = control == ControlPaths.Automatic
            ? await ControlSocketFile.ListenInAsync(ControlPaths.OwnFolder)
            : await ControlSocketFile.ListenAtAsync(control);
        return new ControlServer(socket, path, report, clock);
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await _socket.AcceptAsync(_ended.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException || _ended.IsCancellationRequested)
            {
                return;
            }
            catch (SocketException)
            {
                // The client has gone before it was taken, or this process has too many files open: that would be said again at once.
                await RestAsync();
                continue;
            }

            Take(client);
        }
    }

    private async Task RestAsync()
    {
        try
        {
            await Task.Delay(Rest, _clock, _ended.Token);
        }
        catch (OperationCanceledException)
        {
            // Ended; the next accept sees it too.
        }
    }

    private void Take(Socket client)
    {
        lock (_gate)
        {
            if (_clients.Count >= MaxClients)
            {
                client.Dispose();
                return;
            }

            var serving = ServeAsync(client);
            if (!serving.IsCompleted)
            {
                _clients.Add(serving);
                serving.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }

    private void Forget(Task client)
    {
        lock (_gate)
        {
            _clients.Remove(client);
        }
    }

    /// <summary>Throws nothing: a client that breaks off or is too slow is no concern of the node.</summary>
    private async Task ServeAsync(Socket client)
    {
        using var socket = client;
        try
        {
            using var patience = new CancellationTokenSource(Patience, _clock);
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(_ended.Token, patience.Token);
            var reply = await AnswerAsync(socket, ended.Token);
            await ControlProtocol.SendAsync(socket, ControlProtocol.Line(reply), ended.Token);
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or IOException or ObjectDisposedException)
        {
            // Cut by the disposal of its socket.
        }
    }

    private async Task<ControlReply> AnswerAsync(Socket socket, CancellationToken cancellationToken)
    {
        if (UnixOwner.OtherEndOf(socket) is not { } user || (user != UnixOwner.Self && user != UnixOwner.Root))
        {
            return new ControlReply { Error = "only the user that runs this node, and root, may ask it" };
        }

        var line = await ControlProtocol.ReadLineAsync(socket, ControlProtocol.MaxRequest, cancellationToken);
        if (line is null)
        {
            return new ControlReply { Error = $"a question is one line of at most {ControlProtocol.MaxRequest} bytes" };
        }

        return ControlProtocol.Parse<ControlRequest>(line)?.Ask switch
        {
            ControlProtocol.AskReport => await ReportAsync(cancellationToken),
            null => new ControlReply { Error = "a question is a JSON object with the field ask" },
            _ => new ControlReply { Error = $"this node knows one question: {ControlProtocol.AskReport}" },
        };
    }

    private async Task<ControlReply> ReportAsync(CancellationToken cancellationToken)
    {
        try
        {
            return new ControlReply { Report = await _report(cancellationToken) };
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return new ControlReply { Error = "the node is going down" };
        }
    }
}
