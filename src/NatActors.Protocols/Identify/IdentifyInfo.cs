using NatActors.Multiformats;
using NatActors.Protocols.Records;

namespace NatActors.Protocols.Identify;

/// <summary>What is known of a connected peer from what it said, all of it checked as far as it can be.</summary>
public sealed record IdentifyInfo
{
    /// <summary>The peer.</summary>
    public required PeerId Peer { get; init; }

    /// <summary>The family of protocols; empty when not said.</summary>
    public string ProtocolVersion { get; init; } = "";

    /// <summary>The program; empty when not said.</summary>
    public string AgentVersion { get; init; } = "";

    /// <summary>Where it listens, without its peer id, filtered by its place.</summary>
    public IReadOnlyList<Multiaddr> ListenAddresses { get; init; } = [];

    /// <summary>What it speaks.</summary>
    public IReadOnlyList<string> Protocols { get; init; } = [];

    /// <summary>Where it sees this node; null when it did not say, and over a relay.</summary>
    public Multiaddr? ObservedAddress { get; init; }

    /// <summary>The sequence number of the latest signed record; null when there was none.</summary>
    public ulong? RecordSequence { get; init; }

    /// <summary>True when <see cref="ListenAddresses"/> come from a signed record.</summary>
    public bool AddressesSigned { get; init; }
}

/// <summary>What is certain about the connection over which a peer speaks.</summary>
/// <param name="Peer">The proven peer.</param>
/// <param name="Key">Its key.</param>
/// <param name="RemoteAddress">Its end; for a relayed connection <c>…/p2p/RELAY/p2p-circuit</c>.</param>
/// <param name="Relayed">True when it runs over a relay.</param>
public sealed record IdentifyConnection(PeerId Peer, PublicKey Key, Multiaddr RemoteAddress, bool Relayed)
{
    /// <summary>Signatures known to be good: a peer says the same record over each of its connections. Null to check each time.</summary>
    public VerifiedSignatures? Verified { get; init; }
}

/// <summary>What became of a signed peer record.</summary>
public enum RecordVerdict
{
    /// <summary>None was sent.</summary>
    Absent,

    /// <summary>Good: its addresses are taken, and the unsigned ones beside it are not looked at.</summary>
    Accepted,

    /// <summary>Older than one taken before: the addresses stay as they are.</summary>
    Stale,

    /// <summary>Not whole, badly signed, or another peer's: left aside, the unsigned addresses count.</summary>
    Invalid,
}

/// <summary>What an update came to: <see cref="Info"/>, or a <see cref="Failure"/>.</summary>
public sealed record IdentifyOutcome(IdentifyInfo? Info, IdentifyFailure Failure, RecordVerdict Record);

/// <summary>Takes what a peer said into what is known of it (libp2p/specs identify; RFC 0003 for the record).</summary>
public static class IdentifyMerge
{
    /// <summary>A full answer: what it does not say is not so. Only the sequence number of the latest record is kept.</summary>
    public static IdentifyOutcome Answer(IdentifyInfo? known, IdentifyUpdate update, IdentifyConnection connection) =>
        Apply(
            new IdentifyInfo { Peer = connection.Peer, RecordSequence = known?.RecordSequence },
            known?.ListenAddresses ?? [],
            update,
            connection);

    /// <summary>A push: what it does not say is unchanged.</summary>
    public static IdentifyOutcome Push(IdentifyInfo? known, IdentifyUpdate update, IdentifyConnection connection)
    {
        var start = known ?? new IdentifyInfo { Peer = connection.Peer };
        return Apply(start, start.ListenAddresses, update, connection);
    }

    private static IdentifyOutcome Apply(
        IdentifyInfo start, IReadOnlyList<Multiaddr> knownAddresses, IdentifyUpdate update, IdentifyConnection connection)
    {
        if (update.PublicKey is { IsEmpty: false } key && !IsKey(key.Span, connection.Key))
        {
            return new IdentifyOutcome(null, IdentifyFailure.WrongKey, RecordVerdict.Absent);
        }

        var info = start with
        {
            ProtocolVersion = update.ProtocolVersion ?? start.ProtocolVersion,
            AgentVersion = update.AgentVersion ?? start.AgentVersion,
            Protocols = update.Protocols ?? start.Protocols,
            ObservedAddress = Observed(update, connection) ?? start.ObservedAddress,
        };
        var verdict = Open(start, update, connection, out var record);
        info = verdict switch
        {
            RecordVerdict.Accepted => info with
            {
                ListenAddresses = Filter(record!.Addresses, connection),
                RecordSequence = record.Sequence,
                AddressesSigned = true,
            },
            RecordVerdict.Stale => info with { ListenAddresses = knownAddresses, AddressesSigned = true },
            _ when update.ListenAddresses is { } addresses => info with
            {
                ListenAddresses = Filter(addresses, connection),
                AddressesSigned = false,
            },
            _ => info,
        };
        return new IdentifyOutcome(info, IdentifyFailure.None, verdict);
    }

    private static RecordVerdict Open(IdentifyInfo start, IdentifyUpdate update, IdentifyConnection connection, out PeerRecord? record)
    {
        record = null;
        if (update.SignedPeerRecord is not { IsEmpty: false } bytes)
        {
            return RecordVerdict.Absent;
        }

        // RFC 0003: the record's peer is its signer (checked on opening), and here the one at the other end of the connection.
        if (!PeerRecord.TryOpen(bytes.Span, connection.Verified, out record, out _) || record.Peer != connection.Peer)
        {
            record = null;
            return RecordVerdict.Invalid;
        }

        // The same record comes again over each connection, so an equal number is no older one.
        return record.Sequence < start.RecordSequence ? RecordVerdict.Stale : RecordVerdict.Accepted;
    }

    private static bool IsKey(ReadOnlySpan<byte> bytes, PublicKey key) =>
        PublicKey.TryFromProtobuf(bytes, out var said, out _) && said.Equals(key);

    private static Multiaddr? Observed(IdentifyUpdate update, IdentifyConnection connection) =>
        connection.Relayed || update.ObservedAddress is not { IsRelayed: false } observed ? null : observed;

    private static Multiaddr[] Filter(IEnumerable<Multiaddr> addresses, IdentifyConnection connection) =>
    [
        .. IdentifyScope.Filter(addresses.Select(a => a.WithoutPeerId()), IdentifyScope.Of(connection.RemoteAddress))
            .Distinct()
            .Take(IdentifyProtocol.MaxAddresses),
    ];
}
