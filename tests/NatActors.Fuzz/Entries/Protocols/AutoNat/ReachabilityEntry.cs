using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;

namespace NatActors.Fuzz.Entries.Protocols.AutoNat;

/// <summary>
/// The verdict on a node, under servers that come, go, refuse, lie and fall silent. Few questions are out, each about a live connection;
/// what is
/// remembered is bounded; without a proof nothing is public; what is confirmed is lost before it is confirmed again.
/// </summary>
public sealed class ReachabilityEntry : MachineEntry
{
    /// <inheritdoc />
    public override string Name => "protocols.autonat.reachability";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } =
        ["candidates", "peer", "connection gone", "stranger", "probe again", "network changed", "ended", "timer"];

    // Each event judges every address anew and tells all of them; and the harness wakes the machine at each of its deadlines in between.
    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 128 * 1024, AllocatedConstant: 512 * 1024, StepsPerByte: 128 * 1024, StepsConstant: 512 * 1024);

    /// <inheritdoc />
    public override int Cost => 2000;

    /// <inheritdoc />
    public override int MaxLength => 240;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 2, 0, 6).On(1, 1, 0, 2, 1).On(1, 2, 0, 3, 1).After(EventClock.Seconds(1), 6, 0, 0).On(6, 0, 0)
            .After(EventClock.Minutes(2), 7).ToArray(),
        new EventScript().On(0, 1, 0).On(1, 1, 0, 2, 3).On(1, 2, 0, 3, 3).After(EventClock.Seconds(1), 6, 0, 2).On(6, 0, 2)
            .After(EventClock.Minutes(1), 6, 0, 2).ToArray(),
        new EventScript().On(0, 1, 0).On(3, 4, 6, 3).On(1, 1, 0, 4, 2).After(EventClock.Seconds(30), 6, 0, 2).On(5).ToArray(),
        new EventScript().On(0, 3, 0, 1, 2).On(1, 3, 1, 3, 5).After(EventClock.Seconds(1), 6, 0, 3).On(6, 0, 4, 3).On(2, 3, 1).On(4)
            .On(0, 0).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new ReachabilityRun(random);
}
