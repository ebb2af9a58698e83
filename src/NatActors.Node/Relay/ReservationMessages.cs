using NatActors.Multiformats;
using NatActors.Protocols.Relay;

namespace NatActors.Node.Relay;

/// <summary>The messages between a <see cref="ReservationActor"/> and the relay client.</summary>
public static class ReservationMessages
{
    /// <summary>To the client: the slot is held, or was refreshed.</summary>
    public sealed record Held(PeerId Relay, DateTimeOffset Expires, RelayLimits Limits, bool Refreshed);

    /// <summary>To the client: a slot that was held is lost; it is asked for again.</summary>
    public sealed record Lost(PeerId Relay, string Reason);

    /// <summary>To the client: a try came to nothing while no slot was held; it is tried again.</summary>
    public sealed record Failed(PeerId Relay, RelayFailure Kind, string Reason);

    /// <summary>To the reservation: it is not wanted any more; its addresses are taken back, and it stops.</summary>
    public sealed record GiveBack(string Reason);

    /// <summary>To the reservation: the network changed; if it waits for its next try, that is now.</summary>
    public sealed record TryNow;
}
