using System.Runtime.CompilerServices;
using NatActors.Multiformats;
using NatActors.Node.Muxing;
using NatActors.Transports;
using NatActors.Wire.Security;

namespace NatActors.Node.Security;

/// <summary>
/// A conduit under a Noise session. Reading decrypts straight into the caller's buffer when a frame's plaintext fits; writing fills frames
/// and sends several of them in one write. Nothing is allocated per frame.
/// </summary>
internal sealed class NoiseConduit : IConduit
{
    /// <summary>
    /// Frames that one write of the conduit below carries: large enough to make socket calls rare, small enough for the cache.
    /// </summary>
    private const int FramesPerWrite = 4;

    /// <summary>Room for ciphertext at first; a connection that only chats never needs more.</summary>
    private const int InitialReadBuffer = 4 * 1024;

    /// <summary>Room for ciphertext of a busy connection: one read of the socket brings up to four frames.</summary>
    private const int MaxReadBuffer = FramesPerWrite * NoiseCipher.MaxFrameLength;

    private static readonly BufferPool WriteBuffers = new(FramesPerWrite * NoiseCipher.MaxFrameLength, 64);

    private readonly IConduit _inner;
    private readonly NoiseSession _session;

    // Ciphertext not yet opened stands at [_start, _end); in front of it, plaintext opened in place that the caller had no room for.
    private byte[] _received;
    private int _start;
    private int _end;
    private int _plainStart;
    private int _plainEnd;

    public NoiseConduit(IConduit inner, NoiseSession session, ReadOnlySpan<byte> early)
    {
        _inner = inner;
        _session = session;
        _received = new byte[Math.Max(InitialReadBuffer, early.Length)];
        early.CopyTo(_received);
        _end = early.Length;
    }

    public Multiaddr LocalAddress => _inner.LocalAddress;

    public Multiaddr RemoteAddress => _inner.RemoteAddress;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var opened = TakePlain(buffer.Span);
            if (opened > 0)
            {
                return opened;
            }

            MakeRoom();
            var free = _received.AsMemory(_end);
            var read = await _inner.ReadAsync(free, cancellationToken);
            if (read == 0)
            {
                return _start == _end ? 0 : throw new SecuredConduitException(SecuredConduitFailure.Truncated);
            }

            _end += read;
            if (read == free.Length && _received.Length < MaxReadBuffer)
            {
                Grow(MaxReadBuffer);
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var output = WriteBuffers.Rent();
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
            WriteBuffers.Return(output);
        }
    }

    public ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default) => _inner.CompleteWritesAsync(cancellationToken);

    public void Abort() => _inner.Abort();

    public ValueTask DisposeAsync() => _inner.DisposeAsync();

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

    /// <summary>Called with all plaintext taken and no whole frame here: what is left of a frame moves to the front.</summary>
    private void MakeRoom()
    {
        var partial = _received.AsSpan(_start, _end - _start);
        if (partial.Length >= NoiseCipher.HeaderLength
            && NoiseCipher.HeaderLength + NoiseCipher.ReadHeader(partial) is var needed && needed > _received.Length)
        {
            Grow(MaxReadBuffer);
            return;
        }

        if (_start > 0)
        {
            partial.CopyTo(_received);
            _end = partial.Length;
            _start = 0;
            _plainStart = _plainEnd = 0;
        }
    }

    private void Grow(int size)
    {
        var larger = GC.AllocateUninitializedArray<byte>(size);
        var held = _end - _start;
        _received.AsSpan(_start, held).CopyTo(larger);
        _received = larger;
        _start = _plainStart = _plainEnd = 0;
        _end = held;
    }
}
