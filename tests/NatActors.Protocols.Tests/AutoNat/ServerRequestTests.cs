using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;
using static NatActors.Protocols.Tests.AutoNat.ServerHarness;

namespace NatActors.Protocols.Tests.AutoNat;

public sealed class ServerRequestTests
{
    private static readonly Multiaddr Target = Address("/ip4/12.0.0.1/tcp/4001");
    private static readonly AutoNatV2Decoded Asked = new(new AutoNatV2Message.DialRequest([Target], 42), AutoNatMessageFault.None);

    private readonly AutoNatServerRequest _request = new(new AutoNatServerOptions(), Dice);

    [Fact]
    public void An_address_of_the_clients_own_is_dialed_at_once()
    {
        Assert.Equal([Target], Assert.IsType<AutoNatServerEffect.Choose>(_request.OnRequest(Asked)).Addresses);
        Assert.Equal(
            new AutoNatServerEffect.Dial(Target, 42, DialBackBasis.ObservedIp),
            _request.OnChosen(new DialChoice(AutoNatV2Status.Ok, 0, Target, 0)));
    }

    [Fact]
    public void Nothing_is_dialed_before_the_data_is_paid_and_a_wait_is_over()
    {
        _request.OnRequest(Asked);
        var ask = Assert.IsType<AutoNatServerEffect.AskForData>(_request.OnChosen(new DialChoice(AutoNatV2Status.Ok, 3, Target, 31_000)));
        Assert.Equal(new AutoNatV2Message.DialDataRequest(3, 31_000), ask.Message);

        // Whatever else may come meanwhile.
        Assert.Null(_request.OnWaited());
        Assert.Null(_request.OnOwnOutcome(DialBackOutcome.Reached));
        Assert.Null(_request.OnPartners(1));
        Assert.Null(_request.OnPartnerOutcome(DialBackOutcome.Reached));
        Assert.Null(_request.OnChosen(new DialChoice(AutoNatV2Status.Ok, 0, Target, 0)));
        Assert.Null(_request.OnRequest(Asked));

        var wait = Assert.IsType<AutoNatServerEffect.Wait>(_request.OnData(DialDataOutcome.Paid));
        Assert.InRange(wait.Delay, TimeSpan.Zero, TimeSpan.FromSeconds(3));
        Assert.Equal(new AutoNatServerEffect.Dial(Target, 42, DialBackBasis.DataPaid), _request.OnWaited());
        Assert.Null(_request.OnWaited());
    }

    [Fact]
    public void No_wait_is_made_where_the_option_says_none()
    {
        var request = new AutoNatServerRequest(new AutoNatServerOptions { MaxDialDelay = TimeSpan.Zero }, Dice);
        request.OnRequest(Asked);
        request.OnChosen(new DialChoice(AutoNatV2Status.Ok, 0, Target, 31_000));
        Assert.Equal(new AutoNatServerEffect.Wait(TimeSpan.Zero), request.OnData(DialDataOutcome.Paid));
    }

    [Fact]
    public void Data_that_is_none_ends_it_for_good()
    {
        _request.OnRequest(Asked);
        _request.OnChosen(new DialChoice(AutoNatV2Status.Ok, 0, Target, 31_000));
        Assert.IsType<AutoNatServerEffect.Reset>(_request.OnData(DialDataOutcome.Refused));
        Assert.Null(_request.OnData(DialDataOutcome.Paid));
        Assert.Null(_request.OnWaited());
    }

    [Theory]
    [InlineData(AutoNatV2Status.DialRefused)]
    [InlineData(AutoNatV2Status.RequestRejected)]
    public void What_the_rules_refuse_is_answered_so(AutoNatV2Status status)
    {
        _request.OnRequest(Asked);
        Assert.Equal(
            new AutoNatServerEffect.Answer(new AutoNatV2Message.DialResponse(status, 0, AutoNatV2DialStatus.Unused)),
            _request.OnChosen(new DialChoice(status, 0, null, 0)));
    }

    [Fact]
    public void What_is_no_request_is_reset()
    {
        var unreadable = new AutoNatServerRequest(new AutoNatServerOptions(), Dice);
        Assert.IsType<AutoNatServerEffect.Reset>(unreadable.OnRequest(new AutoNatV2Decoded(null, AutoNatMessageFault.NoType)));
        var early = new AutoNatV2Message.DialDataResponse(new byte[200]);
        Assert.IsType<AutoNatServerEffect.Reset>(_request.OnRequest(new AutoNatV2Decoded(early, AutoNatMessageFault.None)));
    }

    [Fact]
    public void A_slow_or_broken_client_is_reset_while_something_is_due_from_it_and_not_after()
    {
        _request.OnRequest(Asked);
        _request.OnChosen(new DialChoice(AutoNatV2Status.Ok, 0, Target, 0));
        Assert.Null(_request.OnBroken("slow"));

        var reading = new AutoNatServerRequest(new AutoNatServerOptions(), Dice);
        Assert.IsType<AutoNatServerEffect.Reset>(reading.OnBroken("slow"));
        var paying = new AutoNatServerRequest(new AutoNatServerOptions(), Dice);
        paying.OnRequest(Asked);
        paying.OnChosen(new DialChoice(AutoNatV2Status.Ok, 0, Target, 31_000));
        Assert.IsType<AutoNatServerEffect.Reset>(paying.OnBroken("slow"));
        Assert.Null(paying.OnBroken("again"));
    }

