namespace NatActors.Wire.Framing;

/// <summary>What a scanner has after some input.</summary>
public enum ScanStatus
{
    /// <summary>All input is consumed and the message is not complete.</summary>
    NeedMoreData,

    /// <summary>A message is complete; the bytes behind it were not touched.</summary>
    Message,

    /// <summary>The input cannot be a message; the scanner is done for.</summary>
    Failed,
}

/// <summary>Why bytes cannot be a length-prefixed message.</summary>
public enum FramingFailure
{
    /// <summary>They can.</summary>
    None,

    /// <summary>The length is written in more bytes than it needs (unsigned-varint spec, "minimal encoding").</summary>
    LengthNotMinimal,

    /// <summary>The length has more than nine bytes (unsigned-varint spec, "practical maximum").</summary>
    LengthTooLong,

    /// <summary>The message is larger than this side allows.</summary>
    MessageTooLarge,

    /// <summary>The stream ended inside a message.</summary>
    Truncated,
}

/// <summary>
/// Scans one message after the other: an unsigned varint length and that many bytes. Takes input at any split, never takes a byte beyond
/// the message, and makes room only after the length was found to be allowed.
/// </summary>
public sealed class MessageScanner
{
    /// <summary>Longest varint: nine bytes of seven bits (unsigned-varint spec).</summary>
    private const int MaxVarintLength = 9;

    private readonly int _maxMessageSize;
    private ulong _length;
    private int _lengthBytes;
    private bool _lengthKnown;
    private byte[] _message = [];
    private int _filled;

    /// <summary>A scanner for messages of at most that many bytes, the length prefix not counted.</summary>
    public MessageScanner(int maxMessageSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxMessageSize);
        _maxMessageSize = maxMessageSize;
    }

    /// <summary>Why scanning failed.</summary>
    public FramingFailure Failure { get; private set; }

    /// <summary>The message last completed. The array is not used again by the scanner.</summary>
    public ReadOnlyMemory<byte> Message { get; private set; }

    /// <summary>True while some bytes of a message have been taken but not all: the end of the stream would be a truncation.</summary>
    public bool IsInsideMessage => _lengthBytes > 0;

    /// <summary>Takes input up to the end of the current message.</summary>
    /// <param name="input">The next bytes.</param>
    /// <param name="consumed">How many of them are done with; the rest belong to what follows the message.</param>
    public ScanStatus Read(ReadOnlySpan<byte> input, out int consumed)
    {
        consumed = 0;
        if (Failure != FramingFailure.None)
        {
            return ScanStatus.Failed;
        }

        while (!_lengthKnown)
        {
            if (consumed == input.Length)
            {
                return ScanStatus.NeedMoreData;
            }

            Failure = OnLengthByte(input[consumed++]);
            if (Failure != FramingFailure.None)
            {
                return ScanStatus.Failed;
            }
        }

        var take = Math.Min(_message.Length - _filled, input.Length - consumed);
        input.Slice(consumed, take).CopyTo(_message.AsSpan(_filled));
        consumed += take;
        _filled += take;
        if (_filled < _message.Length)
        {
            return ScanStatus.NeedMoreData;
        }

        Complete();
        return ScanStatus.Message;
    }

    private FramingFailure OnLengthByte(byte value)
    {
        _length |= (ulong)(value & 0x7f) << (7 * _lengthBytes);
        _lengthBytes++;
        if ((value & 0x80) != 0)
        {
            return _lengthBytes == MaxVarintLength ? FramingFailure.LengthTooLong : FramingFailure.None;
        }

        if (value == 0 && _lengthBytes > 1)
        {
            return FramingFailure.LengthNotMinimal;
        }

        // Judged before any room is made (protocols: each message has its own maximum).
        if (_length > (ulong)_maxMessageSize)
        {
            return FramingFailure.MessageTooLarge;
        }

        _lengthKnown = true;
        _message = _length == 0 ? [] : new byte[_length];
        _filled = 0;
        return FramingFailure.None;
    }

    private void Complete()
    {
        Message = _message;
        _message = [];
        _length = 0;
        _lengthBytes = 0;
        _lengthKnown = false;
    }
}
