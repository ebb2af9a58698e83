using System.Buffers.Binary;
using System.Net;
using NatActors.Protocols.Naming;
using NatActors.Protocols.Tests.Port;
using Xunit;

namespace NatActors.Protocols.Tests.Naming;

public sealed class DnsLookupTests
{
    private static readonly DnsQuestion Question = Messages.Question();
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly DnsLookup _lookup = new(
        Question,
        new DnsLookupOptions
        {
            Servers = [IPEndPoint.Parse("192.0.2.53:53"), IPEndPoint.Parse("198.51.100.53:5353")],
            Timeout = Second,
            Attempts = 2,
        },
        new SequenceRandom(1));

    [Fact]
    public void The_first_server_is_asked_and_its_answer_taken()
    {
        var ask = Start();

        Assert.Equal("192.0.2.53:53", ask.Server.ToString());
        Assert.False(ask.OverTcp);
        Assert.Equal(Second, _lookup.NextDeadline);
        var outcome = Finished(Answer(ask, [Messages.A("example.org", "192.0.2.1", 77)]));
        Assert.Equal(DnsOutcomeKind.Found, outcome.Kind);
        Assert.Equal([IPAddress.Parse("192.0.2.1")], outcome.Addresses);
        Assert.Equal(TimeSpan.FromSeconds(77), outcome.TimeToLive);
        Assert.Null(_lookup.NextDeadline);
    }

