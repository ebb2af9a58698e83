using System.Net;
using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.Relay;

namespace NatActors.Fuzz.Entries.Protocols.Relay;

/// <summary>
/// A relay with few places: its limits hold whatever clients do, a circuit is counted once, and the end of every reservation that was
/// granted is
/// told, so that its connection is not protected for ever.
/// </summary>
public sealed class RelayServerRulesEntry : MachineEntry
{
    private static readonly RelayProfile Profile = new()
    {
        MaxReservations = 4, MaxReservationsPerAddress = 2, MaxCircuits = 5, MaxCircuitsPerPeer = 2,
            ReservationTtl = TimeSpan.FromMinutes(1),
    };

    /// <inheritdoc />
    public override string Name => "protocols.relay.server";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } = ["reserve", "connect", "circuit ended", "connection closed", "deadline"];

    /// <inheritdoc />
    public override FuzzBounds Bounds => FuzzBounds.Machine with { StepsPerByte = 1024 };

    /// <inheritdoc />
    public override int MaxLength => 600;

    /// <inheritdoc />
    public override int Cost => 30;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 1, 1, 0).On(0, 2, 2, 1).On(1, 3, 3, 0, 0, 1).On(2, 0).After(EventClock.Minutes(2), 0, 3, 4, 3).ToArray(),
        new EventScript().On(0, 1, 1, 0).On(0, 1, 2, 0).On(3, 1, 1).On(3, 1, 2, 1, 9).After(EventClock.Minutes(1), 4).ToArray(),
        new EventScript().On(0, 1, 1, 0).On(0, 2, 2, 0).On(0, 3, 3, 0).On(1, 4, 4, 0, 0, 1).On(1, 4, 4, 0, 0, 2)
            .On(1, 4, 4, 0, 0, 1).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new ServerRun();

    private sealed class ServerRun : TimedRun
    {
        private readonly RelayServerRules _rules = new(Profile, OpenRelayAcl.Instance);

        // As the relay's actor knows them: the connections that are protected for a reservation, and whose.
        private readonly Dictionary<long, (PeerId Peer, IPAddress? Ip)> _protected = [];
        private readonly List<(long Id, PeerId Source, PeerId Destination)> _circuits = [];

        protected override TimeSpan? NextDeadline => _rules.NextDeadline;

        protected override void Deadline(TimeSpan now, ref FuzzDigest digest) => Ended(_rules.OnDeadline(now));

        protected override void Event(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            switch (kind)
            {
                case 0: Reserve(Guest(ref arguments), now, ref digest); break;
                case 1: Connect(Guest(ref arguments), Samples.Peer(ref arguments), now, ref digest); break;
                case 2 when _circuits.Count > 0:
                    var ended = arguments.Pick(_circuits);
                    _circuits.Remove(ended);
                    _rules.OnCircuitEnded(ended.Id);
                    _rules.OnCircuitEnded(ended.Id);
                    break;
                case 3: Close(Samples.Peer(ref arguments), arguments.Byte(), arguments.Flag() ? arguments.Byte() : null); break;
                default: Ended(_rules.OnDeadline(now)); break;
            }
        }

        protected override void Check(TimeSpan now)
        {
            Require.That(_rules.Reservations <= Profile.MaxReservations, "more reservations are held than allowed");
            Require.That(
                _rules.Circuits == _circuits.Count && _circuits.Count <= Profile.MaxCircuits,
                "more circuits are open than allowed, or another number");
            Require.That(_protected.Count == _rules.Reservations, "a reservation ended and nobody was told");
            foreach (var (connection, (peer, _)) in _protected)
            {
                Require.That(_rules.IsHeldBy(peer, connection), "a reservation ended, or moved, and nobody was told");
            }
        }

        protected override void Finish(ref TimeSpan now, ref FuzzDigest digest)
        {
            Require.That(RunOut(ref now, ref digest), "reservations do not run out");
            Require.That(_rules.Reservations == 0, "a reservation outlives its time");
        }

        private static RelayGuest Guest(ref EventArguments arguments)
        {
            var (peer, connection, host) = (Samples.Peer(ref arguments), arguments.Byte(), Samples.Host(ref arguments));
            var ip = host.Equals(IPAddress.Any) ? null : host;
            return new RelayGuest(peer, Connection(peer, connection), Samples.Addresses[0], ip, arguments.Byte() > 200);
        }

        /// <summary>A connection has one peer.</summary>
        private static long Connection(PeerId peer, byte number)
        {
            var index = 0;
            while (Samples.Peers[index] != peer)
            {
                index++;
            }

            return (index * 256L) + number;
        }

        private void Reserve(RelayGuest guest, TimeSpan now, ref FuzzDigest digest)
        {
            var decision = _rules.OnReserve(guest, now);
            digest.Add((int)decision.Status);
            Ended(decision.Ended);
            if (decision.Status != RelayStatus.Ok)
            {
                return;
            }

            Require.That(
                !guest.Relayed && decision.Expires == now + Profile.ReservationTtl,
                "a reservation is granted over a relay, or for another time");
            _protected[guest.Connection] = (guest.Peer, guest.Ip);
            var ofAddress = _protected.Values.Count(held => Equals(held.Ip, guest.Ip));
            Require.That(ofAddress <= Profile.MaxReservationsPerAddress, "an address holds more reservations than allowed");
        }

        private void Connect(RelayGuest source, PeerId destination, TimeSpan now, ref FuzzDigest digest)
        {
            var decision = _rules.OnConnect(source, destination, now);
            digest.Add((int)decision.Status);
            if (decision.Status != RelayStatus.Ok)
            {
                return;
            }

            Require.That(_rules.IsHeldBy(destination, decision.DestinationConnection), "a circuit leads to a peer without a reservation");
            Require.That(!source.Relayed && source.Peer != destination, "a circuit is granted over a relay, or to oneself");
            _circuits.Add((decision.Circuit, source.Peer, destination));
            Require.That(
                _circuits.Count(c => c.Source == source.Peer) <= Profile.MaxCircuitsPerPeer,
                "a source has more circuits than allowed");
            Require.That(
                _circuits.Count(c => c.Destination == destination) <= Profile.MaxCircuitsPerPeer,
                "a destination has more circuits than allowed");
        }

        private void Close(PeerId peer, byte number, byte? survivor)
        {
            var connection = Connection(peer, number);
            long? other = survivor is { } left && left != number ? Connection(peer, left) : null;
            var wasHeld = _rules.IsHeldBy(peer, connection);
            var ended = _rules.OnConnectionClosed(peer, connection, other);
            Require.That(ended == (wasHeld && other is null), "a reservation does not end with its connection");
            if (wasHeld && _protected.Remove(connection, out var held) && other is { } moved)
            {
                _protected[moved] = held;
            }
        }

        private void Ended(IReadOnlyList<long> connections)
        {
            foreach (var connection in connections)
            {
                Require.That(_protected.Remove(connection), "a reservation ends twice");
            }
        }
    }
}
