using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Metrics;
using NatActors.Node.Muxing;
using NatActors.Node.Negotiation;
using NatActors.Node.Resources;
using NatActors.Protocols.KeepAlive;
using NatActors.Transports;
using NatActors.Transports.Muxing;
using NatActors.Transports.Security;
using NatActors.Wire.Muxing;
using NatActors.Wire.Negotiation;

namespace NatActors.Node.Connections;

/// <summary>
/// Makes a secured, muxed link of a conduit, in the order of libp2p/specs connections: multistream-select, security, then the muxer, agreed
/// inside the security handshake or by multistream-select again. The same for TCP and for relayed conduits.
/// </summary>
internal static class ConnectionUpgrade
{
    /// <summary>Runs the whole upgrade. A peer's misbehaviour is a value; a broken conduit or cancellation throws.</summary>
    /// <param name="node">The security upgrades and limits.</param>
    /// <param name="seed">The conduit and what is known of it.</param>
    /// <param name="clock">Monotonic time.</param>
    /// <param name="patienceIsOver">Completes when a listener that may speak first has waited long enough.</param>
    /// <param name="cancellationToken">Cuts it off.</param>
    public static async Task<ConnectionMessages.UpgradeDone> RunAsync(
        NodeContext node, ConnectionSeed seed, Func<TimeSpan> clock, Task patienceIsOver, CancellationToken cancellationToken)
    {
        var (conduit, role) = await DecideRoleAsync(seed, patienceIsOver, cancellationToken);
        SecurityResult secured;
        if (role == ConnectionRole.Dialer && node.Security is [var only])
        {
            secured = await SecureAtOnceAsync(only, conduit, seed.ExpectedPeer, cancellationToken);
        }
        else
        {
            var security = await SelectAsync(node, conduit, role, Protocols(node, seed, role), cancellationToken);
            if (security.Protocol is null)
            {
                return Failed(NotAgreed(security.Reason));
            }

            if (security.Protocol == LifetimeProtocol.Id)
            {
                return new ConnectionMessages.UpgradeDone(null, null) { Measured = security.Conduit };
            }

            var upgrade = node.Security.First(s => s.Protocol == security.Protocol);
            secured = await upgrade.UpgradeAsync(security.Conduit, role, seed.ExpectedPeer, cancellationToken);
        }

        if (secured.Failure is { } failure)
        {
            return new ConnectionMessages.UpgradeDone(null, failure) { Crossed = secured.Crossed };
        }

        var traffic = seed.Relayed ? node.Metrics.Relayed : node.Metrics.Direct;
        return await MuxAsync(node, secured, role, new LinkGear(clock, traffic, seed.Resources), cancellationToken);
    }

    /// <summary>The one security protocol is proposed along with its first message: a round trip less, and no other could follow.</summary>
    private static async Task<SecurityResult> SecureAtOnceAsync(
        ISecurityUpgrade upgrade, IConduit conduit, PeerId? expectedPeer, CancellationToken cancellationToken)
    {
        var proposing = new ProposingConduit(conduit, upgrade.Protocol);
        var secured = await upgrade.UpgradeAsync(proposing, ConnectionRole.Dialer, expectedPeer, cancellationToken);
        return proposing.Failure == NegotiationFailure.None ? secured : new SecurityResult { Failure = NotAgreed(proposing.Failure) };
    }

    private static string NotAgreed(NegotiationFailure reason) =>
        $"no security protocol agreed: {StreamNegotiationResult.Describe(reason)}";

    /// <summary>Who came in may want to have his mapping measured instead (<see cref="LifetimeProtocol"/>).</summary>
    private static IReadOnlyList<string> Protocols(NodeContext node, ConnectionSeed seed, ConnectionRole role)
    {
        var measures = role == ConnectionRole.Listener && seed is { Relayed: false, Punched: false, ExpectedPeer: null }
            && !node.Refs.LifetimeServer.Equals(ActorRefs.Nobody);
        var security = node.Security.Select(s => s.Protocol);
        return [.. measures ? security.Append(LifetimeProtocol.Id) : security];
    }

    private static async Task<(IConduit Conduit, ConnectionRole Role)> DecideRoleAsync(
        ConnectionSeed seed, Task patienceIsOver, CancellationToken cancellationToken)
    {
        if (seed.SpeakAfter is null || seed.Role == ConnectionRole.Dialer)
        {
            return (seed.Conduit, seed.Role);
        }

        var conduit = new FirstWord(seed.Conduit);
        return await conduit.OtherSpeaksAsync(patienceIsOver, cancellationToken)
            ? (conduit, ConnectionRole.Listener)
            : (conduit, ConnectionRole.Dialer);
    }

    private static async Task<ConnectionMessages.UpgradeDone> MuxAsync(
        NodeContext node, SecurityResult secured, ConnectionRole role, LinkGear gear, CancellationToken cancellationToken)
    {
        var conduit = secured.Conduit!;
        if (secured.EarlyMuxer is null)
        {
            var muxer = await SelectAsync(node, conduit, role, [YamuxSession.ProtocolId], cancellationToken);
            if (muxer.Protocol is null)
            {
                return Failed($"no muxer agreed: {muxer.Failure}");
            }

            conduit = muxer.Conduit;
        }
        else if (secured.EarlyMuxer != YamuxSession.ProtocolId)
        {
            return Failed($"the muxer {secured.EarlyMuxer} is not spoken here");
        }

        var bounds = node.Options.Connections;
        var abuse = node.Options.Abuse;
        var options = new YamuxOptions
        {
            // One more than its scope takes, so that it is the scope that refuses: that is counted, and has a reason.
            MaxInboundStreams = bounds.MaxStreamsPerConnection + 1,
            MaxReceiveWindow = node.Options.Resources.ReceiveWindow,
            ReceiveBudget = node.Options.Resources.ReceiveBudget,
            Promises = gear.Resources,
            KeepAliveInterval = bounds.KeepAliveInterval,
            KeepAliveTimeout = bounds.KeepAliveTimeout,
            PingDeadline = abuse.PingDeadline,
            FrameTimeout = abuse.FrameTimeout,
            InboundStreams = new RateLimit(abuse.StreamsPerSecond, abuse.StreamBurst),
            IdleFrames = new RateLimit(abuse.IdleFramesPerSecond, abuse.IdleFrameBurst),
        };
        var link = new YamuxLink(conduit, role, options, gear.Clock, gear.Traffic, gear.Resources);
        return new ConnectionMessages.UpgradeDone(new UpgradeResult(link, secured.RemotePeer!, secured.RemoteKey!, role), null);
    }

    private static Task<ConduitNegotiationResult> SelectAsync(
        NodeContext node, IConduit conduit, ConnectionRole role, IReadOnlyList<string> protocols, CancellationToken cancellationToken) =>
        role == ConnectionRole.Dialer
            ? ConduitNegotiation.ProposeAsync(conduit, protocols, cancellationToken)
            : ConduitNegotiation.AnswerAsync(conduit, protocols.Contains, cancellationToken, node.Options.Abuse.NegotiationRounds);

    private static ConnectionMessages.UpgradeDone Failed(string reason) => new(null, reason);

    /// <summary>What a link is run with: monotonic time, where its bytes are counted, and what it holds.</summary>
    private sealed record LinkGear(Func<TimeSpan> Clock, TrafficMeter Traffic, ConnectionResources? Resources);
}

/// <summary>A secured and muxed connection, and the role this end turned out to have.</summary>
internal sealed record UpgradeResult(IMuxedLink Link, Multiformats.PeerId Peer, Multiformats.PublicKey PeerKey, ConnectionRole Role);
