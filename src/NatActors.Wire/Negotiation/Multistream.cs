using System.Buffers;
using System.Text;
using NatActors.Wire.Framing;

namespace NatActors.Wire.Negotiation;

/// <summary>How far a negotiation is.</summary>
public enum NegotiationStatus
{
    /// <summary>All input is consumed; the other side has to speak.</summary>
    NeedMoreData,

    /// <summary>A protocol is agreed; the bytes behind the negotiation were not touched.</summary>
    Agreed,

    /// <summary>No protocol will be agreed.</summary>
    Failed,
}

/// <summary>Why a negotiation failed.</summary>
public enum NegotiationFailure
{
    /// <summary>It did not.</summary>
    None,

    /// <summary>The other side supports none of the proposals.</summary>
    NoCommonProtocol,

    /// <summary>The other side did not begin with <c>/multistream/1.0.0</c>.</summary>
    NotMultistream,

    /// <summary>A message with a bad length, empty, longer than 1024 bytes or without its newline.</summary>
    MalformedMessage,

    /// <summary>The answer is neither the proposal nor <c>na</c>.</summary>
    UnexpectedAnswer,

    /// <summary>The dialer went on proposing for longer than is allowed.</summary>
    TooManyRounds,

    /// <summary>The other side stopped in the middle.</summary>
    EndedEarly,
}

/// <summary>
/// Words of multistream-select 1.0 (libp2p/specs connections/README.md, "multistream-select"): a message is a varint length, text and a
/// newline, which the length counts.
/// </summary>
public static class Multistream
{
    /// <summary>The protocol's own name, the first message of both sides.</summary>
    public const string Header = "/multistream/1.0.0";

    /// <summary>The answer to a proposal that is not supported.</summary>
    public const string NotAvailable = "na";

    /// <summary>Largest message that is accepted, newline counted: 1024, as go-multistream.</summary>
    public const int MaxMessageSize = 1024;

    /// <summary>
    /// Messages that a listener answers before it gives up; a dialer with more protocols than this has something else in mind.
    /// </summary>
    public const int MaxRounds = 64;

    /// <summary>Writes one message.</summary>
    public static void WriteMessage(IBufferWriter<byte> output, string text)
    {
        var size = Encoding.UTF8.GetByteCount(text) + 1;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, MaxMessageSize, nameof(text));
        Span<byte> message = stackalloc byte[size];
        Encoding.UTF8.GetBytes(text, message);
        message[^1] = (byte)'\n';
        MessageWriter.Write(output, message);
    }

    /// <summary>The text of a scanned message, or null when it is empty or does not end in a newline.</summary>
    internal static string? TextOf(ReadOnlyMemory<byte> message)
    {
        var span = message.Span;
        return span.Length < 2 || span[^1] != (byte)'\n' ? null : Encoding.UTF8.GetString(span[..^1]);
    }
}
