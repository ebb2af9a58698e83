using NatActors.Multiformats;

namespace NatActors.Protocols.HolePunch;

/// <summary>Which end of the upgrade a side is.</summary>
public enum PunchRole
{
    /// <summary>Initiator of multistream-select, of the security handshake, and the yamux client.</summary>
    Dialer,

    /// <summary>Responder of all three.</summary>
    Listener,
}

/// <summary>How an attempt ended.</summary>
public enum PunchEnd
{
    /// <summary>A direct connection exists.</summary>
    Direct,

    /// <summary>The pair stays on the relay.</summary>
    Relayed,

    /// <summary>The relayed connection went away first.</summary>
    Cancelled,
}

/// <summary>What came of punching to the peer's addresses, as the owner of the port tells it.</summary>
public enum PunchDialFailure
{
    /// <summary>The last answer was an RST: somebody refuses.</summary>
    Refused,

    /// <summary>Nothing came back until the window closed.</summary>
    NoAnswer,

    /// <summary>No route there.</summary>
    Unreachable,

    /// <summary>A connection with these very two ends exists already.</summary>
    TupleInUse,

    /// <summary>This machine does not permit it.</summary>
    NotPermitted,

    /// <summary>Something else.</summary>
    Other,
}

/// <summary>What a <see cref="PunchAttempt"/> wants done.</summary>
public abstract record PunchEffect
{
    private PunchEffect()
    {
    }

    /// <summary>Open a DCUtR stream on the relayed connection; answer with OnStreamOpened or OnStreamFailed.</summary>
    /// <param name="AtOnce">
    /// True to answer without waiting for the peer to agree on the protocol, a round trip over the relay: that it does not speak it is then
    /// told later, by OnStreamFailed too.
    /// </param>
    public sealed record OpenStream(bool AtOnce) : PunchEffect;

    /// <summary>Send a message on the stream.</summary>
    public sealed record Send(HolePunchMessage Message) : PunchEffect;

    /// <summary>End the stream: in order, or by a reset when the peer broke the protocol or fell silent.</summary>
    public sealed record EndStream(bool Reset) : PunchEffect;

    /// <summary>
    /// Dial the peer's addresses as an ordinary dialer from a fresh port, which can never occupy the 4-tuple of the punch; answer with
    /// OnReversalFailed, or OnDirectConnection.
    /// </summary>
    public sealed record Reverse(IReadOnlyList<Multiaddr> Addresses) : PunchEffect;

    /// <summary>The reversal is no longer wanted.</summary>
    public sealed record CancelReversal : PunchEffect;

    /// <summary>
    /// Tell the owner of the port: from now on a connection accepted from one of these belongs to the punch; start to connect to all of
    /// them
    /// after the delay, or at <see cref="StartPunch"/>. Answer with OnPunched or OnPunchFailed.
    /// </summary>
    /// <param name="Remotes">Where to.</param>
    /// <param name="Delay">Until the first connect.</param>
    /// <param name="Window">How long to try from then on; a refused connect is tried again within it.</param>
    /// <param name="Role">This side's role, whoever's SYN comes first.</param>
    /// <param name="SpeakAfter">
    /// For a listener: how long to wait for the other side's first byte before it becomes the dialer; null for ever.
    /// </param>
    public sealed record Punch(
        IReadOnlyList<Multiaddr> Remotes,
        TimeSpan Delay,
        TimeSpan Window,
        PunchRole Role,
        TimeSpan? SpeakAfter) : PunchEffect
    {
        /// <summary>
        /// The role for what was accepted from a peer's IP address but from a port that it did not name. That is the punch of a peer behind a
        /// symmetric NAT, whose listener waits for us to speak, or its reversal, which speaks at once: listen for a moment, then speak.
        /// </summary>
        public (PunchRole Role, TimeSpan? SpeakAfter) ForUnnamedPort() =>
            Role == PunchRole.Dialer ? (PunchRole.Listener, PunchWindow.HearFirst) : (Role, SpeakAfter);
    }

    /// <summary>Start the delayed punch now.</summary>
    public sealed record StartPunch : PunchEffect;

    /// <summary>Give up the punch, and the upgrade of whatever it brought.</summary>
    public sealed record CancelPunch : PunchEffect;

    /// <summary>A round starts. Rounds count from 1.</summary>
    public sealed record Started(int Round) : PunchEffect;

    /// <summary>It is over; nothing follows.</summary>
    /// <param name="End">How.</param>
    /// <param name="Round">The last round, 0 when none began.</param>
    /// <param name="Elapsed">Since the first round, or the start when none began.</param>
    /// <param name="Reason">Why, in words for a person.</param>
    public sealed record Ended(PunchEnd End, int Round, TimeSpan Elapsed, string Reason) : PunchEffect;
}
