namespace NatActors.Soak.Tests.Steps;

/// <summary>What a step does. Those up to <see cref="ProbeAgain"/> ask something of a node; those after it do something to the
/// network.</summary>
public enum StepKind
{
    DialRelayed,
    DialPublicAddress,
    DialNobody,
    DialCancelled,
    DialByMessage,
    DialMessageCancelled,
    Echo,
    EchoDirect,
    HalfClose,
    ResetMidway,
    NeverRead,
    StreamByMessage,
    StreamCancelled,
    Ping,
    PingCancelled,
    Perf,
    PerfCancelled,
    Status,
    Report,
    Close,
    ProbeAgain,
    FlushMappings,
    PullHostCable,
    PullRouterCable,
    RestartRouter,
    RestartRelay,
    RestartNode,
}

/// <summary>One step: what, from which node, to which, and a number of its own from which it draws whatever else it needs.</summary>
public sealed record Step(StepKind Kind, int From, int To, int Number)
{
    public bool Disturbs => Kind > StepKind.ProbeAgain;

    public Random Draw() => new(Number);
}
