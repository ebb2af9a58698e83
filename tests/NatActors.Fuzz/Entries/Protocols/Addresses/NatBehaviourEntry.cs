using NatActors.Fuzz.Engine;
using NatActors.Multiformats;

namespace NatActors.Fuzz.Entries.Protocols.Addresses;

/// <summary>What stands between the node and the internet, by witnesses, verdicts, routers and probes that all may lie; and the advice
/// made of it.</summary>
public sealed class NatBehaviourEntry : MachineEntry
{
    /// <inheritdoc />
    public override string Name => "protocols.addresses.behaviour";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } =
        ["listening", "witness", "witness gone", "verdict", "mapped", "router", "hairpin", "server", "second port", "network changed",
            "tick"];

    // Four sides are judged anew at each event, in words.
    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 64 * 1024, AllocatedConstant: 512 * 1024, StepsPerByte: 32 * 1024, StepsConstant: 512 * 1024);

    /// <inheritdoc />
    public override int Cost => 400;

    /// <inheritdoc />
    public override int MaxLength => 300;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 1, 6).On(1, 1, 0, 0, 0, 0).On(1, 2, 0, 3, 1, 0).On(1, 3, 0, 4, 2, 0).On(7, 1, 1).On(8, 1, 0, 1)
            .On(5, 0, 8).ToArray(),
        new EventScript().On(0, 1, 6).On(1, 1, 0, 0, 0, 0).On(1, 2, 0, 3, 0, 0).On(3, 2, 1, 1).On(6, 0, 1)
            .After(EventClock.Minutes(2), 3, 1, 2, 0).On(9).On(10).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new NatBehaviourRun();
}
