using System.Runtime.CompilerServices;
using NatActors.Multiformats;
using NatActors.Transports.Muxing;

namespace NatActors.Node.Streams;

/// <summary>
/// A stream to a peer, its protocol agreed: an ordered, reliable byte pipe in each direction, each finished on its own. One reader and one
/// writer at a time; the two may overlap. Reads and writes throw <see cref="IOException"/> when either side reset the stream or the
/// connection is gone.
/// </summary>
public sealed partial class PeerStream : Stream
{
    private readonly IMuxedStream _raw;
    private readonly LazyNegotiation? _lazy;
    private ReadOnlyMemory<byte> _leftover;
    private bool _readEnded;
    private bool _writesCompleted;
    private int _disposed;
    private long _bytesRead;
    private long _bytesWritten;
    private Action? _whenTaken;

    /// <summary>Wraps a raw stream.</summary>
    /// <param name="raw">The raw stream, owned from now on.</param>
    /// <param name="peer">The peer at the other end.</param>
    /// <param name="protocol">The protocol agreed, or with <paramref name="lazy"/> the one to propose.</param>
    /// <param name="relayed">Whether the connection runs over a relay.</param>
    /// <param name="limits">The relay's limits, null when there are none.</param>
    /// <param name="lazy">True to propose the protocol together with the first payload; a refusal shows up when reading.</param>
    /// <param name="leftover">Bytes of the protocol that came right behind the negotiation.</param>
    public PeerStream(
        IMuxedStream raw, PeerId peer, string protocol, bool relayed, StreamLimits? limits, bool lazy, ReadOnlyMemory<byte> leftover)
    {
        _raw = raw;
        _lazy = lazy ? new LazyNegotiation(raw, protocol) : null;
        _leftover = leftover;
        Peer = peer;
        Protocol = protocol;
        Relayed = relayed;
        Limits = limits;
    }

    /// <summary>The peer at the other end, proven by the connection's handshake.</summary>
    public PeerId Peer { get; }

    /// <summary>The protocol id, e.g. <c>/ipfs/ping/1.0.0</c>.</summary>
    public string Protocol { get; }

    /// <summary>True when the connection runs over a relay.</summary>
    public bool Relayed { get; }

    /// <summary>What the relay allows on the connection; null when it is unlimited.</summary>
    public StreamLimits? Limits { get; }

    /// <summary>Payload bytes read so far.</summary>
    public long BytesRead => Volatile.Read(ref _bytesRead);

    /// <summary>Payload bytes written so far.</summary>
    public long BytesWritten => Volatile.Read(ref _bytesWritten);

    /// <inheritdoc />
    public override bool CanRead => _disposed == 0;

    /// <inheritdoc />
    public override bool CanWrite => _disposed == 0 && !_writesCompleted;

    /// <inheritdoc />
    public override bool CanSeek => false;

    /// <summary>Not supported: a stream has no length.</summary>
    public override long Length => throw new NotSupportedException();

    /// <summary>Not supported: a stream has no position.</summary>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>
    /// Reads at least one byte into a non-empty buffer; 0 means that the peer has finished writing. With an empty buffer it only waits until there
    /// may be something to read, or the end. A cancelled read leaves the stream usable.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        Taken();
        if (_lazy is { IsDone: false })
        {
            await FinishNegotiationAsync(cancellationToken);
        }

        if (TakeLeftover(buffer.Span) is var early and > 0)
        {
            _bytesRead += early;
            return early;
        }

        var read = _readEnded || !_leftover.IsEmpty ? 0 : await _raw.ReadAsync(buffer, cancellationToken);
        _readEnded |= read == 0 && !buffer.IsEmpty;
        _bytesRead += read;
        return read;
    }

    /// <summary>
    /// Writes the whole buffer, waiting for the peer's window as needed. After a cancelled write part of the buffer may have gone.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        Taken();
        if (_lazy is { IsProposed: false })
        {
            await _lazy.WriteFirstAsync(buffer, cancellationToken);
        }
        else
        {
            await _raw.WriteAsync(buffer, cancellationToken);
        }

        _bytesWritten += buffer.Length;
    }

    /// <summary>
    /// Tells the peer that no more bytes follow; reading goes on. With a negotiation still pending this waits for the peer's answer first.
    /// </summary>
    public async ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default)
    {
        Taken();
        if (_writesCompleted)
        {
            return;
        }

        if (_lazy is { IsDone: false })
        {
            // Data and FIN together with the negotiation make js-libp2p hang (protocols: quirks of foreign peers).
            await FinishNegotiationAsync(cancellationToken);
        }

        await _raw.CompleteWritesAsync(cancellationToken);
        _writesCompleted = true;
    }

    /// <summary>Ends both directions at once; what is on its way may be lost. Safe from any thread, any number of times.</summary>
    /// <param name="code">The application's reason, for transports that carry one; yamux does not.</param>
    public void Reset(uint code = 0)
    {
        Taken();
        _raw.Reset(code);
    }

    /// <summary>Sends a pending protocol proposal; payload is never held back.</summary>
    public override Task FlushAsync(CancellationToken cancellationToken) =>
        _lazy?.ProposeAsync(cancellationToken) ?? Task.CompletedTask;

    /// <summary>
    /// Closes in order: finishes writing if that was not done, so that everything written arrives, and reads no more. Does not wait for the
    /// peer, except for its answer where the negotiation is still pending; <see cref="Reset"/> ends that too. A peer that goes on writing is
    /// reset when its window is full.
    /// </summary>
    public override async ValueTask DisposeAsync()
    {
        Taken();
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        try
        {
            if (_lazy is { IsProposed: false })
            {
                // Nothing has been said yet, not even which protocol.
                _raw.Reset();
            }
            else
            {
                await CompleteWritesAsync();
                _raw.StopReading();
            }
        }
        catch (IOException)
        {
            // Reset or lost: it is closed already.
        }
        catch (InvalidOperationException)
        {
            // A write is still under way, so it cannot be closed in order.
            _raw.Reset();
        }

        await base.DisposeAsync();
    }

    /// <summary>Resets the stream unless both sides have finished it. Use <see cref="DisposeAsync"/> to close in order.</summary>
    protected override void Dispose(bool disposing)
    {
        Taken();
        if (disposing && Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            if (!_readEnded || !_writesCompleted)
            {
                _raw.Reset();
            }
        }

        base.Dispose(disposing);
    }

    /// <summary>Calls back once, when the stream's new owner first does something with it. To be set before the stream is handed over.</summary>
    internal void WhenTaken(Action taken) => _whenTaken = taken;

    private void Taken()
    {
        if (_whenTaken is not null)
        {
            Interlocked.Exchange(ref _whenTaken, null)?.Invoke();
        }
    }

    /// <summary>Puts bytes back in front of what is to be read: a message reader took more than its messages.</summary>
    internal void Unread(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        _bytesRead -= bytes.Length;
        _leftover = _leftover.IsEmpty ? bytes : (byte[])[.. bytes.Span, .. _leftover.Span];
    }

    private async ValueTask FinishNegotiationAsync(CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        await _lazy!.ReadAnswerAsync(cancellationToken);
    }

    private int TakeLeftover(Span<byte> destination)
    {
        if (_lazy is { Leftover.IsEmpty: false })
        {
            Unread(_lazy.Leftover);
            _bytesRead += _lazy.Leftover.Length;
            _lazy.Leftover = default;
        }

        var take = Math.Min(_leftover.Length, destination.Length);
        _leftover.Span[..take].CopyTo(destination);
        _leftover = _leftover[take..];
        return take;
    }
}
