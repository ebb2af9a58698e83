using NatActors.Wire.Framing;

namespace NatActors.Node.Streams;

/// <summary>What reading a message came to: exactly one of message, end and failure.</summary>
/// <param name="Message">The message; null otherwise.</param>
/// <param name="Failure">How the bytes are no message; <see cref="FramingFailure.None"/> otherwise.</param>
public readonly record struct MessageRead(ReadOnlyMemory<byte>? Message, FramingFailure Failure)
{
    /// <summary>True when the peer finished writing between two messages.</summary>
    public bool IsEnd => Message is null && Failure == FramingFailure.None;
}

/// <summary>
/// Length-prefixed messages over a stream. It reads ahead; <see cref="Release"/> gives what was read too much back, so that the same stream
/// may carry raw bytes after its messages.
/// </summary>
public sealed class MessageStream
{
    /// <summary>Bytes read at a time; control messages are smaller than this.</summary>
    private const int ReadSize = 2048;

    private readonly PeerStream _stream;
    private readonly byte[] _buffer = new byte[ReadSize];
    private ReadOnlyMemory<byte> _ahead;
    private MessageScanner? _scanner;
    private int _scannerLimit;

    /// <summary>Messages over the stream, which must not be read otherwise until <see cref="Release"/>.</summary>
    public MessageStream(PeerStream stream) => _stream = stream;

    /// <summary>The stream itself, to finish or reset it.</summary>
    public PeerStream Stream => _stream;

    /// <summary>Reads one message of at most that many bytes. Throws <see cref="IOException"/> when the stream was cut.</summary>
    /// <param name="maxSize">Largest message allowed, its prefix not counted; larger ones are refused before room is made for them.</param>
    /// <param name="cancellationToken">Cancels the read; what was read of the message is kept.</param>
    public async ValueTask<MessageRead> ReadMessageAsync(int maxSize, CancellationToken cancellationToken)
    {
        if (_scanner is null || (_scannerLimit != maxSize && !_scanner.IsInsideMessage))
        {
            _scanner = new MessageScanner(maxSize);
            _scannerLimit = maxSize;
        }

        while (true)
        {
            if (_ahead.IsEmpty)
            {
                var read = await _stream.ReadAsync(_buffer, cancellationToken);
                if (read == 0)
                {
                    return new MessageRead(null, _scanner.IsInsideMessage ? FramingFailure.Truncated : FramingFailure.None);
                }

                _ahead = _buffer.AsMemory(0, read);
            }

            var status = _scanner.Read(_ahead.Span, out var consumed);
            _ahead = _ahead[consumed..];
            if (status != ScanStatus.NeedMoreData)
            {
                return new MessageRead(status == ScanStatus.Message ? _scanner.Message : default(ReadOnlyMemory<byte>?), _scanner.Failure);
            }
        }
    }

    /// <summary>Writes one message with its length in front, in one write.</summary>
    public ValueTask WriteMessageAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken) =>
        _stream.WriteAsync(MessageWriter.Frame(message.Span), cancellationToken);

    /// <summary>Ends the use of messages: the stream goes on with raw bytes, none of which is lost.</summary>
    public PeerStream Release()
    {
        _stream.Unread(_ahead.ToArray());
        _ahead = default;
        return _stream;
    }
}
