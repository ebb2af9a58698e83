using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.Relay;

namespace NatActors.Fuzz.Entries.Protocols.Relay;

/// <summary>
/// Relays chosen among candidates that come, go, refuse and lie: few are remembered and held, each is asked for and measured once at a
/// time, and one
/// that the owner wants kept is never given back.
/// </summary>
public sealed class RelaySelectionEntry : MachineEntry
{
    private static readonly RelaySelectionOptions Options = new() { MaxCandidates = 5 };

    /// <inheritdoc />
    public override string Name => "protocols.relay.selection";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } =
        ["start", "verdict", "candidate", "suggested", "named", "no relay", "disconnected", "measured", "held", "lost", "failed",
            "network changed", "use", "deadline"];

    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 16 * 1024, AllocatedConstant: 256 * 1024, StepsPerByte: 16_384, StepsConstant: 512 * 1024);

    /// <inheritdoc />
    public override int Cost => 200;

    /// <inheritdoc />
    public override int MaxLength => 300;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0).On(1, 1).On(2, 1, 0).On(2, 2, 3).On(7, 1, 20).On(7, 2, 50).On(8, 1).On(8, 2).On(9, 1)
            .After(EventClock.Minutes(6), 13).On(1, 2).ToArray(),
        new EventScript().On(0).On(4, 1, 0).On(8, 1).On(2, 2, 3).On(1, 1).On(7, 2, 1).On(8, 2).On(2, 3, 4).On(7, 3, 1)
            .After(EventClock.Minutes(40), 13).On(7, 3, 0).On(8, 3).ToArray(),
        new EventScript().On(0).On(3, 1, 0).After(EventClock.Seconds(7), 10, 1, 0).After(EventClock.Seconds(2), 13).On(10, 1, 1).On(11)
            .On(5, 1).On(12, 1, 5).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new SelectionRun(new RelaySelection(Options, random));

    private sealed class SelectionRun(RelaySelection machine) : TimedRun
    {
        private readonly HashSet<PeerId> _kept = [];
        private readonly HashSet<PeerId> _held = [];
        private readonly HashSet<PeerId> _measuring = [];
        private readonly HashSet<PeerId> _owners = [];
        private readonly HashSet<PeerId> _named = [];
        private Reachability _verdict;

        protected override TimeSpan? NextDeadline => machine.NextDeadline;

        protected override void Deadline(TimeSpan now, ref FuzzDigest digest) => Take(machine.OnDeadline(now), ref digest);

        protected override void Event(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            var peer = Samples.Peer(ref arguments);
            switch (kind)
            {
                case 0: Take(machine.Start(now), ref digest); break;
                case 1:
                    _verdict = (Reachability)arguments.Below(3);
                    Take(machine.OnVerdict(_verdict, now), ref digest);
                    break;
                case 2: Take(machine.OnCandidate(Candidate(peer, ref arguments), now), ref digest); break;
                case 3:
                    _owners.Add(peer);
                    Take(machine.OnSuggested(Candidate(peer, ref arguments), now), ref digest);
                    break;
                case 4:
                    _owners.Add(peer);
                    _named.Add(peer);
                    _kept.Remove(peer);
                    Take(machine.OnNamed(Candidate(peer, ref arguments), now), ref digest);
                    break;
                case 5: Take(machine.OnNoRelay(peer, now), ref digest); break;
                case 6: Take(machine.OnDisconnected(peer, now), ref digest); break;
                case 7:
                    var roundTrip = arguments.Duration();
                    _measuring.Remove(peer);
                    Take(machine.OnMeasured(peer, roundTrip == TimeSpan.Zero ? null : roundTrip, now), ref digest);
                    break;
                case 8 when _kept.Contains(peer) || _named.Contains(peer):
                    _held.Add(peer);
                    Take(machine.OnHeld(peer, arguments.Flag() ? RelayLimits.None
                        : new RelayLimits(TimeSpan.FromSeconds(arguments.Byte()), arguments.UInt16()), now), ref digest);
                    break;
                case 9 or 10 when _kept.Contains(peer) || _named.Contains(peer):
                    _held.Remove(peer);
                    Take(kind == 9 ? machine.OnLost(peer, "why", now)
                        : machine.OnFailed(peer, (RelayFailure)arguments.Below(3), "why", now), ref digest);
                    break;
                case 11: Take(machine.OnNetworkChanged(now), ref digest); break;
                case 12: machine.OnUse(peer, new RelayUse(arguments.Byte(), arguments.Byte() / 255.0)); break;
                case 13: Take(machine.OnDeadline(now), ref digest); break;
            }
        }

        protected override void Check(TimeSpan now)
        {
            Require.That(_kept.Count <= Options.Relays + 1 + _named.Count, "more relays are held than wanted");
            var described = machine.Describe(now);
            Require.That(
                described.Count <= Options.MaxCandidates + _owners.Count + _kept.Count + 1,
                "more candidates are remembered than allowed");
            Require.That(_verdict != Reachability.Public || _kept.Count == 0, "a node that can be dialed keeps relays");
        }

        private static RelayCandidate Candidate(PeerId peer, ref EventArguments arguments) => new(peer, [Samples.Address(ref arguments)]);

        private void Take(IReadOnlyList<RelaySelectionEffect> effects, ref FuzzDigest digest)
        {
            foreach (var effect in effects)
            {
                switch (effect)
                {
                    case RelaySelectionEffect.Measure measure:
                        // One that was forgotten and came again is measured anew; whoever measures takes the two as one.
                        _measuring.Add(measure.Relay);
                        break;
                    case RelaySelectionEffect.Reserve reserve:
                        Require.That(
                            !_named.Contains(reserve.Relay) && _kept.Add(reserve.Relay),
                            "a relay is asked for that is kept already");
                        break;
                    case RelaySelectionEffect.GiveBack back:
                        Require.That(!_named.Contains(back.Relay), "a relay that the owner wants kept is given back");
                        Require.That(_kept.Remove(back.Relay), "a relay is given back that is not kept");
                        _held.Remove(back.Relay);
                        break;
                }

                digest.Add(_kept.Count);
            }
        }
    }
}
