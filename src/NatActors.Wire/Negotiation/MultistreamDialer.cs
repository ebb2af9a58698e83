using System.Buffers;
using NatActors.Wire.Framing;

namespace NatActors.Wire.Negotiation;

/// <summary>
/// The proposing side of multistream-select. Writes the header with the first proposal in one go. With a single proposal the caller may be
/// lazy: send payload right behind what <see cref="Start"/> wrote, and feed the answer in when it reads.
/// </summary>
public sealed class MultistreamDialer
{
    private readonly IReadOnlyList<string> _proposals;
    private readonly MessageScanner _scanner = new(Multistream.MaxMessageSize);
    private int _current;
    private bool _headerSeen;

    /// <summary>Proposes the protocols in this order.</summary>
    public MultistreamDialer(IReadOnlyList<string> proposals)
    {
        ArgumentOutOfRangeException.ThrowIfZero(proposals.Count, nameof(proposals));
        _proposals = proposals;
    }

    /// <summary>What was agreed.</summary>
    public string? Protocol { get; private set; }

    /// <summary>Why nothing was.</summary>
    public NegotiationFailure Failure { get; private set; }

    /// <summary>Writes the header and the first proposal.</summary>
    public void Start(IBufferWriter<byte> output)
    {
        Multistream.WriteMessage(output, Multistream.Header);
        Multistream.WriteMessage(output, _proposals[0]);
    }

    /// <summary>Takes input up to the end of the negotiation; writes the next proposals as they become due.</summary>
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

    /// <summary>The other side stopped writing.</summary>
    public void OnEnd()
    {
        if (Protocol is null && Failure == NegotiationFailure.None)
        {
            Failure = NegotiationFailure.EndedEarly;
        }
    }

    private NegotiationFailure OnMessage(string text, IBufferWriter<byte> output)
    {
        if (!_headerSeen)
        {
            _headerSeen = true;
            return text == Multistream.Header ? NegotiationFailure.None : NegotiationFailure.NotMultistream;
        }

        if (text == _proposals[_current])
        {
            Protocol = text;
            return NegotiationFailure.None;
        }

        if (text != Multistream.NotAvailable)
        {
            return NegotiationFailure.UnexpectedAnswer;
        }

        if (++_current == _proposals.Count)
        {
            return NegotiationFailure.NoCommonProtocol;
        }

        Multistream.WriteMessage(output, _proposals[_current]);
        return NegotiationFailure.None;
    }
}
