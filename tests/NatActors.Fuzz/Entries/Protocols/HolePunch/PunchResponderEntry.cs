using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.HolePunch;

namespace NatActors.Fuzz.Entries.Protocols.HolePunch;

/// <summary>A of DCUtR, which answers, against any B: one that opens streams without end too.</summary>
public sealed class PunchResponderEntry : MachineEntry
{
    // Three rounds with all their waits, and the streams that it takes to open for them.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    /// <inheritdoc />
    public override string Name => "protocols.holepunch.responder";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } = PunchRun.CommonEvents;

    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 2048, AllocatedConstant: 128 * 1024, StepsPerByte: 4096, StepsConstant: 256 * 1024);

    /// <inheritdoc />
    public override int Cost => 60;

    /// <inheritdoc />
    public override int MaxLength => 300;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        PunchRun.Connected(new EventScript()).After(EventClock.Milliseconds(50), 3).After(EventClock.Milliseconds(50), 6).On(9).ToArray(),
        PunchRun.Connected(new EventScript()).On(3).On(7, 0).On(2, 1, 3).On(3).On(8).On(5).On(1).On(2, 1, 3).On(3).On(7, 1).ToArray(),
        PunchRun.Connected(new EventScript().On(12, 0)).On(12, 1, 0).On(3).On(10).On(7, 1).ToArray(),
        new EventScript().On(0).After(EventClock.Seconds(9), 1).After(EventClock.Seconds(6), 1).After(EventClock.Seconds(6), 1)
            .On(11).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new ResponderRun(now);

    private sealed class ResponderRun : PunchRun
    {
        private readonly PunchResponder _responder;
        private TimeSpan? _begun;

        public ResponderRun(TimeSpan now)
            : base(knowsAddress: true) => _responder = new PunchResponder(Options, Known, now);

        protected override PunchAttempt Attempt => _responder;

        protected override IReadOnlyList<PunchEffect> Start(TimeSpan now) => _responder.Start(now);

        protected override IReadOnlyList<PunchEffect> StreamOpened(TimeSpan now) => _responder.OnStreamOpened(now);

        protected override void Event(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            // A stream is opened by the peer on an attempt that has begun.
            if (kind == 1 && _responder.State == PunchState.Idle)
            {
                return;
            }

            _begun ??= kind == 0 ? now : null;
            base.Event(kind, ref arguments, now, ref digest);
        }

        protected override void Check(TimeSpan now)
        {
            base.Check(now);
            Require.That(Ended || _begun is not { } begun || now - begun <= Longest, "a peer keeps an attempt for ever");
        }
    }
}
