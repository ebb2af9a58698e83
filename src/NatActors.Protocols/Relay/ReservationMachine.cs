using NatActors.Multiformats;

namespace NatActors.Protocols.Relay;

/// <summary>Where a kept reservation stands.</summary>
public enum ReservationState
{
    /// <summary>Not started, or stopped.</summary>
    Idle,

    /// <summary>A connection to the relay is being made.</summary>
    Connecting,

    /// <summary>RESERVE is under way and no slot is held.</summary>
    Reserving,

    /// <summary>The slot is held.</summary>
    Held,

    /// <summary>The slot is held and being refreshed.</summary>
    Refreshing,

    /// <summary>Nothing is held; the next try has its time.</summary>
    Waiting,
}

/// <summary>
/// Keeps one reservation at one relay (circuit-v2.md, "Reservation"): asks, refreshes before the end, asks again after a loss. Time is an
/// argument; call <see cref="OnDeadline"/> when <see cref="NextDeadline"/> comes.
/// </summary>
/// <remarks>
/// <code>
/// Idle --start--> Connecting --connected--> Reserving --OK--> Held --three quarters of its life--> Refreshing --OK--> Held
///                     |                        |                |                                      | failed: again until its end
///                     +-------- failed --------+-- disconnected, ended -- Waiting --back-off--> Connecting
/// </code>
/// </remarks>
public sealed class ReservationMachine
{
    private readonly PeerId _relay;
    private readonly PeerId _self;
    private readonly ReservationOptions _options;
    private readonly RandomSource _random;
    private readonly Multiaddr _configured;
    private Multiaddr _known;
    private int _failures;
    private TimeSpan _exchangeEnds;
    private TimeSpan _refreshAt;
    private TimeSpan _expires;
    private TimeSpan _retryAt;

    /// <summary>A machine that has not started.</summary>
    /// <param name="relay">The relay's address, ending in its peer id.</param>
    /// <param name="self">This node.</param>
    /// <param name="options">The timing.</param>
    /// <param name="random">Where jitter comes from.</param>
    public ReservationMachine(Multiaddr relay, PeerId self, ReservationOptions options, RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(relay);
        _relay = relay.PeerId ?? throw new ArgumentException("A relay's address has to end in its peer id.", nameof(relay));
        _configured = relay;
        _known = relay;
        _self = self;
        _options = options;
        _random = random;
    }

    /// <summary>Where it stands.</summary>
    public ReservationState State { get; private set; }

    /// <summary>True while a slot is held.</summary>
    public bool IsHeld => State is ReservationState.Held or ReservationState.Refreshing;

    /// <summary>When to call <see cref="OnDeadline"/>, or null.</summary>
    public TimeSpan? NextDeadline => State switch
    {
        ReservationState.Reserving => _exchangeEnds,
        ReservationState.Held => Earlier(_refreshAt, _expires),
        ReservationState.Refreshing => Earlier(_exchangeEnds, _expires),
        ReservationState.Waiting => _retryAt,
        _ => null,
    };

    /// <summary>Starts, or tries again at once when the machine is waiting (the network came back, for example).</summary>
    public IReadOnlyList<ReservationEffect> Start()
    {
        if (State is not (ReservationState.Idle or ReservationState.Waiting))
        {
            return [];
        }

        State = ReservationState.Connecting;
        return [new ReservationEffect.Connect()];
    }

    /// <summary>There is a direct connection to the relay, at this address.</summary>
    public IReadOnlyList<ReservationEffect> OnConnected(Multiaddr address, TimeSpan now)
    {
        if (State != ReservationState.Connecting)
        {
            return [];
        }

        // What was dialed may hold a name that the connection's address does not; names are better for others, numbers for the unnamed.
        _known = _configured.UsesDns || _configured.Host is not null ? _configured : address;
        return Ask(ReservationState.Reserving, now);
    }

    /// <summary>No connection to the relay came about.</summary>
    public IReadOnlyList<ReservationEffect> OnConnectFailed(string reason, TimeSpan now) =>
        State == ReservationState.Connecting ? [Wait(reason, RelayFailure.Unreachable, now)] : [];

