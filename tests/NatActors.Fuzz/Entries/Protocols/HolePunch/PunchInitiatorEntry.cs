using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.HolePunch;

namespace NatActors.Fuzz.Entries.Protocols.HolePunch;

/// <summary>B of DCUtR, which opens the stream, against any A.</summary>
public sealed class PunchInitiatorEntry : MachineEntry
{
    private const int StreamFailed = 16;
    private const int ReversalFailed = 17;

    /// <inheritdoc />
    public override string Name => "protocols.holepunch.initiator";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } = [.. PunchRun.CommonEvents, "stream failed", "reversal failed"];

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
        PunchRun.Connected(new EventScript()).After(EventClock.Milliseconds(50), 6).On(9).ToArray(),
        PunchRun.Connected(new EventScript()).On(7, 0).After(EventClock.Milliseconds(40), 2, 1, 3).On(7, 1).On(2, 1, 3).On(7, 1)
            .On(2, 1, 3).ToArray(),
        PunchRun.Connected(new EventScript().On(13, 1, 1, 3)).On(3).On(1).On(2, 1, 3).On(8).On(ReversalFailed).ToArray(),
        new EventScript().On(0).On(StreamFailed, 1).ToArray(),
        new EventScript().On(0).On(1).On(10).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new InitiatorRun(now);

    private sealed class InitiatorRun : PunchRun
    {
        private readonly PunchInitiator _initiator;
        private bool _opening;
        private bool _reversed;
        private bool _reversing;

        public InitiatorRun(TimeSpan now)
            : base(knowsAddress: true) => _initiator = new PunchInitiator(Options, Known, now);

        protected override PunchAttempt Attempt => _initiator;

        protected override IReadOnlyList<PunchEffect> Start(TimeSpan now) => _initiator.Start(now);

        protected override IReadOnlyList<PunchEffect> StreamOpened(TimeSpan now)
        {
            _opening = false;
            return _initiator.OnStreamOpened(now);
        }

        protected override void Event(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            switch (kind)
            {
                // Only what was asked for is opened, or not.
                case 1 when !_opening: break;
                case StreamFailed when _opening:
                    _opening = false;
                    Take(_initiator.OnStreamFailed(arguments.Flag(), "why", now), ref digest);
                    break;
                case StreamFailed: break;
                case ReversalFailed when _reversing:
                    _reversing = false;
                    Take(_initiator.OnReversalFailed(now), ref digest);
                    break;
                case ReversalFailed: break;
                default: base.Event(kind, ref arguments, now, ref digest); break;
            }
        }

        protected override void OnOwn(PunchEffect effect)
        {
            switch (effect)
            {
                case PunchEffect.OpenStream:
                    Require.That(!_opening && !StreamIsOpen, "a stream is opened beside another");
                    _opening = true;
                    break;
                case PunchEffect.Reverse reverse:
                    Require.That(!_reversed, "two reversals");
                    Require.That(
                        reverse.Addresses.Count > 0 && reverse.Addresses.Count <= Options.MaxCandidates,
                        "a reversal to nobody, or to too many");
                    _reversed = _reversing = true;
                    break;
                case PunchEffect.CancelReversal:
                    Require.That(_reversing, "a reversal is cancelled that does not run");
                    _reversing = false;
                    break;
                default: base.OnOwn(effect); break;
            }
        }

        protected override void Finish(ref TimeSpan now, ref FuzzDigest digest)
        {
            // What the node answers in any case.
            for (var i = 0; i <= Options.MaxRounds && _opening; i++)
            {
                _opening = false;
                Take(_initiator.OnStreamFailed(false, "why", now), ref digest);
                RunOut(ref now, ref digest);
            }

            RunOut(ref now, ref digest);
            if (_opening)
            {
                _opening = false;
                Take(_initiator.OnStreamFailed(false, "why", now), ref digest);
            }

            base.Finish(ref now, ref digest);
            Require.That(!Ended || !_reversing, "a reversal outlives its attempt");
        }
    }
}
