using System.Net;
using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Transports;
using NatActors.Transports.Port;
using NatActors.Transports.Security;

namespace NatActors.Node.Port;

/// <summary>
/// The messages of the <see cref="PortsActor"/> and its <see cref="PortOwnerActor"/>s. Ids are chosen by the requester and unique for it
/// (the key is the pair of <c>ReplyTo</c> and <c>Id</c>); each <see cref="Dial"/> and each <see cref="Punch"/> is answered exactly once,
/// a cancelled one too.
/// </summary>
public static class PortMessages
{
    /// <summary>Bind every listen address of the options; answered once by <see cref="Bound"/> or <see cref="BindFailed"/>.</summary>
    public sealed record Bind(IActorRef ReplyTo);

    /// <summary>
    /// The ports are open. Sent again, to the same actor, when a port was bound anew or the machine's addresses changed.
    /// </summary>
    /// <param name="Listen">The listen addresses as bound, the real port filled in, e.g. <c>/ip4/0.0.0.0/tcp/4001</c>.</param>
    /// <param name="Resolved">The same with each wildcard replaced by the addresses of the machine's interfaces.</param>
    public sealed record Bound(IReadOnlyList<Multiaddr> Listen, IReadOnlyList<Multiaddr> Resolved);

    /// <summary>A listen address could not be bound, and none is left open.</summary>
    /// <param name="Address">The address that was asked for.</param>
    /// <param name="Kind">Why.</param>
    /// <param name="Detail">One line for a person that says what to do.</param>
    public sealed record BindFailed(Multiaddr Address, BindFailureKind Kind, string Detail);

    /// <summary>Which addresses are bound now? Answered to the sender by <see cref="Bound"/>.</summary>
    public sealed record GetBound;

    /// <summary>Connect to one ip and tcp port; answered by <see cref="Dialed"/> or <see cref="DialFailed"/>.</summary>
    /// <param name="Id">The requester's id.</param>
    /// <param name="Address">An ip and tcp address; a peer id behind it is ignored.</param>
    /// <param name="From">The shared listen port, or a fresh one.</param>
    /// <param name="Timeout">How long the connect may take, positive.</param>
    /// <param name="ReplyTo">Who gets the answer.</param>
    public sealed record Dial(long Id, Multiaddr Address, DialPort From, TimeSpan Timeout, IActorRef ReplyTo);

    /// <summary>The answer to <see cref="Dial"/>: connected. The conduit is the requester's to end.</summary>
    /// <param name="Id">The requester's id.</param>
    /// <param name="Conduit">The connection.</param>
    /// <param name="PortReused">True when it left from the listen port, so that what the remote observes is dialable.</param>
    public sealed record Dialed(long Id, IConduit Conduit, bool PortReused);

    /// <summary>
    /// The answer to <see cref="Dial"/>: no connection. <see cref="ConnectFailureKind.Superseded"/>: a punch to that remote took over;
    /// <see cref="ConnectFailureKind.Accepted"/>: the remote's own connection was accepted meanwhile and went to the sink.
    /// </summary>
    public sealed record DialFailed(long Id, ConnectFailure Failure);

    /// <summary>
    /// Give the dial or punch up; it is answered <see cref="ConnectFailureKind.Aborted"/>, unless its answer is already under way.
    /// </summary>
    public sealed record CancelDial(long Id, IActorRef ReplyTo);

    /// <summary>
    /// Connect from the shared port to all of a peer's addresses, again and again, until one connect or accept succeeds or the window
    /// closes; answered by <see cref="Punched"/> or <see cref="PunchFailed"/>. From the moment this arrives, a connection accepted from
    /// one of the remotes belongs to the punch and takes its role.
    /// </summary>
    /// <param name="Id">The requester's id.</param>
    /// <param name="Remotes">The peer's ip and tcp addresses; peer ids behind them are ignored.</param>
    /// <param name="Window">How long to try, from the first connect; positive.</param>
    /// <param name="Role">The role of this side, whoever's SYN comes first (DCUtR).</param>
    /// <param name="ReplyTo">Who gets the answer.</param>
    public sealed record Punch(long Id, IReadOnlyList<Multiaddr> Remotes, TimeSpan Window, ConnectionRole Role, IActorRef ReplyTo)
    {
        /// <summary>
        /// How long to wait before the first connect; zero for none. Accepts belong to the punch in this time already, so a punch is best
        /// sent as soon as the remotes are known and started by the time at which both sides agreed to start.
        /// </summary>
        public TimeSpan Delay { get; init; }
    }

    /// <summary>Start a delayed <see cref="Punch"/> now.</summary>
    public sealed record StartPunch(long Id, IActorRef ReplyTo);

    /// <summary>The answer to <see cref="Punch"/>: through. The conduit is the requester's to end.</summary>
    /// <param name="Id">The requester's id.</param>
    /// <param name="Conduit">The connection.</param>
    /// <param name="Remote">The remote address that it goes to.</param>
    /// <param name="Role">The role of this side, as it was asked for.</param>
    /// <param name="Accepted">True when the remote's SYN came in by the listener; false when our connect succeeded.</param>
    public sealed record Punched(long Id, IConduit Conduit, Multiaddr Remote, ConnectionRole Role, bool Accepted);

    /// <summary>
    /// The answer to <see cref="Punch"/>: not through. <see cref="ConnectFailureKind.TupleInUse"/>: a connection of ours with the
    /// remote's very address exists already, so there is nothing to punch; if it is dead, abort it and punch again.
    /// </summary>
    public sealed record PunchFailed(long Id, ConnectFailure Failure);

    /// <summary>To the sink: a connection came in. The conduit is the sink's to end.</summary>
    /// <param name="Conduit">The connection.</param>
    public sealed record Accepted(IConduit Conduit)
    {
        /// <summary>
        /// The role of this side: the listener's, but for a further connection of a punch that has been answered already.
        /// </summary>
        public ConnectionRole Role { get; init; } = ConnectionRole.Listener;
    }

    /// <summary>To the owner of a port: a connection of that port has ended on this side, so its 4-tuple is free.</summary>
    internal sealed record ConduitClosed(IPEndPoint Remote, bool WasAccepted) : IDeadLetterSuppression;

    /// <summary>To the <see cref="PortsActor"/>: the owner has its port.</summary>
    internal sealed record Opened(Multiaddr Address, IPEndPoint EndPoint);

    /// <summary>To the <see cref="PortsActor"/>: the owner could not bind.</summary>
    internal sealed record OpenFailed(BindFailureKind Kind, string Detail);
}
