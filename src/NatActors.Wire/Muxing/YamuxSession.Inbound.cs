namespace NatActors.Wire.Muxing;

/// <summary>The inbound half: a resumable scanner of frames.</summary>
public sealed partial class YamuxSession
{
    private enum Stage
    {
        Header,
        Opening,
        Payload,
        Ending,
    }

    private readonly byte[] _partialHeader = new byte[YamuxHeader.Size];
    private int _partialHeaderLength;
    private Stage _stage;
    private YamuxHeader _frame;
    private YamuxStream? _target;
    private uint _payloadLeft;

    /// <summary>
    /// Takes input and returns what it means, one event at a time: call again with the rest until
    /// <see cref="YamuxEventKind.NeedMoreData"/>. For <see cref="YamuxEventKind.Data"/> the payload is the last
    /// <see cref="YamuxEvent.PayloadLength"/> of the consumed bytes.
    /// </summary>
    /// <param name="input">Decrypted bytes, split anywhere.</param>
    /// <param name="now">The monotonic time at which they came.</param>
    /// <param name="consumed">Bytes of the input that are done with.</param>
    public YamuxEvent Read(ReadOnlySpan<byte> input, TimeSpan now, out int consumed)
    {
        consumed = 0;
        if (!input.IsEmpty)
        {
            OnInput(now);
        }

        while (Violation == YamuxViolation.None)
        {
            YamuxEvent found;
            switch (_stage)
            {
                case Stage.Header:
                    if (!TakeHeader(input, ref consumed))
                    {
                        OnInputUsedUp(now);
                        return default;
                    }

                    found = OnHeader(now);
                    break;
                case Stage.Opening:
                    _stage = Stage.Payload;
                    found = new YamuxEvent(YamuxEventKind.StreamOpened, _target);
                    break;
                case Stage.Payload:
                    if (_payloadLeft > 0 && consumed == input.Length)
                    {
                        OnInputUsedUp(now);
                        return default;
                    }

                    found = TakePayload(input, ref consumed);
                    break;
                default:
                    found = EndFrame();
                    break;
            }

            if (found.Kind != YamuxEventKind.NeedMoreData)
            {
                return found;
            }
        }

        return new YamuxEvent(YamuxEventKind.Violated);
    }

    private bool TakeHeader(ReadOnlySpan<byte> input, ref int consumed)
    {
        var rest = input[consumed..];
        if (_partialHeaderLength == 0 && rest.Length >= YamuxHeader.Size)
        {
            _frame = YamuxHeader.Read(rest);
            consumed += YamuxHeader.Size;
            return true;
        }

        var take = Math.Min(rest.Length, YamuxHeader.Size - _partialHeaderLength);
        rest[..take].CopyTo(_partialHeader.AsSpan(_partialHeaderLength));
        consumed += take;
        _partialHeaderLength += take;
        if (_partialHeaderLength < YamuxHeader.Size)
        {
            return false;
        }

        _frame = YamuxHeader.Read(_partialHeader);
        _partialHeaderLength = 0;
        return true;
    }

    private YamuxEvent OnHeader(TimeSpan now)
    {
        if (_frame.Version != YamuxHeader.CurrentVersion)
        {
            return Violate(YamuxViolation.UnknownVersion);
        }

        return (YamuxFrameType)_frame.Type switch
        {
            YamuxFrameType.Data or YamuxFrameType.WindowUpdate => OnStreamFrame(now),
            YamuxFrameType.Ping => OnPing(now),
            YamuxFrameType.GoAway => OnGoAway(now),
            _ => Violate(YamuxViolation.UnknownFrameType),
        };
    }

    private YamuxEvent OnStreamFrame(TimeSpan now)
    {
        if (_frame.StreamId == 0)
        {
            return Violate(YamuxViolation.StreamFrameOnSession);
        }

        var isData = _frame.Type == (byte)YamuxFrameType.Data;
        _payloadLeft = isData ? _frame.Length : 0;
        _stage = Stage.Payload;
        if ((_frame.Flags & YamuxFlags.Syn) != 0)
        {
            var violation = Open(now);
            if (violation != YamuxViolation.None)
            {
                return Violate(violation);
            }
        }
        else if (!_streams.TryGetValue(_frame.StreamId, out _target))
        {
            // Frames to a stream that has ended are dropped: window updates after FIN (js), data under way when we reset, stray RST.
            return _payloadLeft == 0 ? (HasEnd ? OnIdleFrame(now) : OnSmallCredit(now))
                : WasOpened(_frame.StreamId) ? default
                : Violate(YamuxViolation.DataOnUnopenedStream);
        }

        return _target is null ? default : isData ? OnDataHeader(_target, now) : OnWindowUpdate(_target, now);
    }

    private bool WasOpened(uint id) => IsOwn(id) ? id < _nextStreamId : id <= _highestInboundId;

    private bool IsOwn(uint id) => (id & 1) == (_role == YamuxRole.Client ? 1u : 0u);

