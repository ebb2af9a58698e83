namespace NatActors.Protocols.HolePunch;

/// <summary>Everything known about a punch that failed.</summary>
/// <param name="Own">What our addresses betray of our NAT.</param>
/// <param name="Peer">What the peer's betray of its NAT.</param>
/// <param name="Last">What the last round's dials came to; null when none ran.</param>
/// <param name="Rounds">Rounds tried.</param>
/// <param name="OwnCount">Addresses of ours that were sent.</param>
/// <param name="PeerCount">Addresses of the peer's that could be punched to.</param>
/// <param name="PeerSent">Addresses that the peer sent; null when no CONNECT of its came.</param>
public sealed record PunchEvidence(
    NatHint Own,
    NatHint Peer,
    PunchDialFailure? Last,
    int Rounds,
    int OwnCount,
    int PeerCount,
    int? PeerSent);

/// <summary>Why a pair stays on the relay, in words for a person.</summary>
public static class PunchReasons
{
    /// <summary>The peer answered that it does not know the protocol.</summary>
    public const string PeerDoesNotSpeak = "the peer does not speak DCUtR, so it cannot take part in a hole punch";

    /// <summary>The relayed connection is gone.</summary>
    public const string RelayLost = "the relayed connection went away";

    /// <summary>Both peers made a relayed connection at once; one of the two is punched over.</summary>
    public const string Superseded = "both peers connected at the same time; the hole punch goes on over the other connection";

    /// <summary>No first CONNECT came.</summary>
    public const string PeerFellSilent = "the peer did not begin a hole punch";

    /// <summary>Neither side has an address to name.</summary>
    public const string NoAddress = "neither side knows a public address of its own: nobody has told it where it is seen from outside";

    /// <summary>The verdict of a punch whose dials failed.</summary>
    public static string Classify(PunchEvidence evidence)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        if (evidence.Rounds == 0)
        {
            return PeerFellSilent;
        }

        if (evidence is { PeerSent: null, OwnCount: > 0 })
        {
            return "the peer did not answer over the relay";
        }

        if (evidence.OwnCount == 0)
        {
            return evidence.PeerCount == 0
                ? NoAddress
                : "this node knows no public address of its own (nobody told it where it is seen), and the peer's could not be reached";
        }

        if (evidence.PeerCount == 0)
        {
            return evidence.PeerSent == 0
                ? "the peer knows no public address of its own, and did not get through to ours"
                : "none of the peer's addresses can be punched to from here (another IP family or transport, private, or our own)";
        }

        return (evidence.Own.LooksSymmetric(), evidence.Peer.LooksSymmetric()) switch
        {
            (true, true) => "both NATs are symmetric: each gives every destination another port, so neither side can be told where to dial",
            (true, false) =>
                $"this side's NAT is symmetric ({Port(evidence.Own)}) and the peer's NAT or firewall admits only addresses it has contacted"
                + (evidence.Peer == NatHint.Unknown ? ", or is symmetric too" : ""),
            (false, true) =>
                $"the peer's NAT is symmetric ({Port(evidence.Peer)}) and this side's NAT or firewall admits only addresses it has contacted",
            _ => Plain(evidence) + Suspicion(evidence),
        };
    }

    /// <summary>Why another round is in vain, or null: with two symmetric NATs each round is a lottery of one ticket in 64,512.</summary>
    public static bool Hopeless(PunchEvidence evidence)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        return evidence.Own.LooksSymmetric() && evidence.Peer.LooksSymmetric();
    }

    private static string Port(NatHint hint) => hint == NatHint.PortPerDestination
        ? "each observer sees another port"
        : "it is seen at another port than the one it listens on";

    /// <summary>
    /// A peer tells where it is seen but, over a relay, not where it listens, so a renumbering NAT does not show in its addresses. Where our own
    /// keeps ports, the only router type that a punch fails at is a symmetric one in front of the peer.
    /// </summary>
    private static string Suspicion(PunchEvidence evidence) =>
        evidence is { Own: NatHint.PortKept, Peer: NatHint.Unknown, Last: PunchDialFailure.Refused or PunchDialFailure.NoAnswer }
            ? "; most likely the peer's NAT is symmetric (another port for every destination)"
            : "";

    private static string Plain(PunchEvidence evidence)
    {
        var rounds = evidence.Rounds == 1 ? "in one round" : $"in {evidence.Rounds} rounds";
        return evidence.Last switch
        {
            PunchDialFailure.Refused =>
                $"the peer's address refused every connect {rounds}: its NAT, or the peer itself, answers strangers with a reset",
            PunchDialFailure.NoAnswer =>
                $"no answer from the peer's addresses {rounds}: a NAT or firewall between drops what it did not ask for",
            PunchDialFailure.Unreachable => "there is no route to the peer's addresses",
            PunchDialFailure.TupleInUse => "an old connection with the same two ends is still in the way",
            PunchDialFailure.NotPermitted => "this machine does not permit connects to the peer's addresses (local firewall or policy)",
            PunchDialFailure.Other => $"connects to the peer's addresses failed {rounds}",
            null => $"the exchange over the relay failed {rounds}",
            _ => $"connects failed {rounds}",
        };
    }
}
