using NatActors.Multiformats;
using NatActors.Multiformats.Tests.Shared;
using NatActors.Protocols.AutoNat;

namespace NatActors.Protocols.Tests.AutoNat;

public class ProbeMachineTests
{
    private const ulong Nonce = 77;
    private static readonly Multiaddr Tested = Multiaddr.Parse("/ip4/29.0.1.2/tcp/4001");
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(100);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    private readonly ProbeMachine _probe = new(new ProbeQuestion([Tested], Nonce), Timeout, Start);

    public static TheoryData<string, string> NoProofs => new()
    {
        { "relayed", "over a relay" },
        { "dialed", "existed already" },
        { "old", "existed already" },
        { "same port", "very port" },
        { "IPv6", "another transport" },
        { "QUIC", "another transport" },
        { "inside", "from inside" },
    };

    [Fact]
    public void Asks_for_the_address_in_question_with_its_nonce()
    {
        var effects = _probe.OnOpened();

        var send = Assert.IsType<ProbeEffect.Send>(effects[0]);
        var request = Assert.IsType<AutoNatV2Message.DialRequest>(AutoNatV2Codec.Decode(send.Message.Span).Message);
        Assert.Equal([Tested], request.Addresses);
        Assert.Equal(Nonce, request.Nonce);
        Assert.IsType<ProbeEffect.Read>(effects[1]);
    }

    [Fact]
    public void A_nonce_and_an_answer_that_says_so_are_proof()
    {
        Assert.Empty(_probe.OnDialBack(DialBack()));

        Assert.Equal(WitnessOutcome.Reached, Outcome(Answer(AutoNatV2DialStatus.Ok)));
        Assert.Null(_probe.NextDeadline);
    }

    [Fact]
    public void A_nonce_from_a_host_that_was_never_contacted_proves_more()
    {
        _probe.OnDialBack(DialBack());
        _probe.OnDialBack(DialBack() with { FromStranger = true });

        Assert.Equal(WitnessOutcome.ReachedByStranger, Outcome(Answer(AutoNatV2DialStatus.Ok)));
    }

    [Fact]
    public void The_nonce_may_come_a_little_after_the_answer()
    {
        Assert.Empty(Answer(AutoNatV2DialStatus.Ok));

        Assert.Equal(WitnessOutcome.Reached, Outcome(_probe.OnDialBack(DialBack())));
    }

    [Fact]
    public void A_success_that_never_arrives_is_a_lie_and_no_evidence()
    {
        Answer(AutoNatV2DialStatus.Ok);
        Assert.Empty(_probe.OnDeadline(Start + ProbeMachine.NonceGrace - TimeSpan.FromTicks(1)));

        var result = Result(_probe.OnDeadline(Start + ProbeMachine.NonceGrace));

        Assert.Equal((WitnessOutcome.NoEvidence, ProbeTrouble.Lied), (result.Outcome, result.Trouble));
    }

    [Fact]
    public void A_failed_dial_is_what_the_server_claims() =>
        Assert.Equal(WitnessOutcome.NotReached, Outcome(Answer(AutoNatV2DialStatus.DialError)));

    [Fact]
    public void A_failed_dial_with_a_nonce_of_the_server_itself_tells_a_filter_by_address()
    {
        _probe.OnDialBack(DialBack());

        Assert.Equal(WitnessOutcome.ReachedByContactOnly, Outcome(Answer(AutoNatV2DialStatus.DialError)));
    }

    [Fact]
    public void A_failed_dial_with_a_nonce_from_a_stranger_is_refuted()
    {
        _probe.OnDialBack(DialBack() with { FromStranger = true });

        Assert.Equal(WitnessOutcome.ReachedByStranger, Outcome(Answer(AutoNatV2DialStatus.DialError)));
    }

    [Fact]
    public void A_dial_back_error_with_a_nonce_is_a_success_and_without_one_nothing()
    {
        var other = new ProbeMachine(new ProbeQuestion([Tested], Nonce), Timeout, Start);
        other.OnDialBack(DialBack());

        Assert.Equal(WitnessOutcome.NoEvidence, Outcome(Answer(AutoNatV2DialStatus.DialBackError)));
        Assert.Equal(WitnessOutcome.Reached, Outcome(other.OnMessage(Response(AutoNatV2DialStatus.DialBackError), Start)));
    }

    [Theory]
    [InlineData(AutoNatV2Status.RequestRejected, ProbeTrouble.Rejected)]
    [InlineData(AutoNatV2Status.DialRefused, ProbeTrouble.DialRefused)]
    [InlineData(AutoNatV2Status.InternalError, ProbeTrouble.Failed)]
    [InlineData((AutoNatV2Status)7, ProbeTrouble.Failed)]
    public void A_refusal_is_no_evidence(AutoNatV2Status status, ProbeTrouble trouble)
    {
        var answer = new AutoNatV2Decoded(new AutoNatV2Message.DialResponse(status, 0, AutoNatV2DialStatus.Unused), AutoNatMessageFault.None);

        var result = Result(_probe.OnMessage(answer, Start));

        Assert.Equal((WitnessOutcome.NoEvidence, trouble), (result.Outcome, result.Trouble));
    }

