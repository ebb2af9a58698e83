using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.Naming;

namespace NatActors.Fuzz.Entries.Protocols.Naming;

/// <summary>Answers kept: few, within their times, and what was put in last is what is found.</summary>
public sealed class DnsCacheEntry : MachineEntry
{
    private static readonly DnsCacheOptions Options = new() { MaxEntries = 4 };

    /// <inheritdoc />
    public override string Name => "protocols.naming.cache";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } = ["keep", "find", "forget"];

    /// <inheritdoc />
    public override int MaxLength => 500;

    /// <inheritdoc />
    public override int Cost => 10;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 1, 0, 130).On(1, 1).After(EventClock.Seconds(3), 1, 1).After(EventClock.Minutes(50), 1, 1).ToArray(),
        new EventScript().On(0, 1, 1, 0).On(0, 2, 2, 200).On(0, 3, 0, 0).On(0, 4, 0, 1).On(0, 5, 0, 1).On(2, 5).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new CacheRun();

    private sealed class CacheRun : IMachineRun
    {
        private static readonly DnsQuestion[] Questions =
            [.. Enumerable.Range(0, 8).Select(i => new DnsQuestion(DnsName.TryParse($"n{i}.example", out var name, out _) ? name
                : throw new FormatException(), DnsType.A))];

        private readonly DnsCache _cache = new(Options);
        private readonly Dictionary<DnsQuestion, (DnsOutcome Outcome, TimeSpan At)> _kept = [];

        public void On(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            var question = arguments.Pick(Questions);
            switch (kind)
            {
                case 0:
                    var outcome = new DnsOutcome((DnsOutcomeKind)arguments.Below(4), [], [], arguments.Flag() ? null
                        : arguments.Duration(), "");
                    _cache.Keep(question, outcome, now);
                    if (outcome.Kind != DnsOutcomeKind.Failed)
                    {
                        _kept[question] = (outcome, now);
                    }

                    break;
                case 1:
                    var found = _cache.Find(question, now);
                    if (found is not null)
                    {
                        var (kept, at) = _kept[question];
                        Require.That(
                            ReferenceEquals(kept, found) && found.Kind != DnsOutcomeKind.Failed,
                            "another answer is found than was kept");
                        Require.That(
                            now - at < (found.IsNegative ? Options.LongestNegative : Options.Longest),
                            "an answer is kept too long");
                    }

                    digest.Add(found is not null);
                    break;
                case 2:
                    _cache.Forget(question);
                    _kept.Remove(question);
                    Require.That(_cache.Find(question, now) is null, "what was forgotten is found");
                    break;
            }

            Require.That(_cache.Count <= Options.MaxEntries, "more answers are kept than allowed");
        }

        public void End(TimeSpan now, ref FuzzDigest digest) => digest.Add(_cache.Count);
    }
}