    [Fact]
    public void A_silent_server_is_passed_over_then_asked_again_and_in_the_end_all_are_named()
    {
        var asked = new List<string> { Start().Server.ToString() };
        var ids = new HashSet<ushort>();
        DnsLookupEffect? effect = null;
        for (var at = Second; effect is not DnsLookupEffect.Finished; at += Second)
        {
            effect = _lookup.OnDeadline(at);
            if (effect is DnsLookupEffect.Ask ask)
            {
                asked.Add(ask.Server.ToString());
                ids.Add(IdOf(ask));
            }
        }

        Assert.Equal(["192.0.2.53:53", "198.51.100.53:5353", "192.0.2.53:53", "198.51.100.53:5353"], asked);
        Assert.Equal(3, ids.Count);
        var outcome = Finished(effect);
        Assert.Equal(DnsOutcomeKind.Failed, outcome.Kind);
        Assert.Contains("192.0.2.53 did not answer within 1 s; 198.51.100.53:5353 did not answer", outcome.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_happens_before_the_deadline()
    {
        Start();

        Assert.Null(_lookup.OnDeadline(Second - TimeSpan.FromTicks(1)));
    }

    [Fact]
    public void A_truncated_answer_is_asked_for_again_over_TCP_at_the_same_server()
    {
        var again = Assert.IsType<DnsLookupEffect.Ask>(Answer(Start(), [], flags: 0x8380));

        Assert.True(again.OverTcp);
        Assert.Equal("192.0.2.53:53", again.Server.ToString());
        Assert.Equal(DnsOutcomeKind.Found, Finished(Answer(again, [Messages.A("example.org", "192.0.2.1")])).Kind);
    }

    [Fact]
    public void A_server_that_cannot_read_the_extension_is_asked_without_it()
    {
        var first = Start();
        var again = Assert.IsType<DnsLookupEffect.Ask>(Answer(first, [], flags: 0x8181));

        Assert.Equal(first.Server, again.Server);
        Assert.Equal(1, first.Query.Span[11]);
        Assert.Equal(0, again.Query.Span[11]);

        var next = Assert.IsType<DnsLookupEffect.Ask>(Answer(again, [], flags: 0x8181));
        Assert.NotEqual(first.Server, next.Server);
    }

    [Theory]
    [InlineData(0x8182, "SERVFAIL")]
    [InlineData(0x8185, "REFUSED")]
    [InlineData(0x818b, "unknown code 11")]
    public void A_server_that_fails_or_refuses_is_passed_over(int flags, string word)
    {
        var next = Assert.IsType<DnsLookupEffect.Ask>(Answer(Start(), [], flags: flags));

        Assert.Equal("198.51.100.53:5353", next.Server.ToString());
        next = Assert.IsType<DnsLookupEffect.Ask>(Answer(next, [], flags: flags));
        next = Assert.IsType<DnsLookupEffect.Ask>(Answer(next, [], flags: flags));
        Assert.Contains(word, Finished(Answer(next, [], flags: flags)).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_does_not_exist_is_an_answer_and_says_who_said_so()
    {
        var outcome = Finished(_lookup.OnAnswer(
            1, Reply(Start(), [], flags: 0x8183, [Messages.Soa("org", 60, 30)]), TimeSpan.Zero));

        Assert.Equal(DnsOutcomeKind.NoSuchName, outcome.Kind);
        Assert.True(outcome.IsNegative);
        Assert.Equal(TimeSpan.FromSeconds(30), outcome.TimeToLive);
        Assert.Contains("192.0.2.53 says that example.org does not exist", outcome.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_without_such_a_record_is_an_answer()
    {
        var outcome = Finished(Answer(Start(), []));

        Assert.Equal(DnsOutcomeKind.NoData, outcome.Kind);
        Assert.Contains("no IPv4 address", outcome.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Garbage_and_a_broken_exchange_lead_to_the_next_server()
    {
        Start();
        var second = Assert.IsType<DnsLookupEffect.Ask>(_lookup.OnAnswer(1, [1, 2, 3], TimeSpan.Zero));
        var third = Assert.IsType<DnsLookupEffect.Ask>(_lookup.OnAskFailed(2, "nobody listens there", TimeSpan.Zero));

        Assert.Equal((2, 3), (second.Try, third.Try));
        Assert.Equal("192.0.2.53:53", third.Server.ToString());
    }

    [Fact]
    public void What_comes_of_an_earlier_try_is_passed_over()
    {
        var first = Start();
        _lookup.OnDeadline(Second);

        Assert.Null(Answer(first, [Messages.A("example.org", "192.0.2.1")]));
        Assert.Null(_lookup.OnAskFailed(first.Try, "late", Second));
    }

    [Fact]
    public void Nothing_comes_after_the_end()
    {
        var ask = Start();
        Answer(ask, [Messages.A("example.org", "192.0.2.1")]);

        Assert.Null(Answer(ask, [Messages.A("example.org", "192.0.2.1")]));
        Assert.Null(_lookup.OnDeadline(TimeSpan.FromDays(1)));
    }

    [Fact]
    public void Without_a_server_it_fails_at_once_and_says_where_to_name_one()
    {
        var lookup = new DnsLookup(Question, new DnsLookupOptions(), new SequenceRandom(1));

        Assert.Contains("/etc/resolv.conf", Finished(lookup.Start(TimeSpan.Zero)).Detail, StringComparison.Ordinal);
    }

    private DnsLookupEffect.Ask Start() => Assert.IsType<DnsLookupEffect.Ask>(_lookup.Start(TimeSpan.Zero));

    private DnsLookupEffect? Answer(DnsLookupEffect.Ask ask, byte[][] answers, int flags = 0x8180) =>
        _lookup.OnAnswer(ask.Try, Reply(ask, answers, flags), TimeSpan.Zero);

    private static byte[] Reply(DnsLookupEffect.Ask ask, byte[][] answers, int flags, byte[][]? authorities = null) =>
        Messages.Response(Question, answers, authorities, flags, IdOf(ask));

    private static ushort IdOf(DnsLookupEffect.Ask ask) => BinaryPrimitives.ReadUInt16BigEndian(ask.Query.Span);

    private static DnsOutcome Finished(DnsLookupEffect? effect) => Assert.IsType<DnsLookupEffect.Finished>(effect).Outcome;
}
