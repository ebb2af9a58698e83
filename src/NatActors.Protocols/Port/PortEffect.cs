using System.Net;

namespace NatActors.Protocols.Port;

/// <summary>What the owner of a port must do, in order, before it hands the schedule its next event.</summary>
public abstract record PortEffect
{
    private PortEffect()
    {
    }

    /// <summary>
    /// Connect, from the shared port or from a fresh one, and report <see cref="SharedPortSchedule.OnConnected"/> or
    /// <see cref="SharedPortSchedule.OnConnectFailed"/>.
    /// </summary>
    public sealed record StartConnect(long Attempt, IPEndPoint Remote, bool FreshPort) : PortEffect;

    /// <summary>Abort a connect that was started; its 4-tuple must be free when this is done. Its end is still reported.</summary>
    public sealed record AbortConnect(long Attempt) : PortEffect;

    /// <summary>The connection of this attempt is nobody's: reset it.</summary>
    public sealed record DiscardConnection(long Attempt) : PortEffect;

    /// <summary>The end of a dial: the connection of this attempt is the requester's.</summary>
    public sealed record DialConnected(long Id, long Attempt) : PortEffect;

    /// <summary>The end of a dial: none.</summary>
    public sealed record DialFailed(long Id, PortFailure Failure) : PortEffect;

    /// <summary>The end of a punch: the connection of this attempt is the requester's, in this role.</summary>
    public sealed record PunchConnected(long Id, long Attempt, IPEndPoint Remote, PunchRole Role) : PortEffect;

    /// <summary>The end of a punch: this accepted connection is the requester's, in this role.</summary>
    public sealed record PunchAccepted(long Id, long Accepted, IPEndPoint Remote, PunchRole Role) : PortEffect;

    /// <summary>The end of a punch: not through.</summary>
    public sealed record PunchFailed(long Id, PortFailure Failure) : PortEffect;

    /// <summary>This accepted connection goes to whoever takes inbound ones.</summary>
    public sealed record DeliverAccepted(long Accepted) : PortEffect;

    /// <summary>
    /// A further connection of a punch that was answered already goes to whoever takes inbound ones, in the punch's role: the other side
    /// may have chosen this one.
    /// </summary>
    public sealed record DeliverConnected(long Attempt, PunchRole Role) : PortEffect;

    /// <summary>
    /// Take what the accept queue holds now, report each by <see cref="SharedPortSchedule.OnAccepted"/>, then
    /// <see cref="SharedPortSchedule.OnAcceptQueueDrained"/>.
    /// </summary>
    public sealed record DrainAcceptQueue : PortEffect;
}
