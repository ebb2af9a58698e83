using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.Relay;

namespace NatActors.Fuzz.Entries.Protocols.Relay;

/// <summary>
/// A reservation kept at a relay that answers anything at any time, with any end and any addresses. One exchange at a time, each ended or
/// cancelled; what was held is lost before it is held anew; and no relay makes this node ask it in a busy loop.
/// </summary>
public sealed class ReservationMachineEntry : MachineEntry
{
    private static readonly ReservationOptions Options = new();
    private static readonly DateTimeOffset Epoch = DateTimeOffset.FromUnixTimeSeconds(1_900_000_000);

    /// <inheritdoc />
    public override string Name => "protocols.relay.reservation";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } =
        ["start", "connected", "connect failed", "granted", "answer", "exchange failed", "disconnected", "deadline"];

    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 1024, AllocatedConstant: 128 * 1024, StepsPerByte: 4096, StepsConstant: 128 * 1024);

    /// <inheritdoc />
    public override int MaxLength => 300;

    /// <inheritdoc />
    public override int Cost => 60;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0).On(1, 0).On(3, 180, 1, 0).After(EventClock.Minutes(50), 3, 190, 0)
            .After(EventClock.Minutes(40), 6).ToArray(),
        new EventScript().On(0).On(2).After(EventClock.Seconds(1), 1, 0)
            .On(4, RelayCodec.Encode(new HopMessage.Status(RelayStatus.ReservationRefused, null, RelayLimits.None))).ToArray(),
        new EventScript().On(0).On(1, 0).On(3, 129, 0).After(EventClock.Milliseconds(60), 3, 129, 0)
            .After(EventClock.Seconds(1), 3, 129, 0).ToArray(),
        new EventScript().On(0).On(1, 0).On(5, 2).After(EventClock.Minutes(9), 1, 3).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new ReservationRun(random, now);

    private sealed class ReservationRun : TimedRun
    {
        private readonly ReservationMachine _machine;
        private readonly TimeSpan _start;
        private bool _connecting;
        private bool _exchanging;
        private bool _held;
        private TimeSpan _askedAt = TimeSpan.MinValue;

        public ReservationRun(RandomSource random, TimeSpan now)
        {
            _machine = new ReservationMachine(Samples.Addresses[37].WithPeerId(Samples.Peers[0]), Samples.Peers[1], Options, random);
            _start = now;
        }

        protected override TimeSpan? NextDeadline => _machine.NextDeadline;

        protected override void Deadline(TimeSpan now, ref FuzzDigest digest) => Take(_machine.OnDeadline(now), now, ref digest);

        protected override void Event(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            switch (kind)
            {
                case 0: Take(_machine.Start(), now, ref digest); break;
                case 1:
                    _connecting = false;
                    Take(_machine.OnConnected(Samples.Address(ref arguments), now), now, ref digest);
                    break;
                case 2:
                    _connecting = false;
                    Take(_machine.OnConnectFailed("why", now), now, ref digest);
                    break;
                case 3:
                    // A whole second, as on the wire: a little later, in the past, or far away.
                    var ends =
                        DateTimeOffset.FromUnixTimeSeconds((Wall(now) + arguments.Duration()).ToUnixTimeSeconds() + arguments.Below(2));
                    var granted = new RelayReservation(ends, Samples.AddressList(ref arguments, 5), null);
                    Answer(new HopDecoded(new HopMessage.Status(RelayStatus.Ok, granted, RelayLimits.None), RelayMessageFault.None), now,
                        ref digest);
                    break;
                case 4: Answer(RelayCodec.DecodeHop(arguments.Rest), now, ref digest); break;
                case 5:
                    _exchanging = false;
                    Take(_machine.OnExchangeFailed("why", now, (RelayFailure)arguments.Below(3)), now, ref digest);
                    break;
                case 6: Take(_machine.OnDisconnected("gone", now), now, ref digest); break;
                default: Take(_machine.OnDeadline(now), now, ref digest); break;
            }
        }

        protected override void Check(TimeSpan now)
        {
            Require.That(_machine.IsHeld == _held, "what is held is not what was told");
            Require.That(
                _exchanging == _machine.State is ReservationState.Reserving or ReservationState.Refreshing,
                "an exchange runs that nobody waits for");
            Require.That(
                _machine.State is ReservationState.Idle or ReservationState.Connecting || _machine.NextDeadline is not null,
                "nothing wakes it any more");
        }

        private DateTimeOffset Wall(TimeSpan now) => Epoch + (now - _start);

        private void Answer(HopDecoded answer, TimeSpan now, ref FuzzDigest digest)
        {
            var awaited = _exchanging;
            _exchanging = false;
            var effects = _machine.OnAnswer(answer, now, Wall(now));
            Require.That(awaited || effects.Count == 0, "an answer that nobody asked for is taken");
            Take(effects, now, ref digest);
        }

        private void Take(IReadOnlyList<ReservationEffect> effects, TimeSpan now, ref FuzzDigest digest)
        {
            foreach (var effect in effects)
            {
                switch (effect)
                {
                    case ReservationEffect.Connect:
                        Require.That(!_connecting, "two connects at a time");
                        _connecting = true;
                        break;
                    case ReservationEffect.Exchange:
                        Require.That(!_exchanging, "two exchanges at a time");
                        Require.That(!_held || now - _askedAt >= Options.FirstRetry, "the relay makes a busy loop of refreshes");
                        (_exchanging, _askedAt) = (true, now);
                        break;
                    case ReservationEffect.CancelExchange:
                        Require.That(_exchanging, "an exchange is cancelled that does not run");
                        _exchanging = false;
                        break;
                    case ReservationEffect.Held held:
                        Require.That(held.Refreshed == _held, "held anew without having been lost");
                        Require.That(
                            held.Addresses.Count is > 0 and <= RelayCodec.MaxAddresses,
                            "a reservation without an address, or with too many");
                        Require.That(
                            held.Expires > Wall(now) && held.Expires <= Wall(now) + Options.MaxLifetime,
                            "it is held for no time, or for too long");
                        _held = true;
                        digest.Add(held.Addresses.Count);
                        break;
                    case ReservationEffect.Lost:
                        Require.That(_held, "lost without having been held");
                        _held = false;
                        break;
                    case ReservationEffect.Failed failed:
                        Require.That(!_held, "a try failed while a slot is held");
                        Require.That(
                            failed.RetryIn >= Options.FirstRetry && failed.RetryIn <= Options.MaxRetryAfterRefusal * 2,
                            "the wait is out of bounds");
                        digest.Add(failed.RetryIn);
                        break;
                }
            }
        }
    }
}
