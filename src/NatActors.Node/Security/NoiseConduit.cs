using System.Runtime.CompilerServices;
using NatActors.Multiformats;
using NatActors.Node.Muxing;
using NatActors.Node.Resources;
using NatActors.Transports;
using NatActors.Wire.Security;

namespace NatActors.Node.Security;

/// <summary>
/// A conduit under a Noise session. Reading decrypts straight into the caller's buffer when a frame's plaintext fits; writing fills frames
/// and sends several of them in one write. Nothing is allocated per frame.
/// </summary>
internal sealed class NoiseConduit : IChargedConduit
{
    /// <summary>
    /// Frames that one write of the conduit below carries: large enough to make socket calls rare, small enough for the cache.
    /// </summary>
    private const int FramesPerWrite = 4;

    /// <summary>Room for what is usually written at once when peers chat. The socket keeps a reference to what it sent last.</summary>
    private static readonly BufferPool SmallBuffers = new(4 * 1024, 256);

    /// <summary>Room for any one frame.</summary>
    private static readonly BufferPool FrameBuffers = new(NoiseCipher.MaxFrameLength, 64);

    /// <summary>Room for what one call of the socket carries on a busy connection, in either direction.</summary>
    private static readonly BufferPool BusyBuffers = new(FramesPerWrite * NoiseCipher.MaxFrameLength, 64);

    private readonly IConduit _inner;
    private readonly NoiseSession _session;

    // Null while nothing is here: an idle connection holds no buffer. Ciphertext not yet opened stands at [_start, _end); in front of it, plaintext
    // opened in place that the caller had no room for.
    private byte[]? _received;
    private BufferPool _pool = FrameBuffers;
    private int _start;
    private int _end;
    private int _plainStart;
    private int _plainEnd;
    private ConnectionResources? _resources;

    public NoiseConduit(IConduit inner, NoiseSession session, ReadOnlySpan<byte> early)
    {
        _inner = inner;
        _session = session;
        if (!early.IsEmpty)
        {
            // The handshake reads less at a time than a frame takes.
            _received = _pool.Rent();
            early.CopyTo(_received);
            _end = early.Length;
        }
    }

    public Multiaddr LocalAddress => _inner.LocalAddress;

    public Multiaddr RemoteAddress => _inner.RemoteAddress;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            if (buffer.IsEmpty)
            {
                SkipEmptyFrames();
            }

            var opened = TakePlain(buffer.Span);
            if (opened > 0 || (buffer.IsEmpty && HasPlain))
            {
                return opened;
            }

            if (_start == _end)
            {
                Release();
                await _inner.ReadAsync(default, cancellationToken);
            }

            var free = MakeRoom();
            var reading = _inner.ReadAsync(free, cancellationToken);
            var read = reading.IsCompleted ? await reading : await HoldAsync(reading);
            if (read == 0)
            {
                var truncated = _start < _end;
                Release();
                return truncated ? throw new SecuredConduitException(SecuredConduitFailure.Truncated) : 0;
            }

