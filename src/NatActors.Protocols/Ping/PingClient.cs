using NatActors.Multiformats;

namespace NatActors.Protocols.Ping;

/// <summary>
/// The pinging side of one stream: sends 32 random bytes, times their echo, waits the interval, and again.
/// Source: libp2p/specs ping/ping.md.
/// </summary>
/// <remarks>
/// <code>
/// idle --OnStart--> waiting --echo--> pausing --deadline--> waiting … --last echo--> ended
///                      └--timeout, wrong echo, end of stream--> ended (Failed)
/// </code>
/// </remarks>
public sealed class PingClient
{
    private readonly RandomSource _random;
    private readonly PingOptions _options;
    private readonly int _count;
    private readonly byte[] _sent = new byte[PingProtocol.PayloadLength];
    private State _state = State.Idle;
    private TimeSpan _sentAt;
    private int _number;
    private int _echoed;

    /// <summary>A client for <paramref name="count"/> pings (at least 1).</summary>
    public PingClient(int count, RandomSource random, PingOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        _count = count;
        _random = random;
        _options = options;
    }

    private enum State
    {
        Idle,
        Waiting,
        Pausing,
        Ended,
    }

    /// <summary>When <see cref="OnDeadline"/> is due next; null while nothing is awaited.</summary>
    public TimeSpan? Deadline { get; private set; }

    /// <summary>The stream is open: the first ping goes out.</summary>
    public IReadOnlyList<PingEffect> OnStart(TimeSpan now) => _state == State.Idle ? SendNext(now) : [];

    /// <summary>Bytes of the echo came, in pieces of any size.</summary>
    public IReadOnlyList<PingEffect> OnBytes(ReadOnlySpan<byte> bytes, TimeSpan now)
    {
        if (_state == State.Ended || bytes.IsEmpty)
        {
            return [];
        }

        // specs ping/ping.md: nothing but the echo of what was sent may come.
        if (_state != State.Waiting || bytes.Length > PingProtocol.PayloadLength - _echoed)
        {
            return Fail(PingFailure.Unasked);
        }

        if (!bytes.SequenceEqual(_sent.AsSpan(_echoed, bytes.Length)))
        {
            return Fail(PingFailure.WrongEcho);
        }

        _echoed += bytes.Length;
        return _echoed == PingProtocol.PayloadLength ? Measured(now) : [];
    }

    /// <summary>The deadline has come; calls before it do nothing.</summary>
    public IReadOnlyList<PingEffect> OnDeadline(TimeSpan now)
    {
        if (Deadline is not { } deadline || now < deadline)
        {
            return [];
        }

        return _state == State.Pausing ? SendNext(now) : Fail(PingFailure.TimedOut);
    }

    /// <summary>The peer finished or reset the stream.</summary>
    public IReadOnlyList<PingEffect> OnEnded() => _state == State.Ended ? [] : Fail(PingFailure.EndedByPeer);

    private PingEffect[] SendNext(TimeSpan now)
    {
        _number++;
        _random.Fill(_sent);
        _echoed = 0;
        _sentAt = now;
        _state = State.Waiting;
        Deadline = now + _options.Timeout;
        return [new PingEffect.Send(_sent.ToArray())];
    }

    private PingEffect[] Measured(TimeSpan now)
    {
        var measured = new PingEffect.Measured(_number, now - _sentAt);
        if (_number == _count)
        {
            _state = State.Ended;
            Deadline = null;
            return [measured, new PingEffect.Finished()];
        }

        _state = State.Pausing;
        Deadline = now + _options.Interval;
        return [measured];
    }

    private PingEffect[] Fail(PingFailure reason)
    {
        _state = State.Ended;
        Deadline = null;
        return [new PingEffect.Failed(_number, reason)];
    }
}
