using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Protocols.Naming;

namespace NatActors.Node.Naming;

/// <summary>
/// The messages of the <see cref="ResolverActor"/>. Ids are chosen by the requester and unique for it; each request is answered once, a
/// cancelled one not at all.
/// </summary>
public static class ResolverMessages
{
    /// <summary>
    /// Turn an address with a name at its head into addresses on numbers. Answered by <see cref="Resolved"/> or <see cref="NotResolved"/>.
    /// </summary>
    public sealed record Resolve(long Id, Multiaddr Address, IActorRef ReplyTo);

    /// <summary>The answer to <see cref="Resolve"/>: at least one address, bounded.</summary>
    public sealed record Resolved(long Id, IReadOnlyList<Multiaddr> Addresses);

    /// <summary>The answer to <see cref="Resolve"/>: none, and why, in words for a person: what the name server said and what to do.</summary>
    public sealed record NotResolved(long Id, string Reason);

    /// <summary>The requester no longer wants the answer.</summary>
    public sealed record Cancel(long Id, IActorRef ReplyTo);

    /// <summary>None of the addresses that this one led to works: what was kept of its names is dropped, the next request asks anew.</summary>
    public sealed record Forget(Multiaddr Address);

    /// <summary>To the resolver, from a lookup of its own: the outcome; the lookup stops.</summary>
    public sealed record LookedUp(DnsQuestion Question, DnsOutcome Outcome);
}
