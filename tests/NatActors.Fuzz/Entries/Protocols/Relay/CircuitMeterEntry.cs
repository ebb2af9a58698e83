using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.Relay;

namespace NatActors.Fuzz.Entries.Protocols.Relay;

/// <summary>What passes a circuit: never a byte more than its limit, in each direction.</summary>
public sealed class CircuitMeterEntry : MachineEntry
{
    private static readonly RelayLimits[] Limits =
    [
        new(TimeSpan.FromMinutes(2), 1000), new(null, 1), RelayLimits.None, new(TimeSpan.FromSeconds(uint.MaxValue), long.MaxValue),
            new(TimeSpan.Zero, 5),
    ];

    /// <inheritdoc />
    public override string Name => "protocols.relay.meter";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } = ["begin", "from source", "from destination"];

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 0).On(1, 0, 0, 3, 0).On(2, 0, 0, 2, 0).After(EventClock.Seconds(5), 1, 0, 0, 1, 0).ToArray(),
        new EventScript().On(0, 3).On(1, 127, 255, 255, 255).On(1, 127, 255, 255, 255).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new MeterRun(now);

    private sealed class MeterRun(TimeSpan start) : IMachineRun
    {
        private readonly long[] _passed = new long[2];
        private RelayLimits _limits = Limits[0];
        private CircuitMeter _meter = new(Limits[0], start);

        public void On(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            if (kind == 0)
            {
                _limits = arguments.Pick(Limits);
                _meter = new CircuitMeter(_limits, now);
                Array.Clear(_passed);
                return;
            }

            var bytes = (int)(arguments.UInt32() & int.MaxValue);
            var direction = (CircuitDirection)(kind - 1);
            var admitted = _meter.Admit(direction, bytes);
            Require.That(admitted >= 0 && admitted <= bytes, "more is admitted than came");
            _passed[(int)direction] += admitted;
            Require.That(_passed[(int)direction] <= (_limits.BytesPerDirection ?? long.MaxValue), "more passes than the limit");
            Require.That(
                admitted == bytes || _passed[(int)direction] == _limits.BytesPerDirection,
                "less is admitted than there is room for");
            Require.That(_meter.Passed(direction) == _passed[(int)direction] && _meter.Left(direction) is not < 0, "the count is wrong");
            Require.That(_meter.TimeLeft(now) is not { Ticks: < 0 }, "less than no time is left");
            Require.That(_meter.ShareLeft(now) is >= 0 and <= 1, "the share left is none");
            digest.Add(admitted);
        }

        public void End(TimeSpan now, ref FuzzDigest digest) => digest.Add(_passed[0] + _passed[1]);
    }
}