    [Fact]
    public void Silence_is_no_evidence_but_a_nonce_counts_all_the_same()
    {
        var other = new ProbeMachine(new ProbeQuestion([Tested], Nonce), Timeout, Start);
        other.OnDialBack(DialBack());

        Assert.Equal(WitnessOutcome.NoEvidence, Outcome(_probe.OnDeadline(Start + Timeout)));
        Assert.Equal(WitnessOutcome.Reached, Outcome(other.OnStreamEnded("reset")));
    }

    [Fact]
    public void Dial_data_is_paid_up_to_the_bound_of_the_spec()
    {
        var effects = _probe.OnMessage(DataRequest(0, 100_000), Start);

        Assert.Equal([new ProbeEffect.SendDialData(100_000), ProbeEffect.Read.Instance], effects);
        Assert.Equal(ProbeTrouble.Failed, Result(_probe.OnMessage(DataRequest(0, 1), Start)).Trouble);
    }

    [Theory]
    [InlineData(0, 100_001)]
    [InlineData(0, ulong.MaxValue)]
    [InlineData(1, 30_000)]
    public void More_dial_data_or_for_another_address_is_refused(uint index, ulong bytes) =>
        Assert.Equal(ProbeTrouble.Failed, Result(_probe.OnMessage(DataRequest(index, bytes), Start)).Trouble);

    [Fact]
    public void An_answer_about_an_address_that_was_not_asked_about_is_none()
    {
        var answer = new AutoNatV2Message.DialResponse(AutoNatV2Status.Ok, 3, AutoNatV2DialStatus.DialError);

        Assert.Equal(WitnessOutcome.NoEvidence, Outcome(_probe.OnMessage(new AutoNatV2Decoded(answer, AutoNatMessageFault.None), Start)));
    }

    [Fact]
    public void A_server_may_answer_for_each_address_in_turn()
    {
        var second = Multiaddr.Parse("/ip4/29.0.1.3/tcp/4001");
        var probe = new ProbeMachine(new ProbeQuestion([Tested, second], Nonce), Timeout, Start);
        var other = new AutoNatV2Message.DialResponse(AutoNatV2Status.Ok, 1, AutoNatV2DialStatus.DialError);

        Assert.Equal([ProbeEffect.Read.Instance], probe.OnMessage(new AutoNatV2Decoded(other, AutoNatMessageFault.None), Start));
        Assert.Equal(WitnessOutcome.NotReached, Outcome(probe.OnMessage(Response(AutoNatV2DialStatus.DialError), Start)));
    }

    [Fact]
    public void Bad_bytes_are_no_evidence() => Assert.Equal(
        WitnessOutcome.NoEvidence, Outcome(_probe.OnMessage(new AutoNatV2Decoded(null, AutoNatMessageFault.NotProtobuf), Start)));

    [Fact]
    public void Ends_once()
    {
        Answer(AutoNatV2DialStatus.DialError);

        Assert.Empty(Answer(AutoNatV2DialStatus.Ok));
        Assert.Empty(_probe.OnDialBack(DialBack()));
        Assert.Empty(_probe.OnStreamEnded("gone"));
        Assert.Empty(_probe.OnDeadline(TimeSpan.MaxValue));
    }

    [Theory]
    [MemberData(nameof(NoProofs))]
    public void A_nonce_that_came_another_way_proves_nothing(string how, string why)
    {
        var good = DialBack();
        var dialBack = how switch
        {
            "relayed" => good with { Relayed = true },
            "dialed" => good with { CameByListener = false },
            "old" => good with { IsNew = false },
            "same port" => good with { FromDialedPort = true },
            "IPv6" => good with { Local = Multiaddr.Parse("/ip6/fd00::2/tcp/4001") },
            "QUIC" => good with { Local = Multiaddr.Parse("/ip4/10.0.0.2/udp/4001/quic-v1") },
            _ => good with { Remote = Multiaddr.Parse("/ip4/10.0.0.1/tcp/4001") },
        };
        _probe.OnDialBack(dialBack);
        Answer(AutoNatV2DialStatus.Ok);

        var result = Result(_probe.OnDeadline(Start + Timeout));

        Assert.Equal(WitnessOutcome.NoEvidence, result.Outcome);
        Assert.Contains(why, result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Nonces_are_such_as_js_can_read()
    {
        var random = new SeededRandom(3);
        for (var i = 0; i < 1000; i++)
        {
            Assert.InRange(ProbeMachine.NewNonce(random), 1UL, 1UL << 53);
        }
    }

    private static ProbeDialBack DialBack() => new()
    {
        Local = Multiaddr.Parse("/ip4/10.0.0.2/tcp/4001"),
        Remote = Multiaddr.Parse("/ip4/22.0.1.2/tcp/50000"),
        CameByListener = true,
        IsNew = true,
    };

    private static AutoNatV2Decoded Response(AutoNatV2DialStatus status) =>
        new(new AutoNatV2Message.DialResponse(AutoNatV2Status.Ok, 0, status), AutoNatMessageFault.None);

    private static AutoNatV2Decoded DataRequest(uint index, ulong bytes) =>
        new(new AutoNatV2Message.DialDataRequest(index, bytes), AutoNatMessageFault.None);

    private static ProbeResult Result(IReadOnlyList<ProbeEffect> effects) => Assert.IsType<ProbeEffect.Ended>(Assert.Single(effects)).Result;

    private static WitnessOutcome Outcome(IReadOnlyList<ProbeEffect> effects) => Result(effects).Outcome;

    private IReadOnlyList<ProbeEffect> Answer(AutoNatV2DialStatus status) => _probe.OnMessage(Response(status), Start);
}
