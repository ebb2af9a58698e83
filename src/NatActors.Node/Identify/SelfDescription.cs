using System.Buffers;
using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.Connections;
using NatActors.Protocols.Identify;
using NatActors.Protocols.Records;

namespace NatActors.Node.Identify;

/// <summary>
/// What this node says about itself, as bytes. The signed record is made once for each place of receivers and each change, not for each
/// receiver.
/// </summary>
internal sealed class SelfDescription(NodeContext node)
{
    private readonly Dictionary<PeerScope, (IReadOnlyList<Multiaddr> Addresses, byte[] Record)> _records = [];
    private IReadOnlyList<string> _protocols = node.Protocols.Protocols;
    private IReadOnlyList<Multiaddr> _announced = [];
    private ulong _lastSequence;

    /// <summary>Counts the changes.</summary>
    public long Version { get; private set; }

    /// <summary>The addresses changed, or not: then nothing happens and the answer is false.</summary>
    public bool Change(AddressSet addresses)
    {
        var announced = addresses.Announced;
        if (announced.SequenceEqual(_announced))
        {
            return false;
        }

        _announced = announced;
        _records.Clear();
        Version++;
        return true;
    }

    /// <summary>Looks at the protocols served; false when they are the same as before.</summary>
    public bool ChangeProtocols()
    {
        var protocols = node.Protocols.Protocols;
        if (protocols.SequenceEqual(_protocols))
        {
            return false;
        }

        _protocols = protocols;
        Version++;
        return true;
    }

    /// <summary>The whole answer for the peer at the other end of a connection.</summary>
    public ReadOnlyMemory<byte> For(ConnectionInfo connection)
    {
        var (addresses, record) = Record(IdentifyScope.Of(connection.RemoteAddress));
        var self = new IdentifySelf(
            node.Key.PublicKey.ToProtobuf(),
            node.Options.AgentVersion,
            addresses,
            _protocols,
            connection.Relayed ? null : connection.RemoteAddress.WithoutPeerId(),
            record);
        var bytes = new ArrayBufferWriter<byte>();
        IdentifyEncoder.Write(self, bytes);
        return bytes.WrittenMemory;
    }

    private (IReadOnlyList<Multiaddr> Addresses, byte[] Record) Record(PeerScope scope)
    {
        if (!_records.TryGetValue(scope, out var made))
        {
            var addresses = IdentifyEncoder.Fit(IdentifyScope.Filter(_announced, scope));
            made = (addresses, new PeerRecord(node.Self, NextSequence(), addresses).Seal(node.Key));
            _records[scope] = made;
        }

        return made;
    }

    // Nanoseconds of the Unix time, as go-libp2p has it; never the same twice, even when the wall clock stands or is set back.
    private ulong NextSequence()
    {
        var ticks = (node.WallClock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks;
        var nanoseconds = ticks <= 0 ? 0 : (ulong)ticks * TimeSpan.NanosecondsPerTick;
        return _lastSequence = Math.Max(nanoseconds, _lastSequence + 1);
    }
}
