using NatActors.Multiformats;

namespace NatActors.Wire.Muxing;

/// <summary>
/// What the peer may cost: how fast it opens streams, how many frames it sends that carry nothing, how long it takes for one. Every other frame
/// carries payload, whose bytes the receive windows bound.
/// </summary>
public sealed partial class YamuxSession
{
    private TokenBucket _streamsAllowed;
    private TokenBucket _refusalsAllowed;
    private TokenBucket _idleAllowed;
    private TimeSpan? _frameBegan;
    private long _answersOwed;

    private void FillBuckets()
    {
        _streamsAllowed = new TokenBucket(_options.InboundStreams, TimeSpan.Zero);
        _refusalsAllowed = new TokenBucket(_options.InboundStreams, TimeSpan.Zero);
        _idleAllowed = new TokenBucket(_options.IdleFrames, TimeSpan.Zero);
    }

    /// <summary>When the frame that has begun has to be whole; null between two frames.</summary>
    private TimeSpan? FrameDeadline => _frameBegan is { } began
        ? began + _options.FrameTimeout + TimeSpan.FromSeconds(_stage == Stage.Payload ? _frame.Length / YamuxOptions.LeastFrameRate : 0)
        : null;

    /// <summary>The input is used up: is it inside a frame?</summary>
    private void OnInputUsedUp(TimeSpan now)
    {
        if (_partialHeaderLength > 0 || (_stage == Stage.Payload && _payloadLeft > 0))
        {
            _frameBegan ??= now;
        }
    }

    private YamuxEvent OnIdleFrame(TimeSpan now) => _idleAllowed.TryTake(now) ? default : Violate(YamuxViolation.IdleFrameFlood);

    /// <summary>
    /// A frame of payload went out that left the stream credit. js-libp2p grants the bytes of every frame again as soon as it has it, so a grant
    /// of a few bytes may be the answer to one of those. One that used the credit up earns none: it is what bytewise credit makes this side send.
    /// </summary>
    private void OnPayloadSent(YamuxStream stream)
    {
        if (stream.SendWindow >= YamuxOptions.LeastCredit)
        {
            _answersOwed++;
        }
    }

    private YamuxEvent OnSmallCredit(TimeSpan now)
    {
        if (_answersOwed == 0)
        {
            return OnIdleFrame(now);
        }

        _answersOwed--;
        return default;
    }

    private YamuxViolation Refuse(TimeSpan now)
    {
        if (!_refusalsAllowed.TryTake(now))
        {
            return YamuxViolation.StreamFlood;
        }

        return QueueReset(_frame.StreamId, announcedWithData: -1) ? YamuxViolation.None : YamuxViolation.ControlFrameFlood;
    }
}