            _end += read;
            _pool = read == free.Length ? BusyBuffers : _pool;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var pool = PoolFor(buffer.Length);
        var output = pool.Rent();
        try
        {
            while (!buffer.IsEmpty)
            {
                var taken = Seal(buffer.Span, output, out var length);
                await _inner.WriteAsync(output.AsMemory(0, length), cancellationToken);
                buffer = buffer[taken..];
            }
        }
        finally
        {
            pool.Return(output);
        }
    }

    public ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default) => _inner.CompleteWritesAsync(cancellationToken);

    public void Abort() => _inner.Abort();

    public ValueTask DisposeAsync()
    {
        _session.Dispose();
        return _inner.DisposeAsync();
    }

    /// <inheritdoc />
    public void ChargeTo(ConnectionResources resources) => _resources = resources;

    /// <summary>Waits for the rest of a frame: until it comes, the buffer is held at the peer's expense.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> HoldAsync(ValueTask<int> reading)
    {
        var held = _resources is null ? 0 : _received!.Length;
        if (_resources?.Take(held) is { } refusal)
        {
            _inner.Abort();
            throw new IOException($"The peer does not finish what it sends: {refusal.Describe()}.");
        }

        try
        {
            return await reading;
        }
        finally
        {
            _resources?.Return(held);
        }
    }

    private bool HasPlain => _plainStart < _plainEnd || HasFrame(out _);

    private static BufferPool PoolFor(int plaintextLength) =>
        NoiseCipher.FrameLength(plaintextLength) <= SmallBuffers.BufferSize ? SmallBuffers
        : plaintextLength <= NoiseCipher.MaxPlaintextLength ? FrameBuffers
        : BusyBuffers;

    private int Seal(ReadOnlySpan<byte> plaintext, byte[] output, out int length)
    {
        var taken = 0;
        length = 0;
        for (var frame = 0; frame < FramesPerWrite && taken < plaintext.Length; frame++)
        {
            var size = Math.Min(plaintext.Length - taken, NoiseCipher.MaxPlaintextLength);
            length += _session.Sender.Encrypt(plaintext.Slice(taken, size), output.AsSpan(length));
            taken += size;
        }

        return taken;
    }

    /// <summary>Plaintext of whole frames that are here, as many as fit; 0 when more ciphertext is needed.</summary>
    private int TakePlain(Span<byte> destination)
    {
        var taken = Math.Min(destination.Length, _plainEnd - _plainStart);
        _received.AsSpan(_plainStart, taken).CopyTo(destination);
        _plainStart += taken;
        while (taken < destination.Length && HasFrame(out var ciphertext))
        {
            var room = destination[taken..];
            if (ciphertext.Length - NoiseCipher.TagLength <= room.Length)
            {
                taken += Open(ciphertext, room);
            }
            else if (taken == 0)
            {
                taken = OpenInPlace(ciphertext, room);
            }
            else
            {
                break;
            }
        }

        return taken;
    }

    /// <summary>A frame may carry nothing: who waits for something to read, to have a buffer for it then, is not woken by those.</summary>
    private void SkipEmptyFrames()
    {
        while (_plainStart == _plainEnd && HasFrame(out var ciphertext) && ciphertext.Length == NoiseCipher.TagLength)
        {
            Open(ciphertext, default);
        }
    }

    private bool HasFrame(out Span<byte> ciphertext)
    {
        ciphertext = default;
        var available = _received.AsSpan(_start, _end - _start);
        if (available.Length < NoiseCipher.HeaderLength)
        {
            return false;
        }

        var length = NoiseCipher.ReadHeader(available);
        if (length < NoiseCipher.TagLength)
        {
            throw new SecuredConduitException(SecuredConduitFailure.FrameTooShort);
        }

        if (available.Length < NoiseCipher.HeaderLength + length)
        {
            return false;
        }

        ciphertext = available.Slice(NoiseCipher.HeaderLength, length);
        return true;
    }

    private int Open(ReadOnlySpan<byte> ciphertext, Span<byte> destination)
    {
        if (!_session.Receiver.TryDecrypt(ciphertext, destination, out var written))
        {
            throw new SecuredConduitException(SecuredConduitFailure.Forged);
        }

        _start += NoiseCipher.HeaderLength + ciphertext.Length;
        return written;
    }

    private int OpenInPlace(Span<byte> ciphertext, Span<byte> destination)
    {
        _plainStart = _start + NoiseCipher.HeaderLength;
        _plainEnd = _plainStart + Open(ciphertext, ciphertext);
        var taken = Math.Min(destination.Length, _plainEnd - _plainStart);
        _received.AsSpan(_plainStart, taken).CopyTo(destination);
        _plainStart += taken;
        return taken;
    }

    /// <summary>
    /// Called with all plaintext taken and no whole frame here: what is left of a frame moves to the front, into a larger buffer where the last
    /// one was filled. Returns the room behind it, in which a frame always fits.
    /// </summary>
    private Memory<byte> MakeRoom()
    {
        var target = _received is null || _received.Length < _pool.BufferSize ? _pool.Rent() : _received;
        var left = _end - _start;
        if (_received is { } held)
        {
            held.AsSpan(_start, left).CopyTo(target);
        }

        if (target != _received)
        {
            Release();
            _received = target;
        }

        (_start, _end) = (0, left);
        _plainStart = _plainEnd = 0;
        return target.AsMemory(left);
    }

    /// <summary>Gives the buffer to others.</summary>
    private void Release()
    {
        if (_received is { } held)
        {
            (held.Length == FrameBuffers.BufferSize ? FrameBuffers : BusyBuffers).Return(held);
            _received = null;
            _start = _end = _plainStart = _plainEnd = 0;
        }
    }
}
