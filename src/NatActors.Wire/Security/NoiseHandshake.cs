using System.Buffers;
using System.Buffers.Binary;
using NatActors.Multiformats;

namespace NatActors.Wire.Security;

/// <summary>
/// The libp2p Noise handshake, <c>/noise</c> (libp2p/specs noise). Call <see cref="Start"/> once, send what it wrote, then feed
/// <see cref="Read"/> whatever arrives, at any split, sending what it writes, until it says done or failed. It never takes a byte beyond the
/// handshake: what is left belongs to the session's first frame.
/// </summary>
public sealed class NoiseHandshake : IDisposable
{
    /// <summary>The protocol id in multistream-select.</summary>
    public const string ProtocolId = "/noise";

    /// <summary>
    /// The longest handshake message accepted, in bytes. Ours: an RSA key of 8192 bits, its signature and a dozen muxers take about 2,600.
    /// </summary>
    public const int MaxMessageLength = 4096;

    private const int HeaderLength = NoiseCipher.HeaderLength;

    private readonly bool _initiator;
    private readonly NoiseCredentials _credentials;
    private readonly bool _ownsCredentials;
    private readonly PeerId? _expectedPeer;
    private readonly NoiseXxState _state;
    private readonly byte[] _header = new byte[HeaderLength];
    private byte[]? _message;
    private int _headerFilled;
    private int _messageFilled;
    private bool _started;
    private PublicKey? _remoteKey;
    private string? _earlyMuxer;

    /// <summary>A handshake in one role, with a static key for this one only.</summary>
    /// <param name="initiator">True for the side that speaks first: the dialer, or in a hole punch the side that DCUtR names.</param>
    /// <param name="identity">This side's identity; not disposed by this.</param>
    /// <param name="random">Where the keys of this one handshake come from.</param>
    /// <param name="expectedPeer">Who the other side has to be; null to accept anybody.</param>
    /// <param name="muxers">Muxer protocol ids by preference, to agree on one inside the handshake; empty to leave that to multistream-select.</param>
    public NoiseHandshake(bool initiator, PrivateKey identity, RandomSource random, PeerId? expectedPeer, IReadOnlyList<string> muxers)
        : this(initiator, new NoiseCredentials(identity, random, muxers), random, expectedPeer)
    {
        _ownsCredentials = true;
    }

    /// <summary>A handshake in one role.</summary>
    /// <param name="initiator">True for the side that speaks first: the dialer, or in a hole punch the side that DCUtR names.</param>
    /// <param name="credentials">Static key, identity and muxers of this side; not disposed by this.</param>
    /// <param name="random">Where the ephemeral key comes from.</param>
    /// <param name="expectedPeer">Who the other side has to be; null to accept anybody.</param>
    public NoiseHandshake(bool initiator, NoiseCredentials credentials, RandomSource random, PeerId? expectedPeer)
    {
        _initiator = initiator;
        _credentials = credentials;
        _expectedPeer = expectedPeer;

        // libp2p/specs noise: the prologue is empty.
        _state = new NoiseXxState(initiator, credentials.StaticKey, random, []);
    }

    /// <summary>Where the handshake stands.</summary>
    public NoiseStatus Status =>
        Failure != NoiseFailure.None ? NoiseStatus.Failed : Session is not null ? NoiseStatus.Done : NoiseStatus.NeedMoreData;

    /// <summary>The outcome, once done. It belongs to the caller.</summary>
    public NoiseSession? Session { get; private set; }

    /// <summary>Why the handshake failed.</summary>
    public NoiseFailure Failure { get; private set; }

    /// <summary>The same in words for a person; null unless it failed.</summary>
    public string? FailureDetail { get; private set; }

    /// <summary>The initiator writes its first message; the responder writes nothing.</summary>
    public NoiseStatus Start(IBufferWriter<byte> output)
    {
        if (_started)
        {
            throw new InvalidOperationException("A handshake starts once.");
        }

        _started = true;
        // libp2p/specs noise: the first message carries no payload.
        return _state.IsMyTurn ? WriteMessage([], output) : Status;
    }

    /// <summary>Takes what arrived and writes the answer, if one is due.</summary>
    /// <param name="input">The next bytes from the other side.</param>
    /// <param name="output">Where this side's next message goes; send it, also when the status is done.</param>
    /// <param name="consumed">How many of the input's bytes belonged to the handshake.</param>
    public NoiseStatus Read(ReadOnlySpan<byte> input, IBufferWriter<byte> output, out int consumed)
    {
        if (!_started)
        {
            throw new InvalidOperationException("Start the handshake before feeding it.");
        }

        consumed = 0;
        while (Status == NoiseStatus.NeedMoreData && consumed < input.Length)
        {
            if (_message is null)
            {
                _header[_headerFilled++] = input[consumed++];
                if (_headerFilled == HeaderLength && !TryBeginMessage())
                {
                    break;
                }
            }
            else
            {
                var take = Math.Min(_message.Length - _messageFilled, input.Length - consumed);
                input.Slice(consumed, take).CopyTo(_message.AsSpan(_messageFilled));
                consumed += take;
                _messageFilled += take;
            }

            if (_message is not null && _messageFilled == _message.Length)
            {
                OnMessage(_message, output);
                (_message, _messageFilled, _headerFilled) = (null, 0, 0);
            }
        }

        return Status;
    }

