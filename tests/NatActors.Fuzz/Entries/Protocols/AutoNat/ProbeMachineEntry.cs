using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;

namespace NatActors.Fuzz.Entries.Protocols.AutoNat;

/// <summary>One question to one server that lies, wants data, stays silent: it ends exactly once, and only a nonce that proves something
/// counts.</summary>
public sealed class ProbeMachineEntry : MachineEntry
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    /// <inheritdoc />
    public override string Name => "protocols.autonat.probe";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } = ["opened", "bytes", "data request", "response", "dial-back",
        "stream ended", "deadline"];

    /// <inheritdoc />
    public override int MaxLength => 400;

    /// <inheritdoc />
    public override int Cost => 20;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0).On(2, 0, 0, 0, 156, 64).On(4, 0, 0, 12, 6).On(3, 200, 0, 200).ToArray(),
        new EventScript().On(0).On(3, 200, 0, 200).After(EventClock.Seconds(1), 4, 0, 0, 12, 6).ToArray(),
        new EventScript().On(0).On(4, 0, 0, 12, 2).On(3, 200, 0, 100).ToArray(),
        new EventScript().On(0).On(2, 0, 0, 1, 134, 160).On(2, 0, 0, 0, 0, 1).ToArray(),
        new EventScript().On(0).After(EventClock.Seconds(21), 5).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new ProbeRun(random, now);

    private sealed class ProbeRun(RandomSource random, TimeSpan start) : TimedRun
    {
        private readonly ProbeMachine _machine = new(
            new ProbeQuestion([Samples.Addresses[0], Samples.Addresses[2]], ProbeMachine.NewNonce(random)), Timeout, start);

        private bool _proven;
        private long _data;
        private bool _ended;

        protected override TimeSpan? NextDeadline => _machine.NextDeadline;

        protected override void Deadline(TimeSpan now, ref FuzzDigest digest) => Take(_machine.OnDeadline(now), ref digest);

        protected override void Event(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            switch (kind)
            {
                case 0 when !_ended: Take(_machine.OnOpened(), ref digest); break;
                case 1: Take(_machine.OnMessage(AutoNatV2Codec.Decode(arguments.Rest), now), ref digest); break;
                case 2:
                    var wanted = new AutoNatV2Message.DialDataRequest(arguments.Byte(), arguments.Byte() > 250 ? arguments.UInt64()
                        : arguments.UInt32());
                    Take(_machine.OnMessage(new AutoNatV2Decoded(wanted, AutoNatMessageFault.None), now), ref digest);
                    break;
                case 3:
                    var said = new AutoNatV2Message.DialResponse((AutoNatV2Status)arguments.Byte(), arguments.Byte(),
                        (AutoNatV2DialStatus)arguments.Byte());
                    Take(_machine.OnMessage(new AutoNatV2Decoded(said, AutoNatMessageFault.None), now), ref digest);
                    break;
                case 4: DialBack(ref arguments, ref digest); break;
                case 5: Take(_machine.OnStreamEnded("why"), ref digest); break;
                default: Take(_machine.OnDeadline(now), ref digest); break;
            }
        }

        protected override void Check(TimeSpan now)
        {
            Require.That(_ended == _machine.NextDeadline is null, "an end is not told, or told and is none");
            Require.That(
                _machine.NextDeadline is not { } deadline || deadline <= start + Timeout + ProbeMachine.NonceGrace,
                "a server prolongs a question");
        }

        protected override void Finish(ref TimeSpan now, ref FuzzDigest digest) =>
            Require.That(RunOut(ref now, ref digest) && _ended, "a question does not end");

        private void DialBack(ref EventArguments arguments, ref FuzzDigest digest)
        {
            var dialBack = new ProbeDialBack
            {
                Local = Samples.Address(ref arguments),
                Remote = Samples.Address(ref arguments),
                CameByListener = (arguments.Byte() & 4) != 0,
                IsNew = (arguments.Byte() & 2) != 0,
                Relayed = arguments.Flag(),
                FromDialedPort = arguments.Flag(),
                FromStranger = arguments.Flag(),
            };
            _proven |= !_ended && dialBack.WhyNoProof(Samples.Addresses[0]) is null;
            Require.That(
                !_proven || !dialBack.Relayed || dialBack.WhyNoProof(Samples.Addresses[0]) is not null,
                "a dial-back over a relay proves something");
            Take(_machine.OnDialBack(dialBack), ref digest);
        }

        private void Take(IReadOnlyList<ProbeEffect> effects, ref FuzzDigest digest)
        {
            foreach (var effect in effects)
            {
                Require.That(!_ended, "something follows the end");
                switch (effect)
                {
                    case ProbeEffect.SendDialData data:
                        _data += data.Bytes;
                        Require.That(
                            data.Bytes >= 0 && _data <= ProbeMachine.MaxDialData,
                            "a server makes us send more data than the spec allows");
                        break;
                    case ProbeEffect.Ended ended:
                        _ended = true;
                        var reached =
                            ended.Result.Outcome is WitnessOutcome.Reached or WitnessOutcome.ReachedByStranger or WitnessOutcome.ReachedByContactOnly;
                        Require.That(
                            reached == _proven || (_proven && ended.Result.Outcome == WitnessOutcome.NoEvidence),
                            "a nonce that came in is forgotten, or one that did not counts");
                        Require.That(
                            !_proven || ended.Result.Outcome != WitnessOutcome.NotReached,
                            "a server's word is believed against the proof");
                        digest.Add((int)ended.Result.Outcome);
                        digest.Add(ended.Result.Detail);
                        break;
                }
            }
        }
    }
}
