using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.PortMapping;

namespace NatActors.Fuzz.Entries.Protocols.PortMapping;

/// <summary>
/// The listen ports kept mapped, at routers that speak any of the protocols, confirm, refuse, forget, renumber and lie; and anybody in the
/// house who
/// sends datagrams. Sockets are opened and closed once, requests go one at a time, a mapping is lost before another is confirmed, nothing
/// is asked in
/// a busy loop, and in the end everything is given back.
/// </summary>
public sealed class KeeperEntry : MachineEntry
{
    /// <inheritdoc />
    public override string Name => "protocols.portmapping.keeper";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } =
        ["changed", "pcp answer", "nat-pmp answer", "datagram", "search answer", "description", "soap answer", "reply", "channel failed",
            "network changed", "shutdown", "deadline"];

    // Each wake of three clients writes requests; XML readers have buffers of some 20 KiB.
    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 64 * 1024, AllocatedConstant: 1024 * 1024, StepsPerByte: 32 * 1024, StepsConstant: 1024 * 1024);

    /// <inheritdoc />
    public override int Cost => 1000;

    /// <inheritdoc />
    public override int MaxLength => 300;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds()
    {
        var second = EventClock.Seconds(1);
        yield return new EventScript().On(0, 2, 1).On(1, 0, 0, 0, 0, 0, 2).After(second, 1, 1, 0, 0, 180, 0, 2)
            .After(EventClock.Minutes(40), 1, 1, 0, 0, 180, 9, 2).On(10).ToArray();
        yield return new EventScript().On(0, 1, 1).On(2, 0, 0, 0).After(second, 2, 1, 0, 200, 5)
            .After(EventClock.Minutes(50), 2, 1, 2, 1, 1).On(9).ToArray();
        yield return new EventScript().On(0, 2, 1).On(4, 0).On(5, 0).On(6, 0).After(second, 6, 0).On(6, 0).On(6, 0).On(6, 0)
            .After(EventClock.Minutes(2), 6, 0).On(6, 3).On(6, 3).On(10).ToArray();
        yield return new EventScript().On(0, 1, 2).On(4, 0).On(5, 1).On(6, 0).On(6, 0).After(EventClock.Minutes(31), 6, 2).On(6, 0)
            .On(0, 0, 0).ToArray();
        yield return new EventScript().On(0, 1, 1).On(4, 0).On(5, 0).On(6, 0).After(second, 6, 1).On(6, 0).On(6, 2).On(7, 0).On(7, 0)
            .On(7, 0).ToArray();
    }

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new KeeperRun(random);
}
