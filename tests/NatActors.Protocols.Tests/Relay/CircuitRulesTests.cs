using NatActors.Protocols.Relay;

namespace NatActors.Protocols.Tests.Relay;

public sealed class CircuitRulesTests
{
    private static readonly RelayLimits Limits = new(TimeSpan.FromSeconds(120), 1024);

    [Fact]
    public void A_circuit_announced_by_our_relay_is_accepted_with_its_limits()
    {
        var verdict = Judge(Read(new StopMessage.Connect(Peers.Id(5), Limits)));
        Assert.Equal(RelayStatus.Ok, verdict.Reply.Code);
        Assert.Equal(Peers.Id(5), verdict.Source);
        Assert.Equal(Limits, verdict.Limits);
        Assert.Null(verdict.Refusal);
    }

    [Fact]
    public void A_stranger_may_lead_nobody_here() =>
        Assert.Equal(RelayStatus.PermissionDenied, Judge(Read(new StopMessage.Connect(Peers.Id(5), Limits)), ours: false).Reply.Code);

    [Fact]
    public void A_circuit_through_two_relays_is_refused() =>
        Assert.Equal(RelayStatus.PermissionDenied, Judge(Read(new StopMessage.Connect(Peers.Id(5), Limits)), overRelay: true).Reply.Code);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_circuit_from_the_relay_or_from_ourselves_is_refused(int source) =>
        Assert.Equal(RelayStatus.PermissionDenied, Judge(Read(new StopMessage.Connect(Peers.Id(source), Limits))).Reply.Code);

    [Fact]
    public void A_message_out_of_place_and_one_that_cannot_be_read_get_the_specs_codes()
    {
        Assert.Equal(RelayStatus.UnexpectedMessage, Judge(Read(new StopMessage.Status(RelayStatus.Ok))).Reply.Code);
        Assert.Equal(RelayStatus.MalformedMessage, Judge(RelayCodec.DecodeStop([0xff])).Reply.Code);
        Assert.Equal(RelayStatus.UnexpectedMessage, Judge(RelayCodec.DecodeStop([0x08, 0x07])).Reply.Code);
    }

    [Fact]
    public void The_client_learns_the_limits_or_the_reason()
    {
        var granted = CircuitAnswers.OfRelay(Hop(new HopMessage.Status(RelayStatus.Ok, null, Limits)));
        Assert.Equal((Limits, null), (granted.Limits, granted.Failure));
        var refused = CircuitAnswers.OfRelay(Hop(new HopMessage.Status(RelayStatus.NoReservation, null, RelayLimits.None)));
        Assert.Equal(RelayStatus.NoReservation.InWords(), refused.Failure);
        Assert.NotNull(CircuitAnswers.OfRelay(Hop(new HopMessage.Reserve())).Failure);
        Assert.NotNull(CircuitAnswers.OfRelay(RelayCodec.DecodeHop([0xff])).Failure);
    }

    [Fact]
    public void Whatever_the_destination_answers_but_ok_is_a_failed_connection()
    {
        Assert.Equal(RelayStatus.Ok, CircuitAnswers.OfDestination(Read(new StopMessage.Status(RelayStatus.Ok))));
        Assert.Equal(RelayStatus.ConnectionFailed, CircuitAnswers.OfDestination(Read(new StopMessage.Status(RelayStatus.PermissionDenied))));
        Assert.Equal(RelayStatus.ConnectionFailed, CircuitAnswers.OfDestination(RelayCodec.DecodeStop([0xff])));
    }

    private static StopVerdict Judge(StopDecoded decoded, bool ours = true, bool overRelay = false) =>
        StopAccept.Judge(decoded, Peers.Id(1), Peers.Id(2), ours, overRelay);

    private static StopDecoded Read(StopMessage message) => RelayCodec.DecodeStop(RelayCodec.Encode(message));

    private static HopDecoded Hop(HopMessage message) => RelayCodec.DecodeHop(RelayCodec.Encode(message));
}
