using NatActors.Fuzz.Engine;
using NatActors.Protocols.Relay;

namespace NatActors.Fuzz.Entries.Protocols.Relay;

/// <summary>Messages of the stop protocol, and what the side that is reached, and the relay, make of them.</summary>
public sealed class StopMessageEntry : FuzzEntry
{
    /// <inheritdoc />
    public override string Name => "protocols.relay.stop";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.Protobuf;

    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 128, AllocatedConstant: 8 * 1024, StepsPerByte: 256, StepsConstant: 8 * 1024);

    /// <inheritdoc />
    public override int Cost => 5;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        RelayCodec.Encode(new StopMessage.Connect(Samples.Peers[1], RelayLimits.None)),
        RelayCodec.Encode(new StopMessage.Connect(Samples.Peers[0], new RelayLimits(TimeSpan.FromSeconds(1), long.MaxValue))),
        RelayCodec.Encode(new StopMessage.Status(RelayStatus.Ok)),
    ];

    /// <inheritdoc />
    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var decoded = RelayCodec.DecodeStop(input);
        Require.That(decoded.Message is null == (decoded.Fault != RelayMessageFault.None), "a message and a fault at once, or neither");
        var verdict = StopAccept.Judge(decoded, Samples.Peers[0], Samples.Peers[2], relayIsOurs: true, overRelay: false);
        Require.That(
            (verdict.Reply.Code == RelayStatus.Ok) == (verdict.Refusal is null),
            "a refusal without a reason, or a reason without a refusal");
        Require.That(verdict.Refusal is null == (verdict.Source is not null), "a circuit is accepted from nobody");
        var uninvited = StopAccept.Judge(decoded, Samples.Peers[0], Samples.Peers[2], relayIsOurs: false, overRelay: false);
        Require.That(uninvited.Refusal is not null, "a relay that holds nothing of ours leads strangers here");
        if (decoded.Message is not { } message)
        {
            Require.That(CircuitAnswers.OfDestination(decoded) != RelayStatus.Ok, "an unreadable answer opens a circuit");
            return FuzzOutcome.Refused(decoded.Fault);
        }

        var digest = default(FuzzDigest);
        digest.Add((int)verdict.Reply.Code);
        Require.That(
            RelayCodec.DecodeStop(RelayCodec.Encode(message)).Message == message,
            "a message is written otherwise than it was read");
        return FuzzOutcome.Taken(digest);
    }
}
