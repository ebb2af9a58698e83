using System.Buffers;
using NatActors.Wire.Framing;

namespace NatActors.Wire.Negotiation;

/// <summary>
/// The answering side of multistream-select: echoes the first proposal it supports and answers <c>na</c> to the others, the obsolete
/// <c>ls</c> included.
/// </summary>
public sealed class MultistreamListener
{
    private readonly Func<string, bool> _supports;
    private readonly int _maxRounds;
    private readonly MessageScanner _scanner = new(Multistream.MaxMessageSize);
    private bool _headerSent;
    private bool _headerSeen;
    private int _rounds;

    /// <summary>Accepts whatever the predicate does.</summary>
    public MultistreamListener(Func<string, bool> supports, int maxRounds = Multistream.MaxRounds)
    {
        _supports = supports;
        _maxRounds = maxRounds;
    }

    /// <summary>What was agreed.</summary>
    public string? Protocol { get; private set; }

    /// <summary>Why nothing was.</summary>
    public NegotiationFailure Failure { get; private set; }

    /// <summary>
    /// Writes the header at once, as both sides do on a new connection. Without this call it goes out with the first answer, which saves a
    /// packet on streams.
    /// </summary>
    public void Start(IBufferWriter<byte> output)
    {
        if (!_headerSent)
        {
            _headerSent = true;
            Multistream.WriteMessage(output, Multistream.Header);
        }
    }

    /// <summary>Takes input up to the end of the negotiation; writes the answers.</summary>
    public NegotiationStatus OnBytes(ReadOnlySpan<byte> input, IBufferWriter<byte> output, out int consumed)
    {
        consumed = 0;
        while (Protocol is null && Failure == NegotiationFailure.None)
        {
            var status = _scanner.Read(input[consumed..], out var taken);
            consumed += taken;
            if (status == ScanStatus.NeedMoreData)
            {
                return NegotiationStatus.NeedMoreData;
            }

            var text = status == ScanStatus.Message ? Multistream.TextOf(_scanner.Message) : null;
            Failure = text is null ? NegotiationFailure.MalformedMessage : OnMessage(text, output);
        }

        return Protocol is null ? NegotiationStatus.Failed : NegotiationStatus.Agreed;
    }

    /// <summary>The other side stopped writing. A dialer that got <c>na</c> to everything ends like this.</summary>
    public void OnEnd()
    {
        if (Protocol is null && Failure == NegotiationFailure.None)
        {
            Failure = _rounds > 0 && !_scanner.IsInsideMessage ? NegotiationFailure.NoCommonProtocol : NegotiationFailure.EndedEarly;
        }
    }

    private NegotiationFailure OnMessage(string text, IBufferWriter<byte> output)
    {
        if (!_headerSeen)
        {
            _headerSeen = true;
            if (text != Multistream.Header)
            {
                return NegotiationFailure.NotMultistream;
            }

            Start(output);
            return NegotiationFailure.None;
        }

        if (++_rounds > _maxRounds)
        {
            return NegotiationFailure.TooManyRounds;
        }

        if (text != Multistream.NotAvailable && _supports(text))
        {
            Protocol = text;
            Multistream.WriteMessage(output, text);
        }
        else
        {
            Multistream.WriteMessage(output, Multistream.NotAvailable);
        }

        return NegotiationFailure.None;
    }
}
