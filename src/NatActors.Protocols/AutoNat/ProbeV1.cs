namespace NatActors.Protocols.AutoNat;

/// <summary>What an answer of AutoNAT version 1 is worth (autonat-v1.md).</summary>
public static class ProbeV1
{
    /// <summary>
    /// Judges an answer. Version 1 has no nonce, so a success is taken for one only when a connection from the server's host came in while the
    /// question was out; js-libp2p answers OK over the connection that exists.
    /// </summary>
    /// <param name="decoded">What the server said.</param>
    /// <param name="cameIn">True when a connection from its host came in by a listener since it was asked.</param>
    public static ProbeResult Judge(AutoNatV1Decoded decoded, bool cameIn) => decoded.Message switch
    {
        AutoNatV1Message.DialResponse { Status: AutoNatV1Status.Ok } => cameIn
            ? new ProbeResult(WitnessOutcome.Reached, ProbeTrouble.None, "it dialed this node")
            : new ProbeResult(WitnessOutcome.NoEvidence, ProbeTrouble.Lied, "it claims to have dialed this node, but no connection came in"),
        AutoNatV1Message.DialResponse { Status: AutoNatV1Status.DialError } =>
            new ProbeResult(WitnessOutcome.NotReached, ProbeTrouble.None, "it could not dial this node"),
        AutoNatV1Message.DialResponse { Status: AutoNatV1Status.DialRefused } =>
            new ProbeResult(WitnessOutcome.NoEvidence, ProbeTrouble.Rejected, "it refused to dial"),
        AutoNatV1Message.DialResponse response => Failed($"it answered with status {(int)response.Status}"),
        null => Failed($"the answer cannot be read: {decoded.Fault}"),
        _ => Failed("the server broke the protocol"),
    };

    /// <summary>No answer came.</summary>
    public static ProbeResult Failed(string why) => new(WitnessOutcome.NoEvidence, ProbeTrouble.Failed, why);
}
