using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;
using static NatActors.Protocols.Tests.AutoNat.ServerHarness;

namespace NatActors.Protocols.Tests.AutoNat;

public sealed class ServerPartnerTests
{
    private static readonly HashSet<PeerId> Known = [Id(1)];
    private static readonly DialBackAsk Ask = new(Id(9), Address("/ip4/12.0.0.9/tcp/4001"), 42, DialBackBasis.ObservedIp);

    [Fact]
    public void An_ask_and_a_reply_come_back_as_they_went()
    {
        Assert.Equal(Ask, DialBackPartnerCodec.DecodeAsk(DialBackPartnerCodec.Encode(Ask)).Ask);
        foreach (var status in Enum.GetValues<DialBackPartnerStatus>().Except([DialBackPartnerStatus.Unstated]))
        {
            Assert.Equal(
                new DialBackReplyDecoded(status, AutoNatMessageFault.None),
                DialBackPartnerCodec.DecodeReply(DialBackPartnerCodec.Encode(status)));
        }
    }

    [Fact]
    public void The_wire_is_as_documented()
    {
        var peer = Convert.ToHexString(Id(9).Bytes.Span);
        Assert.Equal(
            $"0A{peer.Length / 2:X2}{peer}" + "1208040C000009060FA1" + "192A00000000000000" + "2001",
            Convert.ToHexString(DialBackPartnerCodec.Encode(Ask)));
        Assert.Equal("08C801", Convert.ToHexString(DialBackPartnerCodec.Encode(DialBackPartnerStatus.Ok)));
    }

    [Theory]
    [InlineData("", AutoNatMessageFault.NoPeer)]
    [InlineData("0A02FFFF", AutoNatMessageFault.BadPeerId)]
    [InlineData("FFFF", AutoNatMessageFault.NotProtobuf)]
    public void Bad_asks_are_refused_by_name(string hex, AutoNatMessageFault fault) =>
        Assert.Equal(new DialBackAskDecoded(null, fault), DialBackPartnerCodec.DecodeAsk(Convert.FromHexString(hex)));

    [Fact]
    public void An_ask_without_a_readable_address_is_refused()
    {
        var peer = Convert.ToHexString(Id(9).Bytes.Span);
        var ask = Convert.FromHexString($"0A{peer.Length / 2:X2}{peer}" + "1202FFFF");
        Assert.Equal(AutoNatMessageFault.BadAddress, DialBackPartnerCodec.DecodeAsk(ask).Fault);
    }

    [Fact]
    public void Messages_over_a_kibibyte_are_refused_before_they_are_read()
    {
        var tooLong = new byte[DialBackPartnerCodec.MaxMessageSize + 1];
        Assert.Equal(AutoNatMessageFault.TooLong, DialBackPartnerCodec.DecodeAsk(tooLong).Fault);
        Assert.Equal(AutoNatMessageFault.TooLong, DialBackPartnerCodec.DecodeReply(tooLong).Fault);
    }

    [Fact]
    public void A_message_cut_at_any_byte_is_a_value_and_never_an_exception()
    {
        var whole = DialBackPartnerCodec.Encode(Ask);
        for (var length = 0; length < whole.Length; length++)
        {
            var decoded = DialBackPartnerCodec.DecodeAsk(whole.AsSpan(0, length));
            Assert.True(decoded.Ask is null == (decoded.Fault != AutoNatMessageFault.None));
        }
    }

    [Theory]
    [InlineData(DialBackPartnerStatus.Ok, DialBackOutcome.Reached)]
    [InlineData(DialBackPartnerStatus.DialError, DialBackOutcome.DialError)]
    [InlineData(DialBackPartnerStatus.DialBackError, DialBackOutcome.DialBackError)]
    [InlineData(DialBackPartnerStatus.Refused, DialBackOutcome.NotTried)]
    [InlineData(DialBackPartnerStatus.Failed, DialBackOutcome.NotTried)]
    [InlineData(DialBackPartnerStatus.Unstated, DialBackOutcome.NotTried)]
    [InlineData((DialBackPartnerStatus)77, DialBackOutcome.NotTried)]
    public void Only_a_word_about_a_dial_is_one(DialBackPartnerStatus said, DialBackOutcome outcome) => Assert.Equal(
        outcome, DialBackPartnerRules.OutcomeOf(new DialBackReplyDecoded(said, AutoNatMessageFault.None)));