    /// <summary>The other side will send no more. Fails a handshake that is not done.</summary>
    public NoiseStatus OnEndOfStream() => Status == NoiseStatus.NeedMoreData
        ? Fail(NoiseFailure.Truncated, "The other side closed during the Noise handshake.")
        : Status;

    /// <summary>Wipes the handshake's keys; the session, if there is one, stays usable.</summary>
    public void Dispose()
    {
        _state.Dispose();
        if (_ownsCredentials)
        {
            _credentials.Dispose();
        }
    }

    private bool TryBeginMessage()
    {
        // libp2p/specs noise, "Wire Format": unsigned big-endian. Judged before any room is made.
        int length = BinaryPrimitives.ReadUInt16BigEndian(_header);
        if (length > MaxMessageLength)
        {
            Fail(NoiseFailure.MessageTooLarge, $"A handshake message of {length} bytes; at most {MaxMessageLength} are accepted.");
            return false;
        }

        _message = new byte[length];
        return true;
    }

    private void OnMessage(ReadOnlySpan<byte> message, IBufferWriter<byte> output)
    {
        // A bare ephemeral key is a first message, and never a second one.
        if (_initiator && message.Length == NoiseXxState.KeyLength)
        {
            Fail(NoiseFailure.Crossed, "The other side dialed at the same moment and takes itself for the dialer too.");
            return;
        }

        var payload = message.Length == 0 ? [] : new byte[message.Length];
        var read = _state.TryRead(message, payload, out var length);
        if (read != NoiseReadFailure.None)
        {
            FailReading(read);
            return;
        }

        // Only the second and third message carry a payload; one in the first is not protected by anything and is ignored.
        if ((!_initiator && !_state.IsComplete) || CheckPayload(payload.AsSpan(0, length)))
        {
            Continue(output);
        }
    }

    private void Continue(IBufferWriter<byte> output)
    {
        if (_state.IsMyTurn && WriteMessage(_credentials.Payload, output) == NoiseStatus.Failed)
        {
            return;
        }

        if (_state.IsComplete)
        {
            var (sender, receiver) = _state.Split();
            Session = new NoiseSession(_remoteKey!, _earlyMuxer, sender, receiver);
            _state.Dispose();
        }
    }

    private bool CheckPayload(ReadOnlySpan<byte> payload)
    {
        var failure = NoisePayload.TryDecode(
            payload, _state.RemoteStaticPublicKey, _credentials.Verified, out _remoteKey, out var muxers, out var detail);
        if (failure != NoiseFailure.None)
        {
            Fail(failure, detail!);
            return false;
        }

        if (_expectedPeer is not null && !_expectedPeer.Matches(_remoteKey!))
        {
            Fail(NoiseFailure.WrongPeer, $"Expected {_expectedPeer}, met {PeerId.FromPublicKey(_remoteKey!)}.");
            return false;
        }

        return TryAgreeOnMuxer(muxers);
    }

    private bool TryAgreeOnMuxer(IReadOnlyList<string> theirs)
    {
        // libp2p/specs connections, "Inlined muxer negotiation": both lists, and the initiator's order decides; else multistream-select.
        var ours = _credentials.Muxers;
        if (ours.Count == 0 || theirs.Count == 0)
        {
            return true;
        }

        var (preferred, supported) = _initiator ? (ours, theirs) : (theirs, ours);
        _earlyMuxer = preferred.FirstOrDefault(supported.Contains);
        if (_earlyMuxer is null)
        {
            Fail(NoiseFailure.NoCommonMuxer, $"No stream muxer in common: here {string.Join(", ", ours)}, there {string.Join(", ", theirs)}.");
        }

        return _earlyMuxer is not null;
    }

    private NoiseStatus WriteMessage(ReadOnlySpan<byte> payload, IBufferWriter<byte> output)
    {
        // At most an ephemeral key, an encrypted static key and an encrypted payload.
        const int MaxKeysLength = (2 * NoiseXxState.KeyLength) + (2 * NoiseCipher.TagLength);
        var frame = output.GetSpan(HeaderLength + MaxKeysLength + payload.Length);
        if (!_state.TryWrite(payload, frame[HeaderLength..], out var written))
        {
            return FailReading(NoiseReadFailure.WeakKey);
        }

        BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)written);
        output.Advance(HeaderLength + written);
        return Status;
    }

    private NoiseStatus FailReading(NoiseReadFailure failure) => failure switch
    {
        NoiseReadFailure.TooShort => Fail(NoiseFailure.MessageTooShort, "A handshake message is too short for its keys and tags."),
        NoiseReadFailure.WeakKey => Fail(NoiseFailure.WeakKey, "The other side chose a key that makes the shared secret known to all."),
        _ => Fail(NoiseFailure.NotAuthentic, "A handshake message was not sealed with the agreed keys."),
    };

    private NoiseStatus Fail(NoiseFailure failure, string detail)
    {
        Failure = failure;
        FailureDetail = detail;
        _state.Dispose();
        return NoiseStatus.Failed;
    }
}
