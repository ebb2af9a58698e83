using System.Net;
using NatActors.Multiformats;

namespace NatActors.Transports.Port;

/// <summary>Which local port an outbound connect leaves from.</summary>
public enum DialPort
{
    /// <summary>The listen port (SO_REUSEADDR and SO_REUSEPORT), so that peers observe the address that others can dial.</summary>
    Shared,

    /// <summary>A fresh port: AutoNAT dial-backs and DCUtR's reversal, which must never occupy the 4-tuple of a punch.</summary>
    Fresh,
}

/// <summary>Why a connect came to nothing.</summary>
public enum ConnectFailureKind
{
    /// <summary>ECONNREFUSED: an RST came back.</summary>
    Refused,

    /// <summary>ETIMEDOUT: the kernel gave up.</summary>
    TimedOut,

    /// <summary>ENETUNREACH, EHOSTUNREACH, ENETDOWN.</summary>
    Unreachable,

    /// <summary>EADDRNOTAVAIL or EADDRINUSE on connect: the 4-tuple exists already (a dial, a connection or the accept queue).</summary>
    TupleInUse,

    /// <summary>ECONNRESET during the connect.</summary>
    Reset,

    /// <summary>This side gave up: cancelled, superseded or closing.</summary>
    Aborted,

    /// <summary>EACCES or EPERM: a local firewall or policy.</summary>
    NotPermitted,

    /// <summary>A punch to the same remote took the 4-tuple over.</summary>
    Superseded,

    /// <summary>The remote's own connection on the same 4-tuple was accepted meanwhile: use that one.</summary>
    Accepted,

    /// <summary>Anything else; the detail has the system's words.</summary>
    Other,
}

/// <summary>A connect's failure with the system's words for it.</summary>
public sealed record ConnectFailure(ConnectFailureKind Kind, string Detail);

/// <summary>What a connect came to: a conduit, or a failure. Exactly one is set.</summary>
/// <param name="Conduit">The connected conduit.</param>
/// <param name="PortReused">True when it really left from the listen port; a fallback to another port is never labelled reuse.</param>
/// <param name="Failure">Why there is no conduit.</param>
public sealed record ConnectResult(IConduit? Conduit, bool PortReused, ConnectFailure? Failure);

/// <summary>Why an address could not be bound.</summary>
public enum BindFailureKind
{
    /// <summary>Another process (or this one) holds the port, with or without SO_REUSEPORT.</summary>
    PortHeld,

    /// <summary>The address is not on any interface of this machine.</summary>
    AddressNotAvailable,

    /// <summary>EACCES: a privileged port.</summary>
    NotPermitted,

    /// <summary>No transport here speaks that address, or the family is switched off.</summary>
    NotSupported,

    /// <summary>Anything else.</summary>
    Other,
}

/// <summary>What a bind came to: a binding, or a failure with one line for a person. Exactly one is set.</summary>
public sealed record BindResult(IPortBinding? Binding, BindFailureKind? Failure, string? Detail);

/// <summary>
/// One bound, listening port: every accept and every dial of that port goes through it, and through the one actor that owns it.
/// The binding itself keeps no table of 4-tuples; that is the owner's.
/// </summary>
public interface IPortBinding : IAsyncDisposable
{
    /// <summary>The listen address with the real port filled in, e.g. <c>/ip4/0.0.0.0/tcp/4001</c>.</summary>
    Multiaddr LocalAddress { get; }

    /// <summary>The same as an end point.</summary>
    IPEndPoint LocalEndPoint { get; }

    /// <summary>
    /// The next connection from the accept queue; null when the binding is closed. Transient errors of a single connection are not
    /// reported; lasting ones throw <see cref="IOException"/>.
    /// </summary>
    ValueTask<IConduit?> AcceptAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Takes without waiting whatever the accept queue holds now, in order. Used when a connect says that its 4-tuple is taken.
    /// Never concurrent results: a connection is returned by exactly one of <see cref="AcceptAsync"/> and this.
    /// </summary>
    IReadOnlyList<IConduit> TakeAccepted();

    /// <summary>
    /// Connects. The socket is bound before this method first yields, so that the owner's order of calls is the kernel's order.
    /// Never throws for network failures.
    /// </summary>
    /// <param name="remote">Where to.</param>
    /// <param name="from">Which local port.</param>
    /// <param name="cancellationToken">Aborts the connect at once and frees its 4-tuple (no TIME_WAIT).</param>
    Task<ConnectResult> ConnectAsync(IPEndPoint remote, DialPort from, CancellationToken cancellationToken);
}

/// <summary>Binds listen addresses of one kind.</summary>
public interface IPortTransport
{
    /// <summary>True for listen addresses that this transport can bind, e.g. <c>/ip4/…/tcp/N</c>.</summary>
    bool CanListen(Multiaddr address);

    /// <summary>True for addresses that a binding of this transport can dial.</summary>
    bool CanDial(Multiaddr address);

    /// <summary>Binds and listens, refusing a port that somebody else holds, even with SO_REUSEPORT.</summary>
    BindResult Bind(Multiaddr address);

    /// <summary>
    /// Binds without listening, for a node that only dials: all its shared dials leave from one port, which peers observe and punches use,
    /// but nobody can dial it, so <see cref="ConnectResult.PortReused"/> stays false and <see cref="IPortBinding.AcceptAsync"/> waits for
    /// the close.
    /// </summary>
    BindResult BindForDialing(Multiaddr address);
}
