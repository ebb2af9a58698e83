using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.KeepAlive;

namespace NatActors.Fuzz.Entries.Protocols.KeepAlive;

/// <summary>
/// How often mappings are refreshed, under servers that lie, fail and vanish: one measurement at a time, the interval within its bounds,
/// told when it
/// changes, and never longer than what was proven.
/// </summary>
public sealed class MappingLifetimeEntry : MachineEntry
{
    private static readonly LifetimeOptions Options = new();

    /// <inheritdoc />
    public override string Name => "protocols.keepalive.lifetime";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } =
        ["server", "server gone", "alive", "expired", "ended", "silent death", "network changed", "deadline"];

    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 4096, AllocatedConstant: 256 * 1024, StepsPerByte: 8192, StepsConstant: 256 * 1024);

    /// <inheritdoc />
    public override int MaxLength => 300;

    /// <inheritdoc />
    public override int Cost => 60;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 1, 0).On(2, 0, 1).On(2, 0, 2).On(3, 0, 3).On(4, 0).After(EventClock.Minutes(50), 5).ToArray(),
        new EventScript().On(0, 1, 0).On(0, 2, 2).On(0, 3, 3).On(3, 0, 0).On(4, 0).On(2, 0, 5).On(4, 0).On(2, 0, 5).On(4, 0)
            .After(EventClock.Minutes(57), 7).ToArray(),
        new EventScript().On(0, 1, 0).On(4, 0).After(EventClock.Minutes(2), 1, 1).On(6).On(0, 1, 1).On(5).On(5).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new LifetimeRun(new MappingLifetime(Options, random));

    private sealed class LifetimeRun(MappingLifetime machine) : TimedRun
    {
        private PeerId? _measuring;
        private TimeSpan _told = Options.Unmeasured;
        private TimeSpan _mostProven;

        protected override TimeSpan? NextDeadline => machine.NextDeadline;

        protected override void Deadline(TimeSpan now, ref FuzzDigest digest) => Take(machine.OnDeadline(now), ref digest);

        protected override void Event(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            var about = kind is 2 or 3 or 4 && arguments.Byte() < 200 && _measuring is { } running ? running : Samples.Peer(ref arguments);
            switch (kind)
            {
                case 0: Take(machine.OnServer(about, Samples.Host(ref arguments), now), ref digest); break;
                case 1: Take(machine.OnServerGone(about, now), ref digest); break;
                case 2:
                    var silence = arguments.Pick(Options.Silences);
                    _mostProven = about == _measuring && silence > _mostProven ? silence : _mostProven;
                    Take(machine.OnAlive(about, silence, now), ref digest);
                    break;
                case 3: Take(machine.OnExpired(about, arguments.Pick(Options.Silences), now), ref digest); break;
                case 4:
                    _measuring = about == _measuring ? null : _measuring;
                    Take(machine.OnEnded(about, now), ref digest);
                    break;
                case 5: Take(machine.OnSilentDeath(now), ref digest); break;
                case 6: Take(machine.OnNetworkChanged(now), ref digest); break;
                default: Take(machine.OnDeadline(now), ref digest); break;
            }
        }

        protected override void Check(TimeSpan now)
        {
            Require.That(machine.Interval == _told, "the interval changes and nobody is told");
            Require.That(_told >= Options.Shortest && _told <= Options.Longest, "the interval is out of bounds");
            Require.That(machine.Proven is not { } proven || proven <= _mostProven, "more is proven than this node counted");
            Require.That(
                _told <= Options.Unmeasured || _told <= _mostProven * Options.Fraction,
                "a server makes the interval longer than what was proven");
        }

        protected override void Finish(ref TimeSpan now, ref FuzzDigest digest) => digest.Add(_told);

        private void Take(IReadOnlyList<LifetimeEffect> effects, ref FuzzDigest digest)
        {
            foreach (var effect in effects)
            {
                switch (effect)
                {
                    case LifetimeEffect.Measure measure:
                        Require.That(_measuring is null, "two measurements at a time");
                        Require.That(
                            measure.Silences.Count is > 0 and <= LifetimeCodec.MaxMappings,
                            "a measurement of nothing, or of too much");
                        _measuring = measure.Server;
                        break;
                    case LifetimeEffect.GiveUp:
                        Require.That(_measuring is not null, "a measurement is given up that does not run");
                        _measuring = null;
                        break;
                    case LifetimeEffect.Refresh refresh:
                        Require.That(refresh.Interval != _told, "the same interval is told again");
                        _told = refresh.Interval;
                        digest.Add(_told);
                        break;
                }
            }
        }
    }
}