    [Theory]
    [InlineData("/ip4/192.168.0.1/tcp/1")]
    [InlineData("/ip4/11.0.0.1/tcp/1")]
    [InlineData("/ip4/12.0.0.1/udp/1/quic-v1")]
    [InlineData("/dns4/example.org/tcp/1")]
    public void A_partner_dials_nothing_that_a_server_would_not(string address) =>
        Assert.False(Rules().OnAsk(Ask with { Address = Address(address) }, Client(1), Start));

    [Fact]
    public void A_partner_without_ipv6_dials_none()
    {
        var rules = Rules(policy: Policy(interfaces: "11.0.0.1"));
        Assert.False(rules.OnAsk(Ask with { Address = Address("/ip6/2a00::9/tcp/1") }, Client(1), Start));
        Assert.True(rules.OnAsk(Ask, Client(1), Start));
    }

    [Theory]
    [InlineData(DialBackBasis.Unstated, false)]
    [InlineData(DialBackBasis.ObservedIp, true)]
    [InlineData(DialBackBasis.DataPaid, true)]
    [InlineData((DialBackBasis)3, false)]
    public void The_asking_server_must_say_why_it_is_in_order(DialBackBasis basis, bool granted) =>
        Assert.Equal(granted, Rules().OnAsk(Ask with { Basis = basis }, Client(1), Start));

    [Fact]
    public void A_server_behind_a_relay_is_not_served() =>
        Assert.False(Rules().OnAsk(Ask, Client(1, "/ip4/13.0.0.1/tcp/1", relayed: true), Start));

    [Fact]
    public void A_stranger_gets_four_dials_a_minute_and_a_known_server_as_many_as_its_clients_need()
    {
        var rules = Rules();
        Assert.Equal(4, Granted(rules, 100, _ => 2));
        Assert.False(rules.MayAsk(Client(2), Start));
        Assert.Equal(56, Granted(rules, 100, _ => 1));
        Assert.True(rules.MayAsk(Client(2), Start + AutoNatServerWindow.Length));
    }

    [Fact]
    public void Ten_thousand_strangers_get_twelve_dials_a_minute_and_a_known_server_is_served_all_the_same()
    {
        var rules = Rules();
        Assert.Equal(12, Granted(rules, 10_000, i => 100 + i));
        Assert.True(rules.Remembered <= 24);
        Assert.True(rules.OnAsk(Ask, Client(1), Start));
    }

    [Fact]
    public void A_victim_of_many_servers_gets_six_dials_a_minute()
    {
        var rules = Rules();
        Assert.Equal(6, Enumerable.Range(0, 100).Count(i => rules.OnAsk(Ask with { Nonce = (ulong)i }, Client(1), Start)));
        Assert.True(rules.OnAsk(Ask with { Address = Address("/ip4/12.0.0.10/tcp/1") }, Client(1), Start));
    }

    [Fact]
    public void A_node_may_serve_the_partners_of_its_owner_only()
    {
        var rules = Rules(new AutoNatServerOptions { StrangerDialsPerMinute = 0 });
        Assert.False(rules.OnAsk(Ask, Client(2), Start));
        Assert.True(rules.OnAsk(Ask, Client(1), Start));
    }

    [Fact]
    public void The_partner_asked_is_a_configured_one_on_an_address_of_its_own()
    {
        var partners = new DialBackPartners(Known, Policy(), Dice);
        partners.OnSpeaks(Client(1, "/ip4/20.0.0.1/tcp/1"), 1);
        partners.OnSpeaks(Client(2, "/ip4/20.0.0.2/tcp/1"), 2);
        Assert.Equal(new DialBackPartner(Id(1), 1, IPAddress.Parse("20.0.0.1")), partners.Choose(Client(9), Start)[0]);
        Assert.Equal(Id(2), Assert.Single(partners.Choose(Client(9, "/ip4/20.0.0.1/tcp/9"), Start)).Peer);
        Assert.Equal(Id(2), Assert.Single(partners.Choose(Client(1), Start)).Peer);
        partners.OnGone(1);
        Assert.Equal(Id(2), Assert.Single(partners.Choose(Client(9), Start)).Peer);
        partners.OnGone(2);
        Assert.Empty(partners.Choose(Client(9), Start));
    }

