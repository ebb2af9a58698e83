using NatActors.Protocols.Naming;
using Xunit;

namespace NatActors.Protocols.Tests.Naming;

public sealed class DnsCacheTests
{
    private static readonly DnsQuestion Question = Messages.Question();

    private readonly DnsCache _cache = new(new DnsCacheOptions { MaxEntries = 2 });

    [Theory]
    [InlineData(60, 60)]
    [InlineData(0, 5)]
    [InlineData(100_000, 3600)]
    public void An_answer_is_kept_for_its_time_within_bounds(int timeToLive, int kept)
    {
        _cache.Keep(Question, Messages.Found("192.0.2.1") with { TimeToLive = TimeSpan.FromSeconds(timeToLive) }, TimeSpan.Zero);

        Assert.NotNull(_cache.Find(Question, TimeSpan.FromSeconds(kept) - TimeSpan.FromTicks(1)));
        Assert.Null(_cache.Find(Question, TimeSpan.FromSeconds(kept)));
        Assert.Equal(0, _cache.Count);
    }

    [Fact]
    public void That_there_is_nothing_is_kept_for_a_minute_at_most()
    {
        _cache.Keep(Question, new DnsOutcome(DnsOutcomeKind.NoSuchName, [], [], TimeSpan.FromDays(1), "none"), TimeSpan.Zero);

        Assert.NotNull(_cache.Find(Question, TimeSpan.FromSeconds(59)));
        Assert.Null(_cache.Find(Question, TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public void A_failure_is_not_kept()
    {
        _cache.Keep(Question, DnsOutcome.Failure("no server"), TimeSpan.Zero);

        Assert.Equal(0, _cache.Count);
    }

    [Fact]
    public void The_answer_that_ends_first_makes_room()
    {
        foreach (var (name, seconds) in (ReadOnlySpan<(string, int)>)[("a.example", 50), ("b.example", 10), ("c.example", 30)])
        {
            _cache.Keep(Messages.Question(name), Messages.Found("192.0.2.1") with { TimeToLive = TimeSpan.FromSeconds(seconds) }, TimeSpan.Zero);
        }

        Assert.Equal(2, _cache.Count);
        Assert.Null(_cache.Find(Messages.Question("b.example"), TimeSpan.Zero));
    }

    [Fact]
    public void Answers_that_fill_the_bytes_make_room_too()
    {
        var cache = new DnsCache(new DnsCacheOptions());
        for (var i = 0; i < 200; i++)
        {
            cache.Keep(Messages.Question($"n{i}.example"), Texts(60_000, seconds: 10 + i), TimeSpan.Zero);
        }

        Assert.InRange(cache.Bytes, 1, new DnsCacheOptions().MaxBytes);
        Assert.NotNull(cache.Find(Messages.Question("n199.example"), TimeSpan.Zero));
        Assert.Null(cache.Find(Messages.Question("n100.example"), TimeSpan.Zero));
    }

    [Fact]
    public void An_answer_larger_than_all_bytes_is_not_kept_and_nothing_goes_for_it()
    {
        _cache.Keep(Question, Messages.Found("192.0.2.1"), TimeSpan.Zero);

        _cache.Keep(Messages.Question("large.example"), Texts(new DnsCacheOptions().MaxBytes, seconds: 60), TimeSpan.Zero);

        Assert.Equal(1, _cache.Count);
        Assert.NotNull(_cache.Find(Question, TimeSpan.Zero));
    }

    [Fact]
    public void Answers_that_are_replaced_forgotten_or_ended_give_their_bytes_back()
    {
        _cache.Keep(Question, Texts(100, seconds: 60), TimeSpan.Zero);
        var bytes = _cache.Bytes;

        _cache.Keep(Question, Texts(100, seconds: 60), TimeSpan.Zero);
        Assert.Equal(bytes, _cache.Bytes);
        _cache.Forget(Question);
        Assert.Equal(0, _cache.Bytes);
        _cache.Keep(Question, Texts(100, seconds: 60), TimeSpan.Zero);
        _cache.Find(Question, TimeSpan.FromMinutes(2));
        Assert.Equal(0, _cache.Bytes);
    }

    private static DnsOutcome Texts(int length, int seconds) =>
        new(DnsOutcomeKind.Found, [], [new string('x', length)], TimeSpan.FromSeconds(seconds), string.Empty);

    [Fact]
    public void A_forgotten_answer_is_asked_for_anew()
    {
        _cache.Keep(Question, Messages.Found("192.0.2.1"), TimeSpan.Zero);

        Assert.NotNull(_cache.Forget(Question));
        Assert.Null(_cache.Find(Question, TimeSpan.Zero));
        Assert.Null(_cache.Forget(Question));
    }
}
