using NatActors.Multiformats;

namespace NatActors.Protocols.Relay;

/// <summary>What a <see cref="ReservationMachine"/> wants done.</summary>
public abstract record ReservationEffect
{
    private ReservationEffect()
    {
    }

    /// <summary>Connect to the relay, or find the connection there is; answer with OnConnected or OnConnectFailed.</summary>
    public sealed record Connect : ReservationEffect;

    /// <summary>Open a hop stream to the relay, send RESERVE, read one message; answer with OnAnswer or OnExchangeFailed.</summary>
    public sealed record Exchange : ReservationEffect;

    /// <summary>Give up the exchange that runs.</summary>
    public sealed record CancelExchange : ReservationEffect;

    /// <summary>The slot is held. Others reach this node by the addresses.</summary>
    /// <param name="Addresses">Complete, ending in this node's peer id.</param>
    /// <param name="Expires">When it ends, by the wall clock.</param>
    /// <param name="Limits">What the relay allows circuits.</param>
    /// <param name="Refreshed">True when the slot was held already.</param>
    public sealed record Held(IReadOnlyList<Multiaddr> Addresses, DateTimeOffset Expires, RelayLimits Limits, bool Refreshed)
        : ReservationEffect;

    /// <summary>A slot that was held is lost; the addresses lead nowhere now.</summary>
    public sealed record Lost(string Reason) : ReservationEffect;

    /// <summary>A try came to nothing while no slot was held; the next one follows after the wait.</summary>
    public sealed record Failed(string Reason, TimeSpan RetryIn, RelayFailure Kind) : ReservationEffect;
}
