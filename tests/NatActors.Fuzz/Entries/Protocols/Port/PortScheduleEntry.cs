using NatActors.Fuzz.Engine;
using NatActors.Multiformats;

namespace NatActors.Fuzz.Entries.Protocols.Port;

/// <summary>
/// The shared port under dials, punches and accepts to few remotes in any order, with the 4-tuples of a kernel: no two connects from the
/// shared port
/// to one remote that were not told to end, every request answered exactly once, every connection handed out once.
/// </summary>
public sealed class PortScheduleEntry : MachineEntry
{
    /// <inheritdoc />
    public override string Name => "protocols.port.schedule";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } =
        ["dial", "dial fresh", "punch", "punch start", "connected", "connect failed", "accepted", "drained", "closed", "cancelled",
            "timer"];

    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 2048, AllocatedConstant: 128 * 1024, StepsPerByte: 8192, StepsConstant: 256 * 1024);

    /// <inheritdoc />
    public override int MaxLength => 400;

    /// <inheritdoc />
    public override int Cost => 60;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 1).On(0, 1).On(5, 0, 0).ToArray(),
        new EventScript().On(0, 1).On(2, 0, 2, 1, 2, 80, 0).On(5, 0, 5).On(4, 0).On(8, 0).ToArray(),
        new EventScript().On(2, 1, 2, 1, 2, 80, 10).On(6, 1).On(6, 2).On(7).ToArray(),
        new EventScript().On(6, 1).On(0, 1).On(5, 0, 3).On(7).After(EventClock.Milliseconds(30), 10).On(5, 0, 3).On(4, 0).ToArray(),
        new EventScript().On(2, 0, 1, 3, 120, 0).On(5, 0, 0).After(EventClock.Milliseconds(10), 5, 0, 2)
            .After(EventClock.Milliseconds(50), 5, 0, 2).On(9, 0).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new PortScheduleRun(random);
}
