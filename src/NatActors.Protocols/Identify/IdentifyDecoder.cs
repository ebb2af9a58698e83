using System.Text;
using Google.Protobuf;
using NatActors.Multiformats;
using NatActors.Protocols.Identify.Proto;

namespace NatActors.Protocols.Identify;

/// <summary>
/// Reads one identify answer or push: length-prefixed messages, merged until the end of the stream (libp2p/specs identify; go-libp2p
/// splits large answers). An address that does not decode is left out, not the message.
/// </summary>
public sealed class IdentifyDecoder
{
    private readonly IdentifyMessage _merged = new();
    private readonly byte[] _prefix = new byte[Varint.MaxLength];
    private byte[]? _message;
    private int _filled;
    private int _prefixLength;
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
            bytes = bytes[(_message is null ? TakePrefix(bytes[0]) : TakeBody(bytes))..];
        }

        return Failure == IdentifyFailure.None;
    }

    /// <summary>
    /// The stream has ended: what was said, or null with <see cref="Failure"/> set. Also good when the time is up: peers that forget to
    /// close the stream have still said all.
    /// </summary>
    public IdentifyUpdate? OnEnd()
    {
        if (Failure == IdentifyFailure.None && (_message is not null || _prefixLength > 0))
        {
            Failure = IdentifyFailure.Truncated;
        }
        else if (Failure == IdentifyFailure.None && MessageCount == 0)
        {
            Failure = IdentifyFailure.Empty;
        }

        return Failure == IdentifyFailure.None ? ToUpdate(_merged) : null;
    }

    private int TakePrefix(byte next)
    {
        _prefix[_prefixLength++] = next;
        switch (Varint.TryRead(_prefix.AsSpan(0, _prefixLength), out var length, out _, out _))
        {
            case DecodeStatus.NeedMoreData:
                break;
            case DecodeStatus.Invalid:
                Failure = IdentifyFailure.BadLength;
                break;
            default:
                Begin(length);
                break;
        }

        return 1;
    }

    private void Begin(ulong length)
    {
        // go-libp2p identify id.go: 8 KiB a message, 10 messages.
        if (length > IdentifyProtocol.MaxMessageLength)
        {
            Failure = IdentifyFailure.MessageTooLarge;
        }
        else if (MessageCount == IdentifyProtocol.MaxMessages)
        {
            Failure = IdentifyFailure.TooManyMessages;
        }
        else if (_total + (int)length > IdentifyProtocol.MaxTotalLength)
        {
            Failure = IdentifyFailure.TooLarge;
        }
        else
        {
            _total += (int)length;
            _message = new byte[(int)length];
            _filled = 0;
            _prefixLength = 0;
            EndIfWhole();
        }
    }

    private int TakeBody(ReadOnlySpan<byte> bytes)
    {
        var taken = Math.Min(bytes.Length, _message!.Length - _filled);
        bytes[..taken].CopyTo(_message.AsSpan(_filled));
        _filled += taken;
        EndIfWhole();
        return taken;
    }

    private void EndIfWhole()
    {
        if (_filled < _message!.Length)
        {
            return;
        }

        try
        {
            _merged.MergeFrom(_message);
        }
        catch (InvalidProtocolBufferException)
        {
            Failure = IdentifyFailure.Malformed;
        }

        MessageCount++;
        _message = null;
    }

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
        Multiaddr.TryDecode(bytes.Span, out var address, out _) ? address.WithoutPeerId() : null;

    private static IReadOnlyList<string> Protocols(IEnumerable<string> protocols) =>
    [
        .. protocols
            .Where(p => p.Length is > 0 and <= IdentifyProtocol.MaxProtocolLength)
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
