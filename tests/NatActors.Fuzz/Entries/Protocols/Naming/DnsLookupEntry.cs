using System.Net;
using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.Naming;

namespace NatActors.Fuzz.Entries.Protocols.Naming;

/// <summary>One question to several servers that cut, refuse, forge and stay silent: it ends exactly once, after a bounded number of
/// tries.</summary>
public sealed class DnsLookupEntry : MachineEntry
{
    private static readonly DnsLookupOptions Options = new() { Servers = [new IPEndPoint(Samples.Hosts[0], 53),
        new IPEndPoint(Samples.Hosts[13], 54)] };

    // A server may cut its answer, and not know EDNS over both transports: three asks each time that it is its turn.
    private static readonly int MostAsks = Options.Servers.Count * Options.Attempts * 4;

    /// <inheritdoc />
    public override string Name => "protocols.naming.lookup";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } = ["answer", "bytes", "old answer", "ask failed", "deadline"];

    /// <inheritdoc />
    public override int MaxLength => 400;

    /// <inheritdoc />
    public override int Cost => 20;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 2, 0).On(0, 0, 0, 1).ToArray(),
        new EventScript().On(0, 0, 1).On(0, 0, 2).After(EventClock.Seconds(3), 0, 0, 3).ToArray(),
        new EventScript().On(2, 0, 0).On(3).On(1, 1, 2, 3).After(EventClock.Minutes(1), 4).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new LookupRun(random, now);

    private sealed class LookupRun : TimedRun
    {
        private static readonly DnsQuestion Question = new(Name(), DnsType.A);

        private readonly DnsLookup _lookup;
        private readonly List<DnsLookupEffect.Ask> _asks = [];
        private bool _finished;

        public LookupRun(RandomSource random, TimeSpan now)
        {
            _lookup = new DnsLookup(Question, Options, random);
            var digest = default(FuzzDigest);
            Take(_lookup.Start(now), ref digest);
        }

        protected override TimeSpan? NextDeadline => _lookup.NextDeadline;

        protected override void Deadline(TimeSpan now, ref FuzzDigest digest) => Take(_lookup.OnDeadline(now), ref digest);

        protected override void Event(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            var last = _asks[^1];
            switch (kind)
            {
                case 0: Take(_lookup.OnAnswer(last.Try, Answer(last, ref arguments), now), ref digest); break;
                case 1: Take(_lookup.OnAnswer(last.Try, arguments.Rest, now), ref digest); break;
                case 2 when _asks.Count > 1:
                    Require.That(
                        _lookup.OnAnswer(last.Try - 1, Answer(last, ref arguments), now) is null,
                        "an answer to an earlier try is taken");
                    break;
                case 3: Take(_lookup.OnAskFailed(last.Try, "broken", now), ref digest); break;
                default: Take(_lookup.OnDeadline(now), ref digest); break;
            }
        }

        protected override void Check(TimeSpan now) =>
            Require.That(_finished == _lookup.NextDeadline is null, "an end is not told, or told and is none");

        protected override void Finish(ref TimeSpan now, ref FuzzDigest digest) =>
            Require.That(RunOut(ref now, ref digest) && _finished, "a lookup does not end");

        private static DnsName Name() => DnsName.TryParse("example.org", out var name, out _) ? name : throw new FormatException();

        /// <summary>The query sent back as its answer: truncated or not, with any code, with an address or without.</summary>
        private static byte[] Answer(DnsLookupEffect.Ask ask, ref EventArguments arguments)
        {
            var answer = ask.Query.ToArray();
            answer[2] = (byte)(0x81 | (arguments.Byte() & 2));
            answer[3] = (byte)(0x80 | arguments.Byte());
            answer[11] = 0;
            if (!arguments.Flag())
            {
                return answer;
            }

            answer[7] = 1;
            return [.. answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 11, 0, 0, 2];
        }

        private void Take(DnsLookupEffect? effect, ref FuzzDigest digest)
        {
            if (effect is null)
            {
                return;
            }

            Require.That(!_finished, "something follows the end");
            switch (effect)
            {
                case DnsLookupEffect.Ask ask:
                    _asks.Add(ask);
                    Require.That(ask.Try == _asks.Count && _asks.Count <= MostAsks, "tries are miscounted, or too many");
                    Require.That(Options.Servers.Contains(ask.Server), "somebody else is asked");
                    digest.Add(ask.OverTcp);
                    break;
                case DnsLookupEffect.Finished finished:
                    _finished = true;
                    Require.That(
                        (finished.Outcome.Kind == DnsOutcomeKind.Found) == (finished.Outcome.Addresses.Count > 0),
                        "found nothing, or something that was not found");
                    digest.Add((int)finished.Outcome.Kind);
                    break;
            }
        }
    }
}
