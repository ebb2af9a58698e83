using System.Net;

namespace NatActors.Protocols.Port;

/// <summary>One connect that was started and whose end has not been reported yet.</summary>
internal sealed class Attempt(long id, IPEndPoint remote, bool freshPort, TimeSpan startedAt)
{
    public long Id { get; } = id;

    public IPEndPoint Remote { get; } = remote;

    public bool FreshPort { get; } = freshPort;

    public TimeSpan StartedAt { get; } = startedAt;

    /// <summary>The dial it is for, if that still waits for it.</summary>
    public DialRequest? Dial { get; init; }

    /// <summary>The punch target it is for, if that still waits for it.</summary>
    public PunchTarget? Target { get; init; }

    public bool Aborted { get; set; }

    /// <summary>
    /// Set when its punch has ended well and it goes on only in case the other side chooses it; with the time it is given up.
    /// </summary>
    public TimeSpan? LingersUntil { get; set; }
}

internal enum DialStage
{
    /// <summary>Behind another dial to the same remote.</summary>
    Queued,

    /// <summary>Its connect is under way.</summary>
    Connecting,

    /// <summary>The 4-tuple is taken and the accept queue is being looked through.</summary>
    Draining,

    /// <summary>The 4-tuple is taken by something that may explain itself in a moment.</summary>
    Grace,
}

/// <summary>A dial that has not been answered.</summary>
internal sealed class DialRequest(long id, IPEndPoint remote)
{
    public long Id { get; } = id;

    public IPEndPoint Remote { get; } = remote;

    public DialStage Stage { get; set; }

    public Attempt? Attempt { get; set; }

    public TimeSpan RetryAt { get; set; }

    /// <summary>The grace is given once; after it the dial leaves from another port.</summary>
    public bool GraceGiven { get; set; }

    /// <summary>A connection from the remote was accepted in this dial's lifetime.</summary>
    public bool AcceptedMeanwhile { get; set; }
}

/// <summary>A punch that has not been answered.</summary>
internal sealed class PunchRequest(long id, PunchRole role, TimeSpan window, TimeSpan startAt)
{
    public long Id { get; } = id;

    public PunchRole Role { get; } = role;

    public TimeSpan Window { get; } = window;

    public TimeSpan StartAt { get; } = startAt;

    public bool Started { get; set; }

    public TimeSpan EndsAt { get; set; }

    public List<PunchTarget> Targets { get; } = [];

    public PortFailure? LastFailure { get; set; }
}

/// <summary>One of a punch's remotes.</summary>
internal sealed class PunchTarget(PunchRequest punch, IPEndPoint remote)
{
    public PunchRequest Punch { get; } = punch;

    public IPEndPoint Remote { get; } = remote;

    public Attempt? Attempt { get; set; }

    public TimeSpan? RetryAt { get; set; }

    public bool Draining { get; set; }

    public bool Dropped { get; set; }

    public int Unreachable { get; set; }
}

/// <summary>Everything that concerns one remote end point, which on one port means one 4-tuple.</summary>
internal sealed class RemoteTuple(IPEndPoint remote)
{
    public IPEndPoint Remote { get; } = remote;

    /// <summary>The one dial that works on the 4-tuple.</summary>
    public DialRequest? Dial { get; set; }

    /// <summary>Dials that wait for its end.</summary>
    public List<DialRequest> Waiting { get; } = [];

    public PunchTarget? Target { get; set; }

    /// <summary>Connections that were handed out and not reported closed.</summary>
    public int Live { get; set; }

    public bool IsIdle => Dial is null && Waiting.Count == 0 && Target is null && Live == 0;
}
