using Akka.Actor;

namespace NatActors.Node;

/// <summary>
/// The three supervisor strategies of the node, by name. Every actor that has children returns one of them, and says nothing else about
/// failure. Exceptions mean a bug of ours: a peer's bad bytes never get here, they are values.
/// </summary>
public static class Supervision
{
    /// <summary>Restarts of a service within <see cref="Window"/> before it is given up: enough for a bug that one odd event triggers.</summary>
    public const int ServiceRestarts = 5;

    /// <summary>Restarts of a port or of the connections within <see cref="Window"/>: each costs every connection, so fewer.</summary>
    public const int VitalRestarts = 3;

    /// <summary>The window in which restarts are counted.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    /// <summary>
    /// For whatever holds a socket, a cipher, a window or half a handshake: a restarted copy would speak out of turn, so the child is
    /// stopped, its parent hears of it by death watch, and whoever waits gets its one answer from there.
    /// </summary>
    public static SupervisorStrategy StopTheChild() => new OneForOneStrategy(
        0,
        System.Threading.Timeout.InfiniteTimeSpan,
        _ => Directive.Stop);

    /// <summary>
    /// For holders of beliefs (addresses, identify, reservations, verdicts): a belief can be built again from what the peers say next, so
    /// restart, and stop a service that fails over and over; its parent tells the node.
    /// </summary>
    public static SupervisorStrategy RebuildTheService() => new OneForOneStrategy(
        ServiceRestarts,
        Window,
        _ => Directive.Restart);

    /// <summary>
    /// For ports and connections: rebind and go on, but a node whose port keeps failing is not a node; the parent escalates to the end of
    /// the node, with an exit code.
    /// </summary>
    public static SupervisorStrategy FailTheNode() => new OneForOneStrategy(
        VitalRestarts,
        Window,
        _ => Directive.Restart);
}
