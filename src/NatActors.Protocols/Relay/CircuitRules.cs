using NatActors.Multiformats;

namespace NatActors.Protocols.Relay;

/// <summary>What to do with a stop stream that a relay opened (circuit-v2.md, "Stop Protocol").</summary>
/// <param name="Reply">What to answer; the circuit starts behind an OK, the stream is ended behind anything else.</param>
/// <param name="Source">Who is at the other end, when accepted.</param>
/// <param name="Limits">The circuit's limits, when accepted.</param>
/// <param name="Refusal">Why it was refused, in words for a person; null when accepted.</param>
public sealed record StopVerdict(StopMessage.Status Reply, PeerId? Source, RelayLimits Limits, string? Refusal);

/// <summary>The rules of the side that is reached through a relay.</summary>
public static class StopAccept
{
    /// <summary>Judges the first message of a stop stream.</summary>
    /// <param name="decoded">The message.</param>
    /// <param name="relay">Who sent it.</param>
    /// <param name="self">This node.</param>
    /// <param name="relayIsOurs">
    /// True when this node holds, or is just asking for, a reservation at that relay: nobody else may lead strangers here.
    /// </param>
    /// <param name="overRelay">True when the stop stream itself came over a relayed connection.</param>
    public static StopVerdict Judge(StopDecoded decoded, PeerId relay, PeerId self, bool relayIsOurs, bool overRelay)
    {
        if (decoded.Fault != RelayMessageFault.None)
        {
            return Refuse(RelayCodec.Answer(decoded.Fault), $"the relay's message was refused: {decoded.Fault}");
        }

        if (decoded.Message is not StopMessage.Connect connect)
        {
            return Refuse(RelayStatus.UnexpectedMessage, "the relay opened with something else than CONNECT");
        }

        if (overRelay || !relayIsOurs)
        {
            return Refuse(RelayStatus.PermissionDenied, "this node holds no reservation at that relay");
        }

        if (connect.Source == self || connect.Source == relay)
        {
            return Refuse(RelayStatus.PermissionDenied, "a circuit from this node itself, or from the relay itself, makes no sense");
        }

        return new StopVerdict(new StopMessage.Status(RelayStatus.Ok), connect.Source, connect.Limits, null);
    }

    private static StopVerdict Refuse(RelayStatus status, string why) => new(new StopMessage.Status(status), null, RelayLimits.None, why);
}

/// <summary>What a relay's answer to CONNECT came to.</summary>
/// <param name="Limits">The circuit's limits, when it is open.</param>
/// <param name="Failure">Why there is none, in words for a person; null when the stream is the circuit now.</param>
public sealed record CircuitAnswer(RelayLimits Limits, string? Failure);

/// <summary>The rules of the two sides that wait for a status: the client behind hop CONNECT, the relay behind stop CONNECT.</summary>
public static class CircuitAnswers
{
    /// <summary>Judges the relay's answer to hop CONNECT.</summary>
    public static CircuitAnswer OfRelay(HopDecoded decoded) => decoded switch
    {
        { Fault: not RelayMessageFault.None } => new(RelayLimits.None, $"the relay's answer was refused: {decoded.Fault}"),
        { Message: HopMessage.Status { Code: RelayStatus.Ok } granted } => new(granted.Limits, null),
        { Message: HopMessage.Status refused } => new(RelayLimits.None, refused.Code.InWords()),
        _ => new(RelayLimits.None, "the relay answered with something else than STATUS"),
    };

    /// <summary>Judges the destination's answer to stop CONNECT: what the relay tells the source.</summary>
    public static RelayStatus OfDestination(StopDecoded decoded) =>
        decoded is { Fault: RelayMessageFault.None, Message: StopMessage.Status { Code: RelayStatus.Ok } }
            ? RelayStatus.Ok
            : RelayStatus.ConnectionFailed;
}