    /// <summary>The relay answered.</summary>
    /// <param name="answer">The decoded message.</param>
    /// <param name="now">Monotonic time.</param>
    /// <param name="wallNow">The date, which the reservation's end is compared with.</param>
    public IReadOnlyList<ReservationEffect> OnAnswer(HopDecoded answer, TimeSpan now, DateTimeOffset wallNow)
    {
        if (State is not (ReservationState.Reserving or ReservationState.Refreshing))
        {
            return [];
        }

        var granted = ReservationGrant.Judge(answer, _relay, _self, wallNow);
        if (granted.Failure is { } failure)
        {
            return [.. Failed(failure, RelayFailure.Refused, now)];
        }

        var refreshed = State == ReservationState.Refreshing;
        var lifetime = Earlier(granted.Lifetime, _options.MaxLifetime);
        State = ReservationState.Held;
        _failures = 0;
        _expires = now + lifetime;
        _refreshAt = now + RefreshAfter(lifetime);
        var addresses = ReservationAddresses.Of(granted.Addresses, _relay, _known, _self);
        return [new ReservationEffect.Held(addresses, wallNow + lifetime, granted.Limits, refreshed)];
    }

    /// <summary>The exchange broke, or the relay does not speak the hop protocol.</summary>
    public IReadOnlyList<ReservationEffect> OnExchangeFailed(string reason, TimeSpan now, RelayFailure kind = RelayFailure.Unreachable) =>
        State is ReservationState.Reserving or ReservationState.Refreshing ? [.. Failed(reason, kind, now)] : [];

    /// <summary>The last direct connection to the relay is gone, and any reservation with it.</summary>
    public IReadOnlyList<ReservationEffect> OnDisconnected(string reason, TimeSpan now)
    {
        switch (State)
        {
            case ReservationState.Held:
            case ReservationState.Refreshing:
                var running = State == ReservationState.Refreshing;
                Wait(reason, RelayFailure.Unreachable, now);
                return running
                    ? [new ReservationEffect.CancelExchange(), new ReservationEffect.Lost(reason)]
                    : [new ReservationEffect.Lost(reason)];
            case ReservationState.Reserving:
                return [new ReservationEffect.CancelExchange(), Wait(reason, RelayFailure.Unreachable, now)];
            default:
                return [];
        }
    }

    /// <summary>Time went by.</summary>
    public IReadOnlyList<ReservationEffect> OnDeadline(TimeSpan now)
    {
        if (NextDeadline is not { } deadline || now < deadline)
        {
            return [];
        }

        switch (State)
        {
            case ReservationState.Waiting:
                return Start();
            case ReservationState.Held when now < _expires:
                return Ask(ReservationState.Refreshing, now);
            case ReservationState.Held:
                return [new ReservationEffect.Lost(Expired), Wait(Expired, RelayFailure.Unreachable, now)];
            case ReservationState.Refreshing when now >= _expires:
                return [new ReservationEffect.CancelExchange(), new ReservationEffect.Lost(Expired), Wait(Expired, RelayFailure.Unreachable, now)];
            default:
                return [new ReservationEffect.CancelExchange(), .. Failed("the relay did not answer in time", RelayFailure.Unreachable, now)];
        }
    }

    private const string Expired = "the reservation ended before the relay renewed it";

    private static TimeSpan Earlier(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private IReadOnlyList<ReservationEffect> Ask(ReservationState state, TimeSpan now)
    {
        State = state;
        _exchangeEnds = now + _options.ExchangeTimeout;
        return [new ReservationEffect.Exchange()];
    }

    // At three quarters of the life, less up to a tenth of it at random: room for several tries, and clients of one relay spread out. Never sooner
    // than the first retry: a relay that grants moments, each ending with the same second, would make a busy loop of us.
    private TimeSpan RefreshAfter(TimeSpan lifetime)
    {
        var after = (lifetime * 0.75) - _random.NextDelay(lifetime / 10);
        return after > _options.FirstRetry ? after : _options.FirstRetry;
    }

    private IEnumerable<ReservationEffect> Failed(string reason, RelayFailure kind, TimeSpan now)
    {
        if (State != ReservationState.Refreshing)
        {
            return [Wait(reason, kind, now)];
        }

        // The slot lasts until its end; try again in a tenth of what is left of it, at least every first retry.
        State = ReservationState.Held;
        var left = (_expires - now) / 10;
        _refreshAt = now + (left > _options.FirstRetry ? left : _options.FirstRetry);
        return [];
    }

    private ReservationEffect.Failed Wait(string reason, RelayFailure kind, TimeSpan now)
    {
        State = ReservationState.Waiting;
        var (first, most) = kind == RelayFailure.Refused
            ? (_options.FirstRetryAfterRefusal, _options.MaxRetryAfterRefusal)
            : (_options.FirstRetry, _options.MaxRetry);
        // Doubling, bounded; sixteen doublings exceed any bound in use.
        var wait = Earlier(first * (1L << Math.Min(_failures, 16)), most);
        wait += _random.NextDelay(Earlier(wait, most / 4));
        _failures++;
        _retryAt = now + wait;
        return new ReservationEffect.Failed(reason, wait, kind);
    }
}
