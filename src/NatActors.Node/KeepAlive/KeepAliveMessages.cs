using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Protocols.KeepAlive;
using NatActors.Transports;

namespace NatActors.Node.KeepAlive;

/// <summary>The messages of the actors that measure how long mappings live, and help others to (<see cref="LifetimeProtocol"/>).</summary>
internal static class KeepAliveMessages
{
    /// <summary>To <see cref="KeepAliveActor"/>, from a measurement: a packet came in on a mapping that was silent for so long.</summary>
    public sealed record Lived(PeerId Server, TimeSpan Silence);

    /// <summary>To <see cref="KeepAliveActor"/>, from a measurement: a packet sent after so long a silence did not come in.</summary>
    public sealed record Expired(PeerId Server, TimeSpan Silence);

    /// <summary>To <see cref="LifetimeServerActor"/>: a peer's question was read; answered to the sender by <see cref="Decided"/>.</summary>
    public sealed record Asked(LifetimeMessage.Ask Question);

    /// <summary>The answer to <see cref="Asked"/>.</summary>
    public sealed record Decided(LifetimeDecision Decision);

    /// <summary>To <see cref="LifetimeServerActor"/>, from a connection's upgrade: this one is to be measured. The conduit is the actor's to end.</summary>
    public sealed record Opened(IConduit Conduit) : ILostProperty
    {
        /// <inheritdoc />
        public void Discard() => Conduit.Abort();
    }

    /// <summary>To <see cref="LifetimeServerActor"/>: a measured connection brought a token; answered to the sender by <see cref="Redeemed"/>.</summary>
    public sealed record Redeem(ReadOnlyMemory<byte> Token);

    /// <summary>The answer to <see cref="Redeem"/>: how long to be silent and whom to tell, or null.</summary>
    public sealed record Redeemed(LifetimeTicket? Ticket, IActorRef Ask);

    /// <summary>To the actor of an ask: the byte was sent on that mapping.</summary>
    public sealed record Sent(int Mapping);
}
