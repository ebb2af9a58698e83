using System.Buffers;
using NatActors.Transports;
using NatActors.Wire.Negotiation;

namespace NatActors.Node.Negotiation;

/// <summary>What negotiating over a conduit came to.</summary>
/// <param name="Protocol">What was agreed, or null.</param>
/// <param name="Conduit">The conduit to go on with: it yields first what came right behind the negotiation.</param>
/// <param name="Reason">Why nothing was agreed.</param>
public sealed record ConduitNegotiationResult(string? Protocol, IConduit Conduit, NegotiationFailure Reason)
{
    /// <summary><see cref="Reason"/> in words for a person; null on success.</summary>
    public string? Failure => Protocol is null ? StreamNegotiationResult.Describe(Reason) : null;
}

/// <summary>
/// multistream-select over a conduit: for the security protocol and, where it was not agreed earlier, the muxer. Never lazy, as two nested
/// lazy negotiations would be ambiguous; <see cref="ProposingConduit"/> is, for one of the two. A peer's bad bytes come back as a reason; a broken conduit throws <see cref="IOException"/>.
/// </summary>
public static class ConduitNegotiation
{
    /// <summary>Proposes the protocols in this order, the first together with the header.</summary>
    public static async Task<ConduitNegotiationResult> ProposeAsync(
        IConduit conduit, IReadOnlyList<string> protocols, CancellationToken cancellationToken)
    {
        var dialer = new MultistreamDialer(protocols);
        var output = new ArrayBufferWriter<byte>();
        dialer.Start(output);
        return await DriveAsync(conduit, dialer.OnBytes, dialer.OnEnd, output, cancellationToken) is { } agreed
            ? new ConduitNegotiationResult(dialer.Protocol, agreed, NegotiationFailure.None)
            : new ConduitNegotiationResult(null, conduit, dialer.Failure);
    }

    /// <summary>Answers the other side's proposals; the header goes out at once.</summary>
    public static async Task<ConduitNegotiationResult> AnswerAsync(
        IConduit conduit, Func<string, bool> supports, CancellationToken cancellationToken, int maxRounds = Multistream.MaxRounds)
    {
        var listener = new MultistreamListener(supports, maxRounds);
        var output = new ArrayBufferWriter<byte>();
        listener.Start(output);
        return await DriveAsync(conduit, listener.OnBytes, listener.OnEnd, output, cancellationToken) is { } agreed
            ? new ConduitNegotiationResult(listener.Protocol, agreed, NegotiationFailure.None)
            : new ConduitNegotiationResult(null, conduit, listener.Failure);
    }

    private static async Task<IConduit?> DriveAsync(
        IConduit conduit,
        StreamNegotiation.Step step,
        Action onEnd,
        ArrayBufferWriter<byte> output,
        CancellationToken cancellationToken)
    {
        var leftover = await StreamNegotiation.DriveAsync(conduit.ReadAsync, conduit.WriteAsync, step, onEnd, output, cancellationToken);
        return leftover is not { } bytes ? null : bytes.IsEmpty ? conduit : new LeftoverConduit(conduit, bytes);
    }
}