    [Fact]
    public void Two_partners_on_two_addresses_are_asked_and_those_that_always_fail_come_last()
    {
        var partners = new DialBackPartners(Known, Policy(), Dice);
        partners.OnSpeaks(Client(2, "/ip4/20.0.0.2/tcp/1"), 2);
        partners.OnSpeaks(Client(3, "/ip4/20.0.0.2/tcp/2"), 3);
        Assert.Single(partners.Choose(Client(9), Start));
        partners.OnSpeaks(Client(4, "/ip4/20.0.0.4/tcp/1"), 4);
        partners.OnSpeaks(Client(5, "/ip4/20.0.0.5/tcp/1"), 5);
        Assert.Equal(DialBackPartners.AtOnce, partners.Choose(Client(9), Start).Count);

        for (var i = 0; i < 8; i++)
        {
            partners.OnOutcome(new DialBackPartner(Id(4), 4, IPAddress.Parse("20.0.0.4")), DialBackOutcome.DialError, Start);
        }

        for (var i = 0; i < 20; i++)
        {
            Assert.DoesNotContain(partners.Choose(Client(9), Start), p => p.Peer == Id(4));
        }
    }

    [Theory]
    [InlineData("/ip4/11.0.0.1/tcp/1")]
    [InlineData("/ip6/2a00:0:0:1::1/tcp/1")]
    [InlineData("/ip4/192.168.0.1/tcp/1")]
    public void A_peer_in_our_own_household_or_out_of_reach_is_no_partner(string address)
    {
        var partners = new DialBackPartners(Known, Policy(), Dice);
        partners.OnSpeaks(Client(1, address), 1);
        Assert.Empty(partners.Choose(Client(9), Start));
    }

    [Fact]
    public void A_partner_that_did_not_dial_rests_for_a_minute()
    {
        var partners = new DialBackPartners(Known, Policy(), Dice);
        partners.OnSpeaks(Client(2, "/ip4/20.0.0.2/tcp/1"), 2);
        var partner = partners.Choose(Client(9), Start)[0];
        partners.OnOutcome(partner, DialBackOutcome.DialError, Start);
        Assert.Single(partners.Choose(Client(9), Start));
        partners.OnOutcome(partner, DialBackOutcome.NotTried, Start);
        Assert.Empty(partners.Choose(Client(9), Start));
        Assert.Single(partners.Choose(Client(9), Start + DialBackPartners.Rest));
    }

    [Fact]
    public void Ten_thousand_peers_that_speak_it_leave_room_for_a_configured_one()
    {
        var partners = new DialBackPartners(Known, Policy(), Dice);
        for (var i = 0; i < 10_000; i++)
        {
            partners.OnSpeaks(Client(2, $"/ip4/20.0.{i / 256}.{i % 256}/tcp/1"), i);
        }

        Assert.Equal(DialBackPartners.MaxPartners, partners.Count);
        partners.OnSpeaks(Client(1, "/ip4/21.0.0.1/tcp/1"), 20_000);
        Assert.Equal(DialBackPartners.MaxPartners, partners.Count);
        Assert.Equal(Id(1), partners.Choose(Client(9), Start)[0].Peer);
    }

    private static DialBackPartnerRules Rules(AutoNatServerOptions? options = null, AutoNatServerPolicy? policy = null) =>
        new(options ?? new AutoNatServerOptions(), policy ?? Policy(), Known);

    /// <summary>So many asks for a target each; how many were granted.</summary>
    private static int Granted(DialBackPartnerRules rules, int count, Func<int, int> server) => Enumerable.Range(0, count).Count(
        i => rules.OnAsk(Ask with { Address = Address($"/ip4/30.{server(i) % 200}.{i / 256}.{i % 256}/tcp/1") }, Client(server(i)), Start));
}
