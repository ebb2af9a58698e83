namespace NatActors.Protocols.HolePunch;

/// <summary>Where an attempt stands.</summary>
public enum PunchState
{
    /// <summary>Not started.</summary>
    Idle,

    /// <summary>B: a DCUtR stream is being opened.</summary>
    Opening,

    /// <summary>No address of ours is known yet; our CONNECT waits for one.</summary>
    Holding,

    /// <summary>Waiting for the other side's CONNECT.</summary>
    AwaitingConnect,

    /// <summary>A: waiting for SYNC.</summary>
    AwaitingSync,

    /// <summary>Both sides connect, or are about to.</summary>
    Punching,

    /// <summary>A connection came about and is being secured and muxed.</summary>
    Upgrading,

    /// <summary>
    /// B: the round failed while the reversal is under way, and maybe because of it: the peer took that connection for the punch, and cut
    /// the other. The next round waits a moment for it.
    /// </summary>
    Pausing,

    /// <summary>A: the round failed; the next one, or a connection from the other side, may come.</summary>
    AwaitingNext,

    /// <summary>B: the rounds are over; the reversal may still come through.</summary>
    AwaitingReversal,

    /// <summary>Over.</summary>
    Ended,
}