    [Theory]
    [InlineData(DialBackOutcome.Reached, DialBackOutcome.Reached, AutoNatV2DialStatus.Ok)]
    [InlineData(DialBackOutcome.Reached, DialBackOutcome.DialError, AutoNatV2DialStatus.DialError)]
    [InlineData(DialBackOutcome.Reached, DialBackOutcome.DialBackError, AutoNatV2DialStatus.Ok)]
    [InlineData(DialBackOutcome.DialBackError, DialBackOutcome.Reached, AutoNatV2DialStatus.Ok)]
    [InlineData(DialBackOutcome.DialBackError, DialBackOutcome.DialBackError, AutoNatV2DialStatus.DialBackError)]
    [InlineData(DialBackOutcome.Reached, DialBackOutcome.NotTried, AutoNatV2DialStatus.Ok)]
    [InlineData(DialBackOutcome.DialError, DialBackOutcome.Reached, AutoNatV2DialStatus.Ok)]
    [InlineData(DialBackOutcome.DialError, DialBackOutcome.NotTried, AutoNatV2DialStatus.DialError)]
    [InlineData(DialBackOutcome.DialBackError, DialBackOutcome.NotTried, AutoNatV2DialStatus.DialBackError)]
    [InlineData(DialBackOutcome.NotTried, DialBackOutcome.DialError, AutoNatV2DialStatus.DialError)]
    public void The_partners_word_counts_when_it_has_dialed_in_whatever_order_they_end(
        DialBackOutcome own, DialBackOutcome partner, AutoNatV2DialStatus status)
    {
        var answer = new AutoNatServerEffect.Answer(new AutoNatV2Message.DialResponse(AutoNatV2Status.Ok, 2, status));
        var first = Dialing();
        Assert.Null(first.OnOwnOutcome(own));
        Assert.Null(first.OnPartners(1));
        Assert.Equal(answer, first.OnPartnerOutcome(partner));
        var second = Dialing();
        Assert.Null(second.OnPartners(1));
        Assert.Null(second.OnPartnerOutcome(partner));
        Assert.Equal(answer, second.OnOwnOutcome(own));
        Assert.Null(second.OnOwnOutcome(own));
    }

    [Theory]
    [InlineData(DialBackOutcome.Reached, DialBackOutcome.Reached, AutoNatV2DialStatus.Ok)]
    [InlineData(DialBackOutcome.Reached, DialBackOutcome.DialError, AutoNatV2DialStatus.DialError)]
    [InlineData(DialBackOutcome.DialError, DialBackOutcome.Reached, AutoNatV2DialStatus.DialError)]
    [InlineData(DialBackOutcome.Reached, DialBackOutcome.NotTried, AutoNatV2DialStatus.Ok)]
    [InlineData(DialBackOutcome.NotTried, DialBackOutcome.DialError, AutoNatV2DialStatus.DialError)]
    [InlineData(DialBackOutcome.DialBackError, DialBackOutcome.Reached, AutoNatV2DialStatus.Ok)]
    public void Of_two_partners_the_one_that_failed_speaks_for_strangers(
        DialBackOutcome one, DialBackOutcome other, AutoNatV2DialStatus status)
    {
        var request = Dialing();
        request.OnOwnOutcome(DialBackOutcome.Reached);
        request.OnPartners(2);
        Assert.Null(request.OnPartnerOutcome(one));
        Assert.Equal(
            new AutoNatServerEffect.Answer(new AutoNatV2Message.DialResponse(AutoNatV2Status.Ok, 2, status)),
            request.OnPartnerOutcome(other));
    }

    [Fact]
    public void Without_partners_the_own_outcome_is_the_answer()
    {
        var request = Dialing();
        Assert.Null(request.OnOwnOutcome(DialBackOutcome.Reached));
        Assert.Equal(
            new AutoNatServerEffect.Answer(new AutoNatV2Message.DialResponse(AutoNatV2Status.Ok, 2, AutoNatV2DialStatus.Ok)),
            request.OnPartners(0));
    }

    [Fact]
    public void Where_nobody_could_dial_the_server_failed()
    {
        var request = Dialing();
        request.OnOwnOutcome(DialBackOutcome.NotTried);
        request.OnPartners(1);
        Assert.Equal(
            new AutoNatServerEffect.Answer(new AutoNatV2Message.DialResponse(AutoNatV2Status.InternalError, 0, AutoNatV2DialStatus.Unused)),
            request.OnPartnerOutcome(DialBackOutcome.NotTried));
    }

    [Fact]
    public void Data_is_counted_and_crumbs_are_refused()
    {
        var data = new AutoNatServerData(1_050);
        Assert.Equal(DialDataOutcome.Owed, data.OnMessage(Piece(900)));
        Assert.Equal(DialDataOutcome.Owed, data.OnMessage(Piece(100)));
        Assert.Equal(50, data.Owed);
        var crumbs = data;
        Assert.Equal(DialDataOutcome.Refused, crumbs.OnMessage(Piece(49)));
        Assert.Equal(DialDataOutcome.Refused, crumbs.OnMessage(Piece(0)));
        Assert.Equal(DialDataOutcome.Refused, crumbs.OnMessage(Asked));
        Assert.Equal(DialDataOutcome.Refused, crumbs.OnMessage(new AutoNatV2Decoded(null, AutoNatMessageFault.DataTooLong)));
        var exact = data;
        Assert.Equal(DialDataOutcome.Paid, exact.OnMessage(Piece(50)));
        Assert.Equal(DialDataOutcome.Paid, data.OnMessage(Piece(4096)));
        Assert.Equal(0, data.Owed);
    }

    private static AutoNatV2Decoded Piece(int size) => new(new AutoNatV2Message.DialDataResponse(new byte[size]), AutoNatMessageFault.None);

    private static AutoNatServerRequest Dialing()
    {
        var request = new AutoNatServerRequest(new AutoNatServerOptions(), Dice);
        request.OnRequest(Asked);
        request.OnChosen(new DialChoice(AutoNatV2Status.Ok, 2, Target, 0));
        return request;
    }
}
