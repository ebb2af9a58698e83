using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.Addresses;

namespace NatActors.Fuzz.Entries.Protocols.Addresses;

/// <summary>
/// What peers say to see, taken into the own addresses: observations are bounded, count once a network and only as long as their
/// connection, and
/// changes are told. What is seen goes on to the ledger of own addresses.
/// </summary>
public sealed class ObservedEntry : MachineEntry
{
    private static readonly ObservedRules Rules = new() { MaxObservations = 8, ActivationObservers = 2 };
    private static readonly AddressLedgerRules LedgerRules = new() { MaxCandidates = 5, MaxMappings = 3, MaxKept = 2 };
    private static readonly string[] Protocols = ["pcp", "upnp-igd1"];

    private static readonly Multiaddr[] Listening =
        [.. new[] { "/ip4/0.0.0.0/tcp/4001", "/ip4/192.168.1.2/tcp/4001", "/ip6/::/tcp/4001", "/ip4/0.0.0.0/udp/4001/quic-v1",
            "/ip4/11.0.0.1/tcp/4001" }.Select(Multiaddr.Parse)];

    /// <inheritdoc />
    public override string Name => "protocols.addresses.observed";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } = ["listening", "observed", "ended", "mapped", "mapping lost",
        "network changed"];

    // Each event ranks all observations twice, to tell what changed.
    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 16 * 1024, AllocatedConstant: 256 * 1024, StepsPerByte: 16 * 1024, StepsConstant: 256 * 1024);

    /// <inheritdoc />
    public override int Cost => 200;

    /// <inheritdoc />
    public override int MaxLength => 300;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 2, 0, 3).On(1, 1, 6, 1, 0, 1).On(1, 2, 6, 3, 0, 1).On(2, 1).On(3, 0, 1, 2).ToArray(),
        new EventScript().On(0, 1, 1).On(1, 1, 6, 1, 1, 1).On(1, 2, 6, 3, 2, 1).On(1, 3, 6, 4, 3, 3).On(0, 0).On(5).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new ObservedRun();

    private sealed class ObservedRun : IMachineRun
    {
        private readonly ObservedAddresses _observed = new(Rules);
        private readonly AddressLedger _ledger = new(LedgerRules);
        private readonly HashSet<long> _connections = [];

        public void On(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            var (activated, punch) = (_observed.Activated, _observed.ForHolePunch());
            ObservationOutcome? outcome = kind switch
            {
                0 => Listen(ref arguments),
                1 => Observe(ref arguments),
                2 => End(arguments.Byte()),
                _ => null,
            };
            switch (kind)
            {
                case 3: _ledger.OnMapped(arguments.Pick(Protocols), Samples.Address(ref arguments), Samples.Address(ref arguments)); break;
                case 4: _ledger.OnMappingLost(arguments.Pick(Protocols), Samples.Address(ref arguments)); break;
                case 5: _ledger.OnNetworkChanged(); break;
            }

            if (outcome is { } told)
            {
                Require.That(
                    told.ActivatedChanged == !activated.SequenceEqual(_observed.Activated),
                    "a change of the own addresses is not told, or told and is none");
                Require.That(
                    told.PunchChanged == !punch.SequenceEqual(_observed.ForHolePunch()),
                    "a change of the addresses to punch from is not told, or told and is none");
                digest.Add((int)told.Refusal);
            }

            Hold();
        }

        public void End(TimeSpan now, ref FuzzDigest digest)
        {
            foreach (var connection in _connections)
            {
                _observed.OnConnectionEnded(connection);
            }

            Require.That(
                _observed.Count == 0 && _observed.Seen.Count == 0 && _observed.Activated.Count == 0,
                "an address is seen by nobody");
        }

        private ObservationOutcome Listen(ref EventArguments arguments)
        {
            var count = arguments.Below(4);
            var listening = new List<Multiaddr>();
            for (var i = 0; i < count; i++)
            {
                listening.Add(arguments.Pick(Listening));
            }

            _ledger.OnListening(listening);
            return _observed.OnListening(listening);
        }

        private ObservationOutcome Observe(ref EventArguments arguments)
        {
            var id = arguments.Byte() % 16;
            _connections.Add(id);
            var (local, remote, seen) = (Samples.Address(ref arguments), Samples.Address(ref arguments), Samples.Address(ref arguments));
            var flags = arguments.Byte();
            return _observed.OnObserved(new Observation(id, local, remote, seen, Relayed: (flags & 2) != 0, PortReused: (flags & 1) != 0));
        }

        private ObservationOutcome End(byte connection)
        {
            _connections.Remove(connection % 16);
            return _observed.OnConnectionEnded(connection % 16);
        }

        private void Hold()
        {
            Require.That(_observed.Count <= Rules.MaxObservations, "more observations are remembered than allowed");
            Require.That(_observed.Witnesses.All(w => _connections.Contains(w.ConnectionId)), "a witness outlives its connection");
            Require.That(_observed.ForHolePunch().All(AddressScope.IsPublic), "an address of limited reach is punched from");
            foreach (var seen in _observed.Seen)
            {
                Require.That(
                    seen.Observers > 0 && !seen.Address.IsRelayed && AddressScope.KindOf(seen.Address) is not AddressKind.Loopback,
                    "an address of no use is seen, or by nobody");
                Require.That(
                    seen.Active == _observed.Activated.Contains(seen.Address),
                    "an address is active and not told, or the reverse");
            }

            var choice = _ledger.Choose(_observed.Seen);
            Require.That(
                choice.Candidates.Count <= LedgerRules.MaxCandidates && _ledger.Mapped.Count <= LedgerRules.MaxMappings,
                "more candidates or mappings than allowed");
            Require.That(choice.Candidates.All(AddressScope.IsPublic), "an address of limited reach is offered to strangers");
        }
    }
}
