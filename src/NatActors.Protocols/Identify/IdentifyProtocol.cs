using NatActors.Multiformats;
using NatActors.Protocols.Connections;

namespace NatActors.Protocols.Identify;

/// <summary>What both sides of identify know. Source: libp2p/specs identify/README.md.</summary>
public static class IdentifyProtocol
{
    /// <summary>The dialer of the stream reads, the other side writes and closes.</summary>
    public const string Id = "/ipfs/id/1.0.0";

    /// <summary>The opener of the stream writes what changed about it.</summary>
    public const string PushId = "/ipfs/id/push/1.0.0";

    /// <summary>What <c>protocolVersion</c> says: the family of protocols, the same in go, rust and js.</summary>
    public const string ProtocolVersion = "ipfs/0.1.0";

    /// <summary>How long an exchange may take (go-libp2p identify: Timeout).</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>Pushes under way at once (go-libp2p identify: maxPushConcurrency).</summary>
    public const int MaxParallelPushes = 32;

    /// <summary>Bytes accepted in one message (go-libp2p identify: signedIDSize).</summary>
    public const int MaxMessageLength = 8 * 1024;

    /// <summary>Messages merged into one answer (go-libp2p identify: maxMessages).</summary>
    public const int MaxMessages = 10;

    /// <summary>
    /// Bytes accepted in one answer, all messages together. Ours: what honest peers send takes two or three messages of 4 KiB.
    /// </summary>
    public const int MaxTotalLength = 32 * 1024;

    /// <summary>Bytes sent in one message: rust-libp2p refuses more.</summary>
    public const int MaxSentMessageLength = 4 * 1024;

    /// <summary>
    /// Bytes of listen addresses sent, so that the list and its signed copy fit in one message beside the protocols. Ours.
    /// </summary>
    public const int MaxSentAddressBytes = 1280;

    /// <summary>Addresses kept of one peer (go-libp2p identify: connectedPeerMaxAddrs).</summary>
    public const int MaxAddresses = 500;

    /// <summary>Protocols kept of one peer (go-libp2p peerstore: maxProtos).</summary>
    public const int MaxProtocols = 1024;

    /// <summary>Characters kept of an agent or protocol version. Ours: it is shown to people.</summary>
    public const int MaxVersionLength = 128;

    /// <summary>Characters a protocol id may have; longer ones are dropped. Ours.</summary>
    public const int MaxProtocolLength = 256;

    /// <summary>All inbound pushes together (go-libp2p identify: rate limiter).</summary>
    public static readonly RateLimit PushRate = new(2000, 3000);

    /// <summary>Inbound pushes of one network: /24 or /56, and /48 (go-libp2p identify: rate limiter).</summary>
    public static readonly IReadOnlyList<PrefixRate> PushRates =
    [
        new PrefixRate(24, 56, new RateLimit(0.2, 10)),
        new PrefixRate(0, 48, new RateLimit(0.5, 20)),
    ];

    /// <summary>A limiter for inbound pushes.</summary>
    public static PrefixRateLimiter CreatePushLimiter(TimeSpan now) => new(PushRate, PushRates, now);
}

/// <summary>Why an identify answer was refused as a whole.</summary>
public enum IdentifyFailure
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>A length prefix is not a minimal varint.</summary>
    BadLength,

    /// <summary>A message is longer than <see cref="IdentifyProtocol.MaxMessageLength"/>.</summary>
    MessageTooLarge,

    /// <summary>More than <see cref="IdentifyProtocol.MaxMessages"/> messages.</summary>
    TooManyMessages,

    /// <summary>More than <see cref="IdentifyProtocol.MaxTotalLength"/> bytes in all.</summary>
    TooLarge,

    /// <summary>A message is not the protobuf it should be.</summary>
    Malformed,

    /// <summary>The stream ended inside a message.</summary>
    Truncated,

    /// <summary>The stream ended without any message.</summary>
    Empty,

    /// <summary>The public key is not the one that the connection was secured with.</summary>
    WrongKey,
}

/// <summary>What one answer or push said. Null means that the field was absent: unchanged, in a push.</summary>
public sealed record IdentifyUpdate
{
    /// <summary>The family of protocols.</summary>
    public string? ProtocolVersion { get; init; }

    /// <summary>The program, cleaned for display.</summary>
    public string? AgentVersion { get; init; }

    /// <summary>Where the peer says it listens, without its peer id. Those that did not decode are left out.</summary>
    public IReadOnlyList<Multiaddr>? ListenAddresses { get; init; }

    /// <summary>What it speaks.</summary>
    public IReadOnlyList<string>? Protocols { get; init; }

    /// <summary>The address at which the peer sees this node, without peer id.</summary>
    public Multiaddr? ObservedAddress { get; init; }

    /// <summary>The serialised identity key, not yet compared.</summary>
    public ReadOnlyMemory<byte>? PublicKey { get; init; }

    /// <summary>The signed peer record, not yet verified.</summary>
    public ReadOnlyMemory<byte>? SignedPeerRecord { get; init; }
}
