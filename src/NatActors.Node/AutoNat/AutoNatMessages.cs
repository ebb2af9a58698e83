using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;

namespace NatActors.Node.AutoNat;

/// <summary>The messages of the reachability actor, at <c>autonat</c>.</summary>
public static class AutoNatMessages
{
    /// <summary>Tell me the verdict now and after each change, as <see cref="VerdictChanged"/>; ends with the subscriber's death.</summary>
    public sealed record Subscribe(IActorRef Subscriber);

    /// <summary>To subscribers: what is known now. Also sent when only reasons or single addresses changed.</summary>
    public sealed record VerdictChanged(NodeVerdict Verdict);

    /// <summary>Test again at once whatever this touches (a network change, a lost relay, a new or expired mapping).</summary>
    /// <param name="Why">In words for the log.</param>
    /// <param name="Addresses">The addresses in question, or null for all.</param>
    public sealed record ProbeAgain(string Why, IReadOnlyList<Multiaddr>? Addresses = null);

    /// <summary>Ask for what is known; answered to the sender by <see cref="State"/>.</summary>
    public sealed record GetState;

    /// <summary>The answer to <see cref="GetState"/>.</summary>
    /// <param name="Verdict">What is known.</param>
    /// <param name="Servers">The peers that can be asked, and how they have answered so far, in words.</param>
    public sealed record State(NodeVerdict Verdict, IReadOnlyList<ServerState> Servers);

    /// <summary>A peer that answers questions of reachability.</summary>
    /// <param name="Peer">Who.</param>
    /// <param name="Protocol"><c>v2</c> or <c>v1</c>.</param>
    /// <param name="LastAnswer">What it answered last, in words; empty when it was not asked yet.</param>
    public sealed record ServerState(PeerId Peer, string Protocol, string LastAnswer);
}
