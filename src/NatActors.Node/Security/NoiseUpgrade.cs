using System.Buffers;
using NatActors.Multiformats;
using NatActors.Transports;
using NatActors.Transports.Security;
using NatActors.Wire.Muxing;
using NatActors.Wire.Security;

namespace NatActors.Node.Security;

/// <summary>Secures conduits by Noise XX (libp2p/specs noise), agreeing on the muxer inside the handshake where both sides can.</summary>
public sealed class NoiseUpgrade : ISecurityUpgrade
{
    /// <summary>Bytes read at a time during the handshake; its three messages are smaller than this.</summary>
    private const int ReadSize = 4096;

    private readonly NoiseCredentials _credentials;
    private readonly RandomSource _random;

    /// <summary>Upgrades as the given identity; early negotiation offers yamux.</summary>
    public NoiseUpgrade(PrivateKey identity, RandomSource random)
        : this(identity, random, [YamuxSession.ProtocolId])
    {
    }

    /// <summary>Upgrades as the given identity.</summary>
    /// <param name="identity">The key that proves the peer id.</param>
    /// <param name="random">Where the keys come from: the static one at once, an ephemeral one for each handshake.</param>
    /// <param name="muxers">Muxers for early negotiation, by preference; empty to leave them to multistream-select.</param>
    public NoiseUpgrade(PrivateKey identity, RandomSource random, IReadOnlyList<string> muxers)
    {
        _credentials = new NoiseCredentials(identity, random, muxers);
        _random = random;
    }

    /// <inheritdoc />
    public string Protocol => NoiseHandshake.ProtocolId;

    /// <inheritdoc />
    public async ValueTask<SecurityResult> UpgradeAsync(
        IConduit conduit, ConnectionRole role, PeerId? expectedPeer, CancellationToken cancellationToken)
    {
        using var handshake = new NoiseHandshake(role == ConnectionRole.Dialer, _credentials, _random, expectedPeer);
        var output = new ArrayBufferWriter<byte>();
        var buffer = new byte[ReadSize];
        var leftover = ReadOnlyMemory<byte>.Empty;
        var status = handshake.Start(output);
        while (true)
        {
            if (output.WrittenCount > 0)
            {
                await conduit.WriteAsync(output.WrittenMemory, cancellationToken);
                output.ResetWrittenCount();
            }

            if (status != NoiseStatus.NeedMoreData)
            {
                break;
            }

            var read = await conduit.ReadAsync(buffer, cancellationToken);
            if (read == 0)
            {
                status = handshake.OnEndOfStream();
                continue;
            }

            status = handshake.Read(buffer.AsSpan(0, read), output, out var consumed);
            leftover = buffer.AsMemory(consumed, read - consumed);
        }

        return handshake.Session is { } session
            ? Succeed(conduit, session, leftover)
            : new SecurityResult { Failure = handshake.FailureDetail, Crossed = handshake.Failure == NoiseFailure.Crossed };
    }

    private static SecurityResult Succeed(IConduit conduit, NoiseSession session, ReadOnlyMemory<byte> leftover) => new()
    {
        Conduit = new NoiseConduit(conduit, session, leftover.Span),
        RemotePeer = session.RemotePeer,
        RemoteKey = session.RemoteKey,
        EarlyMuxer = session.EarlyMuxer,
    };
}
