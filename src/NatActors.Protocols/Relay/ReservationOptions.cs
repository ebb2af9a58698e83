namespace NatActors.Protocols.Relay;

/// <summary>The timing of one kept reservation.</summary>
public sealed record ReservationOptions
{
    /// <summary>How long the relay may take to answer RESERVE. Default 10 s (go-libp2p autorelay).</summary>
    public TimeSpan ExchangeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The wait before the first try after a loss. Short, because the usual causes (the relay restarted, the address changed) are over
    /// soon;
    /// not zero, so that the clients of a restarted relay do not come in one instant. Default 200 ms, plus up to as much at random.
    /// </summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest wait between tries while the relay cannot be reached. Default 30 s.</summary>
    public TimeSpan MaxRetry { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The first wait after a relay answered and said no: it is up, so hurry helps nobody. Default 10 s.</summary>
    public TimeSpan FirstRetryAfterRefusal { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest wait between tries while the relay says no. Default 5 min.</summary>
    public TimeSpan MaxRetryAfterRefusal { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// A reservation is taken to last no longer than this, whatever the relay says. Default 24 h; relays give 1 h (go) or 2 h (js).
    /// </summary>
    public TimeSpan MaxLifetime { get; init; } = TimeSpan.FromHours(24);
}
