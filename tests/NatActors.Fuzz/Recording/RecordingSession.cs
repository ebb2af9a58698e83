using System.Buffers;
using NatActors.Fuzz.Entries.Wire;
using NatActors.Wire.Muxing;
using NatActors.Wire.Negotiation;
using NatActors.Wire.Security;

namespace NatActors.Fuzz.Recording;

/// <summary>One stream of a recorded session.</summary>
internal sealed class RecordedStream(YamuxStream muxed)
{
    public YamuxStream Muxed { get; } = muxed;

    /// <summary>The negotiation of a stream that the peer opened; null behind it.</summary>
    public MultistreamListener? Listener { get; set; }

    /// <summary>What was agreed, or is proposed.</summary>
    public string? Protocol { get; set; }

    /// <summary>All that came, the negotiation included.</summary>
    public List<byte> Received { get; } = [];

    /// <summary>What came behind the negotiation and was not read.</summary>
    public List<byte> Unread { get; } = [];

    public bool Ended { get; set; }
}

/// <summary>
/// A connection of the recorder with a real peer: multistream-select, Noise with the fixed keys of the handshake entries, yamux. All that
/// the peer says is kept, in the clear. One thread, one call at a time.
/// </summary>
internal sealed class RecordingSession
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Pipe _pipe;
    private readonly bool _initiator;
    private readonly Recordings _recordings;
    private readonly Func<RecordingSession, RecordedStream, bool> _onInbound;
    private readonly byte[] _buffer = new byte[NoiseCipher.MaxFrameLength];
    private readonly List<byte> _unread = [];
    private readonly List<byte> _sealed = [];
    private readonly List<byte> _clear = [];
    private readonly Dictionary<YamuxStream, RecordedStream> _streams = [];
    private readonly YamuxSession _yamux;
    private NoiseSession? _noise;

    public RecordingSession(Pipe pipe, bool initiator, Recordings recordings, Func<RecordingSession, RecordedStream, bool> onInbound)
    {
        (_pipe, _initiator, _recordings, _onInbound) = (pipe, initiator, recordings, onInbound);
        _yamux = new YamuxSession(initiator ? YamuxRole.Client : YamuxRole.Server, new YamuxOptions());
    }

    public Recordings Recordings => _recordings;

    private static TimeSpan Now => TimeSpan.FromMilliseconds(Environment.TickCount64);

    /// <summary>Security and muxer; false when the peer does not go along.</summary>
    public bool Open()
    {
        if (!Negotiate(NoiseHandshake.ProtocolId) || !Secure())
        {
            return false;
        }

        return _noise!.EarlyMuxer is not null || Negotiate(YamuxSession.ProtocolId);
    }

    /// <summary>Opens a stream and agrees on the protocol; null when the peer does not speak it.</summary>
    public RecordedStream? OpenStream(string protocol)
    {
        if (_yamux.TryOpen(Now) is not { } muxed)
        {
            return null;
        }

        var stream = new RecordedStream(muxed) { Protocol = protocol };
        _streams.Add(muxed, stream);
        var dialer = new MultistreamDialer([protocol]);
        var output = new ArrayBufferWriter<byte>();
        dialer.Start(output);
        Send(stream, output.WrittenSpan);
        var deadline = DateTime.UtcNow + Patience;
        while (dialer.Protocol is null && dialer.Failure == NegotiationFailure.None && DateTime.UtcNow < deadline)
        {
            if (stream.Unread.Count == 0)
            {
                Pump(deadline);
            }

            dialer.OnBytes(stream.Unread.ToArray(), output, out var consumed);
            stream.Unread.RemoveRange(0, consumed);
        }

        return dialer.Protocol is null ? null : stream;
    }

    public void Send(RecordedStream stream, ReadOnlySpan<byte> bytes, bool fin = false)
    {
        if (stream.Muxed.IsClosed || stream.Muxed.IsLocallyFinished)
        {
            return;
        }

        var frame = new byte[YamuxHeader.Size + bytes.Length];
        _yamux.WriteDataHeader(stream.Muxed, bytes.Length, fin, frame);
        bytes.CopyTo(frame.AsSpan(YamuxHeader.Size));
        Flush(frame);
    }

    /// <summary>Waits for one length-prefixed message on a stream; null when none comes.</summary>
    public byte[]? ReadMessage(RecordedStream stream)
    {
        for (var deadline = DateTime.UtcNow + Patience; DateTime.UtcNow < deadline;)
        {
            var scanner = new NatActors.Wire.Framing.MessageScanner(NoiseCipher.MaxPlaintextLength);
            if (scanner.Read(stream.Unread.ToArray(), out var consumed) == NatActors.Wire.Framing.ScanStatus.Message)
            {
                stream.Unread.RemoveRange(0, consumed);
                return scanner.Message.ToArray();
            }

            if (stream.Ended)
            {
                return null;
            }

            Pump(deadline);
        }

        return null;
    }

    /// <summary>Reads once and does what came of it.</summary>
    public void Pump(DateTime deadline)
    {
        if (ReadRecord(deadline) is not { } plaintext)
        {
            return;
        }

        _clear.AddRange(plaintext);
        var rest = plaintext;
        while (true)
        {
            var found = _yamux.Read(rest, Now, out var consumed);
            if (found.Kind is YamuxEventKind.NeedMoreData or YamuxEventKind.Violated)
            {
                break;
            }

            On(found, rest.AsSpan(0, consumed));
            rest = rest[consumed..];
        }

        Flush([]);
    }

    /// <summary>Hands everything over that was heard on this connection.</summary>
    public void Keep()
    {
        _recordings.AddYamux(_initiator, [.. _clear]);
        foreach (var stream in _streams.Values)
        {
            _recordings.AddStream(stream);
        }
    }

    private void On(YamuxEvent found, ReadOnlySpan<byte> consumed)
    {
        if (found.Kind == YamuxEventKind.StreamOpened)
        {
            _streams.Add(found.Stream!, new RecordedStream(found.Stream!) { Listener = new MultistreamListener(_ => true) });
        }

        if (found.Stream is null || !_streams.TryGetValue(found.Stream, out var stream))
        {
            return;
        }

        stream.Ended |= found.Kind is YamuxEventKind.RemoteFinished or YamuxEventKind.RemoteReset;
        if (found.Kind != YamuxEventKind.Data)
        {
            return;
        }

        var payload = consumed[^found.PayloadLength..];
        _yamux.OnConsumed(found.Stream, payload.Length, Now);
        stream.Received.AddRange(payload);
        stream.Unread.AddRange(payload);
        if (stream.Listener is { } listener)
        {
            var output = new ArrayBufferWriter<byte>();
            listener.OnBytes(stream.Unread.ToArray(), output, out var taken);
            stream.Unread.RemoveRange(0, taken);
            Send(stream, output.WrittenSpan);
            if (listener.Protocol is not null)
            {
                (stream.Protocol, stream.Listener) = (listener.Protocol, null);
                _recordings.AddNegotiation(listening: true,
                    stream.Received.GetRange(0, stream.Received.Count - stream.Unread.Count).ToArray());
                _onInbound(this, stream);
            }
        }
    }

    private void Flush(ReadOnlySpan<byte> data)
    {
        var control = new byte[64 * YamuxHeader.Size];
        byte[] plaintext = [.. control.AsSpan(0, _yamux.DrainControl(control)), .. data];
        if (plaintext.Length > 0 && _noise is not null)
        {
            var frame = new byte[NoiseCipher.FrameLength(plaintext.Length)];
            _noise.Sender.Encrypt(plaintext, frame);
            _pipe.Write(frame);
        }
    }

    private byte[]? ReadRecord(DateTime deadline)
    {
        while (_sealed.Count < NoiseCipher.HeaderLength
            || _sealed.Count < NoiseCipher.HeaderLength + NoiseCipher.ReadHeader(_sealed.GetRange(0, 2).ToArray()))
        {
            if (Take(_sealed, deadline) == 0)
            {
                return null;
            }
        }

        var length = NoiseCipher.ReadHeader(_sealed.GetRange(0, 2).ToArray());
        var ciphertext = _sealed.GetRange(NoiseCipher.HeaderLength, length).ToArray();
        _sealed.RemoveRange(0, NoiseCipher.HeaderLength + length);
        return _noise!.Receiver.TryDecrypt(ciphertext, ciphertext, out var written) ? ciphertext[..written] : null;
    }

    private int Take(List<byte> into, DateTime deadline)
    {
        if (_unread.Count > 0)
        {
            var count = _unread.Count;
            into.AddRange(_unread);
            _unread.Clear();
            return count;
        }

        var read = _pipe.Read(_buffer, deadline);
        into.AddRange(_buffer.AsSpan(0, read));
        return read;
    }

    private bool Negotiate(string protocol)
    {
        var output = new ArrayBufferWriter<byte>();
        var dialer = _initiator ? new MultistreamDialer([protocol]) : null;
        var listener = _initiator ? null : new MultistreamListener(offered => offered == protocol);
        dialer?.Start(output);
        listener?.Start(output);
        var all = Exchange(output, (byte[] input, out int consumed) => _initiator
            ? dialer!.OnBytes(input, output, out consumed) == NegotiationStatus.NeedMoreData
            : listener!.OnBytes(input, output, out consumed) == NegotiationStatus.NeedMoreData);
        _recordings.AddNegotiation(!_initiator, all);
        return (dialer?.Protocol ?? listener?.Protocol) == protocol;
    }

    private bool Secure()
    {
        using var handshake = NoiseHandshakeEntry.Ours(_initiator);
        var output = new ArrayBufferWriter<byte>();
        handshake.Start(output);
        var all = Exchange(output,
            (byte[] input, out int consumed) => handshake.Read(input, output, out consumed) == NoiseStatus.NeedMoreData);
        _recordings.AddHandshake(_initiator, all);
        _noise = handshake.Session;
        return _noise is not null;
    }

    private delegate bool Step(byte[] input, out int consumed);

    /// <summary>
    /// Writes and reads until the step needs no more; returns the bytes that were taken, the rest waits for what comes next.
    /// </summary>
    private byte[] Exchange(ArrayBufferWriter<byte> output, Step step)
    {
        var all = new List<byte>();
        for (var deadline = DateTime.UtcNow + Patience; DateTime.UtcNow < deadline;)
        {
            _pipe.Write(output.WrittenSpan);
            output.Clear();
            var input = new List<byte>();
            if (Take(input, deadline) == 0)
            {
                break;
            }

            var goesOn = step([.. input], out var consumed);
            all.AddRange(input.GetRange(0, consumed));
            _unread.InsertRange(0, input.GetRange(consumed, input.Count - consumed));
            if (!goesOn)
            {
                break;
            }
        }

        _pipe.Write(output.WrittenSpan);
        return [.. all];
    }
}
