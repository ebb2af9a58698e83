using System.Buffers;

namespace NatActors.Protocols.Ping;

/// <summary>
/// The answering side of one ping stream: echoes each 32 bytes once they are whole, and ends a stream that stays silent too long.
/// Source: libp2p/specs ping/ping.md.
/// </summary>
public sealed class PingResponder
{
    private readonly byte[] _pending = new byte[PingProtocol.PayloadLength];
    private readonly PingOptions _options;
    private int _length;

    /// <summary>A responder on a stream opened at <paramref name="now"/>.</summary>
    public PingResponder(PingOptions options, TimeSpan now)
    {
        _options = options;
        Deadline = now + options.ResponderIdle;
    }

    /// <summary>When a stream on which no whole ping has come is to be reset.</summary>
    public TimeSpan Deadline { get; private set; }

    /// <summary>Takes bytes in pieces of any size; writes the echo of every ping that became whole.</summary>
    public void OnBytes(ReadOnlySpan<byte> bytes, IBufferWriter<byte> echo, TimeSpan now)
    {
        while (!bytes.IsEmpty)
        {
            var taken = Math.Min(bytes.Length, _pending.Length - _length);
            bytes[..taken].CopyTo(_pending.AsSpan(_length));
            bytes = bytes[taken..];
            _length += taken;
            if (_length < _pending.Length)
            {
                return;
            }

            echo.Write(_pending);
            _length = 0;
            Deadline = now + _options.ResponderIdle;
        }
    }

    /// <summary>The peer finished writing: true when it did so between two pings, false in the middle of one.</summary>
    public bool OnEnded() => _length == 0;
}
