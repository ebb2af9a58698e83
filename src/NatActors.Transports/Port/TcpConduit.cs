using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using NatActors.Multiformats;

namespace NatActors.Transports.Port;

/// <summary>
/// A connected TCP socket. Reads and writes allocate nothing once warm. Closing it in order sends a FIN; <see cref="Abort"/> sends an RST,
/// which also frees the 4-tuple at once.
/// </summary>
public sealed class TcpConduit : IConduit
{
    private static readonly LingerOption ResetOnClose = new(true, 0);
    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private int _closed;

    /// <summary>Takes over a connected socket.</summary>
    internal TcpConduit(Socket socket)
    {
        _socket = socket;
        LocalEndPoint = (IPEndPoint)socket.LocalEndPoint!;
        RemoteEndPoint = (IPEndPoint)socket.RemoteEndPoint!;
        LocalAddress = Multiaddr.FromTcp(LocalEndPoint);
        RemoteAddress = Multiaddr.FromTcp(RemoteEndPoint);

        // The stream, not the socket, is read: its operations are as free of allocations and their errors are IOExceptions already.
        _stream = new NetworkStream(socket, ownsSocket: false);
    }

    /// <inheritdoc />
    public Multiaddr LocalAddress { get; }

    /// <inheritdoc />
    public Multiaddr RemoteAddress { get; }

    /// <summary>This end of the connection, its real address even where the listener is bound to a wildcard.</summary>
    public IPEndPoint LocalEndPoint { get; }

    /// <summary>The other end as this machine sees it.</summary>
    public IPEndPoint RemoteEndPoint { get; }

    /// <summary>The socket, for tests that look at its options.</summary>
    internal Socket Socket => _socket;

    /// <inheritdoc />
    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Volatile.Read(ref _closed) != 0 ? ValueTask.FromException<int>(Gone())
        : buffer.IsEmpty ? WaitAsync(cancellationToken)
        : _stream.ReadAsync(buffer, cancellationToken);

    /// <inheritdoc />
    public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        Volatile.Read(ref _closed) == 0
            ? _stream.WriteAsync(buffer, cancellationToken)
            : ValueTask.FromException(Gone());

    /// <inheritdoc />
    public ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
            return ValueTask.CompletedTask;
        }
        catch (SocketException error)
        {
            return ValueTask.FromException(new IOException(error.Message, error));
        }
        catch (ObjectDisposedException)
        {
            return ValueTask.FromException(Gone());
        }
    }

    /// <inheritdoc />
    public void Abort()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        try
        {
            _socket.LingerState = ResetOnClose;
        }
        catch (SocketException)
        {
            // The other side was faster: nothing is left to reset.
        }

        _socket.Dispose();
    }

    /// <summary>Closes in order: bytes already written still arrive, then a FIN. Pending reads and writes fail.</summary>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            _socket.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Waits until the socket is readable. The framework's read of no bytes ends with the next notice of the kernel, also with one about bytes that
    /// have been read since; so the kernel is asked whether it is true.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WaitAsync(CancellationToken cancellationToken)
    {
        do
        {
            await _stream.ReadAsync(Memory<byte>.Empty, cancellationToken).ConfigureAwait(false);
        }
        while (!IsReadable());

        return 0;
    }

    private bool IsReadable()
    {
        try
        {
            return _socket.Poll(0, SelectMode.SelectRead);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            throw Gone();
        }
    }

    private static IOException Gone() => new("The connection was closed on this side.");
}
