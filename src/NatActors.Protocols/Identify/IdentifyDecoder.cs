using System.Text;
using Google.Protobuf;
using NatActors.Multiformats;
using NatActors.Protocols.Identify.Proto;
using NatActors.Wire.Framing;

namespace NatActors.Protocols.Identify;

/// <summary>
/// Reads one identify answer or push: length-prefixed messages, merged until the end of the stream (libp2p/specs identify; go-libp2p
/// splits large answers). An address that does not decode is left out, not the message.
/// </summary>
public sealed class IdentifyDecoder
{
    private readonly IdentifyMessage _merged = new();
    private readonly MessageScanner _scanner = new(IdentifyProtocol.MaxMessageLength);
    private int _total;

    /// <summary>Why the answer was refused.</summary>
    public IdentifyFailure Failure { get; private set; }

    /// <summary>Messages read whole.</summary>
    public int MessageCount { get; private set; }

    /// <summary>Takes bytes in pieces of any size. False when the answer is refused: reset the stream.</summary>
    public bool OnBytes(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && Failure == IdentifyFailure.None)
        {
            // go-libp2p identify id.go: 10 messages.
            if (MessageCount == IdentifyProtocol.MaxMessages)
            {
                Failure = IdentifyFailure.TooManyMessages;
                break;
            }

            var status = _scanner.Read(bytes, out var consumed);
            bytes = bytes[consumed..];
            switch (status)
            {
                case ScanStatus.Message: OnMessage(_scanner.Message.Span); break;
                case ScanStatus.Failed: Failure = OfScanner(_scanner.Failure); break;
                default: break;
            }
        }

        return Failure == IdentifyFailure.None;
    }

    /// <summary>
    /// The stream has ended: what was said, or null with <see cref="Failure"/> set. Also good when the time is up: peers that forget to
    /// close the stream have still said all.
    /// </summary>
    public IdentifyUpdate? OnEnd()
    {
        if (Failure == IdentifyFailure.None && _scanner.IsInsideMessage)
        {
            Failure = IdentifyFailure.Truncated;
        }
        else if (Failure == IdentifyFailure.None && MessageCount == 0)
        {
            Failure = IdentifyFailure.Empty;
        }

        return Failure == IdentifyFailure.None ? ToUpdate(_merged) : null;
    }

    private void OnMessage(ReadOnlySpan<byte> message)
    {
        MessageCount++;
        _total += message.Length;
        if (_total > IdentifyProtocol.MaxTotalLength)
        {
            Failure = IdentifyFailure.TooLarge;
            return;
        }

        if (ProtobufMessage.TryParse(IdentifyMessage.Parser, message, IdentifyProtocol.MaxTotalLength, out var part, out _))
        {
            _merged.MergeFrom(part);
        }
        else
        {
            Failure = IdentifyFailure.Malformed;
        }
    }

    private static IdentifyFailure OfScanner(FramingFailure failure) =>
        failure == FramingFailure.MessageTooLarge ? IdentifyFailure.MessageTooLarge : IdentifyFailure.BadLength;

    private static IdentifyUpdate ToUpdate(IdentifyMessage message) => new()
    {
        ProtocolVersion = message.HasProtocolVersion ? Clean(message.ProtocolVersion) : null,
        AgentVersion = message.HasAgentVersion ? Clean(message.AgentVersion) : null,
        ListenAddresses = message.ListenAddrs.Count > 0 ? Addresses(message.ListenAddrs) : null,
        Protocols = message.Protocols.Count > 0 ? Protocols(message.Protocols) : null,
        ObservedAddress = message.HasObservedAddr ? Address(message.ObservedAddr) : null,
        PublicKey = message.HasPublicKey ? message.PublicKey.Memory : (ReadOnlyMemory<byte>?)null,
        SignedPeerRecord = message.HasSignedPeerRecord ? message.SignedPeerRecord.Memory : (ReadOnlyMemory<byte>?)null,
    };

    // A peer that announces more than the cap is cut off there, as go does; the beginning of its list is what it values most.
    private static IReadOnlyList<Multiaddr> Addresses(IEnumerable<ByteString> addresses) =>
        [.. addresses.Select(Address).OfType<Multiaddr>().Distinct().Take(IdentifyProtocol.MaxAddresses)];

    private static Multiaddr? Address(ByteString bytes) =>
        Multiaddr.TryDecodeForeign(bytes.Span, out var address) ? address.WithoutPeerId() : null;

    // A name with control characters is nobody's protocol, and would be printed on terminals.
    private static IReadOnlyList<string> Protocols(IEnumerable<string> protocols) =>
    [
        .. protocols
            .Where(p => p.Length is > 0 and <= IdentifyProtocol.MaxProtocolLength && !p.Any(char.IsControl))
            .Distinct(StringComparer.Ordinal)
            .Take(IdentifyProtocol.MaxProtocols),
    ];

    // It is printed on terminals and into logs: no control characters, no novel.
    private static string Clean(string text)
    {
        var clean = new StringBuilder(Math.Min(text.Length, IdentifyProtocol.MaxVersionLength));
        foreach (var rune in text.EnumerateRunes())
        {
            if (clean.Length + rune.Utf16SequenceLength > IdentifyProtocol.MaxVersionLength)
            {
                break;
            }

            clean.Append(Rune.IsControl(rune) ? "?" : rune.ToString());
        }

        return clean.ToString();
    }
}
