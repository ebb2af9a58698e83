using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;

namespace NatActors.Fuzz.Entries.Protocols.AutoNat;

/// <summary>One request of version 2 at the server: nothing is dialed unpaid, and it is answered or reset exactly once.</summary>
public sealed class ServerRequestEntry : MachineEntry
{
    /// <inheritdoc />
    public override string Name => "protocols.autonat.request";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } =
        ["request", "bytes", "chosen", "data", "waited", "own outcome", "partners", "partner outcome", "broken"];

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 3, 0, 1, 2).On(2, 0, 0).On(6, 1).On(5, 3).On(7, 1).ToArray(),
        new EventScript().On(0, 3, 0, 1, 2).On(2, 0, 1).On(3, 0, 200).On(3, 1).On(4).On(5, 1).On(6, 0).ToArray(),
        new EventScript().On(0, 1, 0).On(2, 1).ToArray(),
        new EventScript().On(0, 1, 0).On(8).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new RequestRun(random);

    private sealed class RequestRun(RandomSource random) : IMachineRun
    {
        private const int Owed = 30_000;

        private readonly AutoNatServerRequest _request = new(new AutoNatServerOptions(), random);
        private bool _priced;
        private bool _paid;
        private bool _dialed;
        private bool _owned;
        private int? _partners;
        private int _answered;
        private bool _over;

        public void On(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            switch (kind)
            {
                case 0:
                    Take(_request.OnRequest(new AutoNatV2Decoded(new AutoNatV2Message.DialRequest(Samples.AddressList(ref arguments, 5),
                        9), AutoNatMessageFault.None)), ref digest);
                    break;
                case 1: Take(_request.OnRequest(AutoNatV2Codec.Decode(arguments.Rest)), ref digest); break;
                case 2:
                    var refused = arguments.Flag();
                    _priced = arguments.Flag();
                    Take(_request.OnChosen(refused ? new DialChoice(AutoNatV2Status.DialRefused, 0, null, 0)
                        : new DialChoice(AutoNatV2Status.Ok, 0, Samples.Addresses[0], _priced ? Owed : 0)), ref digest);
                    break;
                case 3:
                    var outcome = arguments.Byte() == 1 ? DialDataOutcome.Paid : (DialDataOutcome)arguments.Below(3);
                    _paid |= outcome == DialDataOutcome.Paid;
                    Take(_request.OnData(outcome), ref digest);
                    break;
                case 4: Take(_request.OnWaited(), ref digest); break;
                case 5 when _dialed:
                    _owned = true;
                    Take(_request.OnOwnOutcome((DialBackOutcome)arguments.Below(4)), ref digest);
                    break;
                case 6 when _dialed:
                    _partners ??= arguments.Below(3);
                    Take(_request.OnPartners(_partners.Value), ref digest);
                    break;
                case 7 when _answered < _partners:
                    _answered++;
                    Take(_request.OnPartnerOutcome((DialBackOutcome)arguments.Below(4)), ref digest);
                    break;
                case 8: Take(_request.OnBroken("why"), ref digest); break;
            }
        }

        public void End(TimeSpan now, ref FuzzDigest digest)
        {
            Take(_request.OnBroken("time"), ref digest);
            Take(_request.OnWaited(), ref digest);
            if (_dialed)
            {
                Take(_owned ? null : _request.OnOwnOutcome(DialBackOutcome.NotTried), ref digest);
                Take(_partners is null ? _request.OnPartners(_answered) : null, ref digest);
                for (; _answered < _partners; _answered++)
                {
                    Take(_request.OnPartnerOutcome(DialBackOutcome.NotTried), ref digest);
                }
            }

            Require.That(_over, "a request is neither answered nor reset");
        }

        private void Take(AutoNatServerEffect? effect, ref FuzzDigest digest)
        {
            if (effect is null)
            {
                return;
            }

            Require.That(!_over, "something follows the end");
            switch (effect)
            {
                case AutoNatServerEffect.Dial dial:
                    Require.That(!_dialed, "a request is dialed for twice");
                    Require.That(!_priced || (_paid && dial.Basis == DialBackBasis.DataPaid), "something is dialed unpaid");
                    _dialed = true;
                    break;
                case AutoNatServerEffect.Wait wait:
                    Require.That(
                        wait.Delay >= TimeSpan.Zero && wait.Delay <= new AutoNatServerOptions().MaxDialDelay,
                        "the wait is out of bounds");
                    break;
                case AutoNatServerEffect.Answer answer:
                    _over = true;
                    Require.That(answer.Message.Status != AutoNatV2Status.Ok || _dialed, "an outcome without a dial");
                    digest.Add((int)answer.Message.DialStatus);
                    break;
                case AutoNatServerEffect.Reset: _over = true; break;
            }

            digest.Add(_over);
        }
    }
}
