using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Connections;
using NatActors.Protocols.KeepAlive;
using NatActors.Multiformats.Tests.Shared;

namespace NatActors.Protocols.Tests.KeepAlive;

public sealed class LifetimeServerRulesTests
{
    private static readonly TimeSpan Start = TimeSpan.FromHours(1);
    private static readonly TimeSpan[] Silences = [TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(8)];
    private static readonly LifetimeLimits Limits = new()
    {
        MappingsPerNetwork = 4,
        Mappings = 6,
        AsksPerNetwork = new RateLimit(0.1, 3),
        Asks = new RateLimit(1, 100),
    };

    private readonly LifetimeServerRules _rules = new(Limits, new SeededRandom(1), Start);

    [Fact]
    public void An_ask_gets_a_token_for_each_silence_good_once()
    {
        var granted = Ask(1);

        Assert.Equal(LifetimeRefusal.None, granted.Refusal);
        Assert.Equal(2, granted.Tokens.Count);
        Assert.Equal(new LifetimeTicket(granted.Ask, 1, Silences[1]), _rules.OnToken(granted.Tokens[1].Span, Start));
        Assert.Null(_rules.OnToken(granted.Tokens[1].Span, Start));
        Assert.NotNull(_rules.OnToken(granted.Tokens[0].Span, Start));
    }

    [Fact]
    public void A_token_that_is_late_unknown_or_of_another_length_is_worth_nothing()
    {
        var granted = Ask(1);

        Assert.Null(_rules.OnToken(granted.Tokens[0].Span, Start + Limits.TokenLifetime));
        Assert.Null(_rules.OnToken(new byte[LifetimeProtocol.TokenLength], Start));
        Assert.Null(_rules.OnToken(granted.Tokens[1].Span[..^1], Start));
    }

    [Fact]
    public void The_tokens_of_an_ended_ask_are_worthless_and_its_places_free()
    {
        var granted = Ask(1);
        _rules.OnAskEnded(granted.Ask);
        _rules.OnAskEnded(granted.Ask);

        Assert.Null(_rules.OnToken(granted.Tokens[0].Span, Start));
        Assert.Equal(0, _rules.Mappings);
        Assert.Equal(LifetimeRefusal.None, Ask(1).Refusal);
    }

    [Fact]
    public void A_peer_that_measures_already_is_busy()
    {
        Ask(1);
        Assert.Equal(LifetimeRefusal.Busy, Ask(1).Refusal);
    }

    [Fact]
    public void Mappings_are_bounded_for_a_network_and_in_all()
    {
        Ask(1);
        Ask(2);
        Assert.Equal(LifetimeRefusal.TooMany, Ask(3).Refusal);
        Assert.Equal(LifetimeRefusal.None, Ask(4, "12.0.0.1").Refusal);
        Assert.Equal(LifetimeRefusal.TooMany, Ask(5, "13.0.0.1").Refusal);
        Assert.Equal(6, _rules.Mappings);
    }

    [Fact]
    public void A_network_that_asks_too_often_waits()
    {
        for (var i = 0; i < 3; i++)
        {
            _rules.OnAskEnded(Ask(i).Ask);
        }

        Assert.Equal(LifetimeRefusal.TooOften, Ask(9).Refusal);
        Assert.Equal(LifetimeRefusal.None, Ask(9, now: Start + TimeSpan.FromSeconds(10)).Refusal);
    }

    [Theory]
    [InlineData(0.9)]
    [InlineData(180.1)]
    public void Silences_out_of_range_are_refused(double seconds) =>
        Assert.Equal(LifetimeRefusal.OutOfRange, Ask(1, silences: [TimeSpan.FromSeconds(seconds)]).Refusal);

    [Fact]
    public void More_silences_than_a_message_holds_and_none_are_refused()
    {
        Assert.Equal(LifetimeRefusal.OutOfRange, Ask(1, silences: []).Refusal);
        Assert.Equal(
            LifetimeRefusal.OutOfRange,
            Ask(1, silences: [.. Enumerable.Repeat(Silences[0], LifetimeCodec.MaxMappings + 1)]).Refusal);
    }

    [Fact]
    public void Ten_thousand_asks_leave_no_more_than_the_limits_behind()
    {
        for (var i = 0; i < 10_000; i++)
        {
            Ask(i, $"11.{i / 250 % 250}.{i % 250}.1", now: Start + TimeSpan.FromMilliseconds(i));
        }

        Assert.Equal(Limits.Mappings, _rules.Mappings);
    }

    private LifetimeDecision Ask(int peer, string source = "11.0.0.1", TimeSpan? now = null, TimeSpan[]? silences = null) =>
        _rules.OnAsk(LifetimeHarness.Peer(peer), IPAddress.Parse(source), silences ?? Silences, now ?? Start);
}
