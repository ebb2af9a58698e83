using System.Net;
using System.Net.Sockets;
using NatActors.Multiformats;

namespace NatActors.Transports.Port;

/// <summary>
/// One TCP port, bound. The bound socket listens, or, for a node that only dials, just holds the port; every shared dial is a socket
/// of its own bound to the same address and port. Nothing is queued here: the kernel's accept queue is the only one.
/// </summary>
internal sealed class TcpPortBinding : IPortBinding
{
    /// <summary>Connections the kernel keeps for us before it drops SYNs; net.core.somaxconn caps it (4096 by default).</summary>
    private const int Backlog = 512;

    private static readonly LingerOption ResetOnClose = new(true, 0);
    private static readonly LingerOption CloseInOrder = new(false, 0);
    private readonly ISocketFactory _sockets;
    private readonly Socket _bound;
    private readonly bool _listening;
    private readonly TaskCompletionSource<IConduit?> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Takes over a socket bound for sharing.</summary>
    /// <exception cref="SocketException">It cannot listen; the socket is closed then.</exception>
    public TcpPortBinding(ISocketFactory sockets, Socket bound, bool listening)
    {
        _sockets = sockets;
        _bound = bound;
        _listening = listening;
        try
        {
            // TryAccept must never wait.
            bound.Blocking = false;
            if (listening)
            {
                bound.Listen(Backlog);
            }
        }
        catch
        {
            bound.Dispose();
            throw;
        }

        LocalEndPoint = (IPEndPoint)bound.LocalEndPoint!;
        LocalAddress = Multiaddr.FromTcp(LocalEndPoint);
    }

    /// <inheritdoc />
    public Multiaddr LocalAddress { get; }

    /// <inheritdoc />
    public IPEndPoint LocalEndPoint { get; }

    /// <inheritdoc />
    public async ValueTask<IConduit?> AcceptAsync(CancellationToken cancellationToken)
    {
        if (!_listening)
        {
            return await _closed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        while (true)
        {
            try
            {
                var socket = await _bound.AcceptAsync(cancellationToken).ConfigureAwait(false);
                if (Welcome(socket) is { } conduit)
                {
                    return conduit;
                }
            }
            catch (ObjectDisposedException)
            {
                return null;
            }
            catch (SocketException) when (_closed.Task.IsCompleted)
            {
                return null;
            }
            catch (SocketException error) when (!LinuxSockets.IsAboutOneConnection(error.NativeErrorCode))
            {
                throw new IOException($"Accepting on {LocalAddress} failed: {error.Message}", error);
            }
            catch (SocketException)
            {
                // That connection went away while it waited; the next one may be good.
            }
        }
    }

    /// <inheritdoc />
    public IReadOnlyList<IConduit> TakeAccepted()
    {
        if (!_listening || _closed.Task.IsCompleted)
        {
            return [];
        }

        var taken = new List<IConduit>();
        while (taken.Count < Backlog && LinuxSockets.TryAccept(_bound) is { } socket)
        {
            if (Welcome(socket) is { } conduit)
            {
                taken.Add(conduit);
            }
        }

        return taken;
    }

    /// <inheritdoc />
    public Task<ConnectResult> ConnectAsync(IPEndPoint remote, DialPort from, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(remote);
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromResult(Cancelled());
        }

        if (remote.AddressFamily != LocalEndPoint.AddressFamily)
        {
            return Task.FromResult(SocketFailures.Failed(ConnectFailureKind.Unreachable, $"{LocalAddress} cannot reach {remote}."));
        }

        Socket? socket = null;
        try
        {
            socket = _sockets.CreateTcp(remote.AddressFamily);
            Prepare(socket, from);
            return FinishConnectAsync(socket, remote, from, cancellationToken);
        }
        catch (SocketException error)
        {
            socket?.Dispose();
            return Task.FromResult(SocketFailures.Failed(error));
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        _closed.TrySetResult(null);
        LinuxSockets.StopListening(_bound);
        _bound.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Prepare(Socket socket, DialPort from)
    {
        // A try that fails or is given up must leave no TIME_WAIT behind: its 4-tuple is wanted again at once.
        socket.LingerState = ResetOnClose;
        LinuxSockets.KeepToOneFamily(socket);
        if (from == DialPort.Shared)
        {
            LinuxSockets.AllowAddressReuse(socket);
            LinuxSockets.AllowPortReuse(socket);
            socket.Bind(LocalEndPoint);
        }
        else if (!LocalEndPoint.Address.Equals(IPAddress.Any) && !LocalEndPoint.Address.Equals(IPAddress.IPv6Any))
        {
            socket.Bind(new IPEndPoint(LocalEndPoint.Address, 0));
        }
    }

    private async Task<ConnectResult> FinishConnectAsync(
        Socket socket, IPEndPoint remote, DialPort from, CancellationToken cancellationToken)
    {
        try
        {
            // Closing the socket inside the cancelling call, instead of handing the token down, frees the 4-tuple before that call returns.
            using (cancellationToken.UnsafeRegister(static state => ((Socket)state!).Dispose(), socket))
            {
                await socket.ConnectAsync(remote, CancellationToken.None).ConfigureAwait(false);
            }

            if (cancellationToken.IsCancellationRequested)
            {
                socket.Dispose();
                return Cancelled();
            }

            return Connected(socket, from);
        }
        catch (SocketException error) when (!cancellationToken.IsCancellationRequested)
        {
            socket.Dispose();
            return SocketFailures.Failed(error);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            return Cancelled();
        }
        catch (IOException error)
        {
            // It was reset as soon as it was connected.
            socket.Dispose();
            return SocketFailures.Failed(ConnectFailureKind.Reset, error.Message);
        }
    }

    private ConnectResult Connected(Socket socket, DialPort from)
    {
        LinuxSockets.SetConnectedOptions(socket);
        var conduit = new TcpConduit(socket);
        if (conduit.LocalEndPoint.Equals(conduit.RemoteEndPoint))
        {
            // Dialing one's own address from one's own port is a simultaneous open with oneself.
            conduit.Abort();
            return SocketFailures.Failed(ConnectFailureKind.Refused, $"{conduit.RemoteAddress} is this very port.");
        }

        // From here on closing must not cut the last bytes.
        socket.LingerState = CloseInOrder;
        return new ConnectResult(conduit, from == DialPort.Shared && _listening, null);
    }

    private static TcpConduit? Welcome(Socket socket)
    {
        try
        {
            if (socket.RemoteEndPoint is not null)
            {
                // What the framework accepts takes this over from the listener.
                socket.Blocking = true;
                LinuxSockets.SetConnectedOptions(socket);
                return new TcpConduit(socket);
            }
        }
        catch (Exception error) when (error is SocketException or IOException)
        {
            // As below.
        }

        // It was reset while it waited in the queue.
        socket.Dispose();
        return null;
    }

    private static ConnectResult Cancelled() => SocketFailures.Failed(ConnectFailureKind.Aborted, "The connect was given up on this side.");
}