    /// <summary>Ids need not rise in order: go-yamux draws them before it queues the frames.</summary>
    private YamuxViolation Open(TimeSpan now)
    {
        if (IsOwn(_frame.StreamId))
        {
            return YamuxViolation.WrongStreamIdParity;
        }

        if (_streams.ContainsKey(_frame.StreamId))
        {
            return YamuxViolation.DuplicateStream;
        }

        _highestInboundId = Math.Max(_highestInboundId, _frame.StreamId);
        _target = null;
        var inRate = _streamsAllowed.TryTake(now);
        if ((_frame.Flags & YamuxFlags.Rst) != 0)
        {
            return inRate || _refusalsAllowed.TryTake(now) ? YamuxViolation.None : YamuxViolation.StreamFlood;
        }

        if (!inRate || _goAwaySent || _inboundStreams >= _options.MaxInboundStreams || !HasBudgetFor(YamuxOptions.InitialWindow))
        {
            return Refuse(now);
        }

        _inboundStreams++;
        _target = Add(new YamuxStream(_frame.StreamId, isInbound: true, now));
        _stage = Stage.Opening;
        return QueueAcknowledgement(_target) ? YamuxViolation.None : YamuxViolation.ControlFrameFlood;
    }

    private YamuxEvent OnDataHeader(YamuxStream stream, TimeSpan now)
    {
        var tells = Acknowledge(stream) || _stage == Stage.Opening || HasEnd;
        if (stream.IsRemotelyFinished && _frame.Length > 0)
        {
            _target = null;
            Reset(stream);
            return new YamuxEvent(YamuxEventKind.DataAfterFin, stream);
        }

        // The length is judged against the window here, before anybody makes room for the payload (yamux spec, "Flow Control").
        if (_frame.Length > stream.ReceiveCredit)
        {
            return Violate(YamuxViolation.ReceiveWindowExceeded);
        }

        stream.ReceiveCredit -= _frame.Length;
        return tells || _frame.Length > 0 ? default : OnIdleFrame(now);
    }

    /// <summary>FIN or RST is on the frame.</summary>
    private bool HasEnd => (_frame.Flags & (YamuxFlags.Fin | YamuxFlags.Rst)) != 0;

    private YamuxEvent OnWindowUpdate(YamuxStream stream, TimeSpan now)
    {
        var tells = Acknowledge(stream) || _stage == Stage.Opening || HasEnd;
        if (!tells && _frame.Length < YamuxOptions.LeastCredit && OnSmallCredit(now) is { Kind: YamuxEventKind.Violated } flood)
        {
            return flood;
        }

        if (_frame.Length == 0)
        {
            return default;
        }

        if (stream.SendWindow + _frame.Length > uint.MaxValue)
        {
            return Violate(YamuxViolation.SendWindowOverflow);
        }

        stream.SendWindow += _frame.Length;

        // A new stream is told first; nobody waits for its window yet.
        return _stage == Stage.Opening ? default : new YamuxEvent(YamuxEventKind.WindowOpened, stream);
    }

    private YamuxEvent TakePayload(ReadOnlySpan<byte> input, ref int consumed)
    {
        if (_payloadLeft == 0)
        {
            _stage = Stage.Ending;
            return default;
        }

        var take = (int)Math.Min(_payloadLeft, (uint)(input.Length - consumed));
        _payloadLeft -= (uint)take;
        consumed += take;
        if (_target is null || _target.IsClosed)
        {
            return default;
        }

        _target.Buffered += take;
        return new YamuxEvent(YamuxEventKind.Data, _target, take);
    }

    /// <summary>FIN and RST count after the frame's payload; either may ride on data or on a window update.</summary>
    private YamuxEvent EndFrame()
    {
        _stage = Stage.Header;
        _frameBegan = null;
        var stream = _target;
        _target = null;
        if (stream is null || stream.IsClosed)
        {
            return default;
        }

        if ((_frame.Flags & YamuxFlags.Rst) != 0)
        {
            Close(stream);
            Discard(stream);
            return new YamuxEvent(YamuxEventKind.RemoteReset, stream);
        }

        if ((_frame.Flags & YamuxFlags.Fin) == 0 || stream.IsRemotelyFinished)
        {
            return default;
        }

        stream.IsRemotelyFinished = true;
        CloseIfFinished(stream);
        return new YamuxEvent(YamuxEventKind.RemoteFinished, stream);
    }

    private YamuxEvent OnPing(TimeSpan now)
    {
        _frameBegan = null;
        if (_frame.StreamId != 0)
        {
            return Violate(YamuxViolation.SessionFrameOnStream);
        }

        switch (_frame.Flags & (YamuxFlags.Syn | YamuxFlags.Ack))
        {
            case YamuxFlags.Syn:
                return QueuePingAnswer(_frame.Length) ? OnIdleFrame(now) : Violate(YamuxViolation.ControlFrameFlood);
            case YamuxFlags.Ack:
                return OnPingAnswer(_frame.Length, now);
            default:
                return Violate(YamuxViolation.MalformedPing);
        }
    }

    private YamuxEvent OnGoAway(TimeSpan now)
    {
        _frameBegan = null;
        if (_frame.StreamId != 0)
        {
            return Violate(YamuxViolation.SessionFrameOnStream);
        }

        if (_goAwayReceived && OnIdleFrame(now) is { Kind: YamuxEventKind.Violated } flood)
        {
            return flood;
        }

        _goAwayReceived = true;
        return new YamuxEvent(YamuxEventKind.GoneAway, Code: _frame.Length);
    }

    private YamuxEvent Violate(YamuxViolation violation)
    {
        Violation = violation;
        return new YamuxEvent(YamuxEventKind.Violated);
    }
}
