using NatActors.Protocols.Port;
using NatActors.Transports.Port;
using NatActors.Transports.Security;

namespace NatActors.Node.Port;

/// <summary>
/// The same failures and roles in the words of Transports (sockets) and of Protocols (rules), which do not know each other.
/// </summary>
internal static class PortFailures
{
    public static PortFailure ToRules(ConnectFailure failure) => new(ToRules(failure.Kind), failure.Detail);

    public static ConnectFailure FromRules(PortFailure failure) => new(FromRules(failure.Kind), failure.Detail);

    public static PunchRole ToRules(ConnectionRole role) => role == ConnectionRole.Dialer ? PunchRole.Dialer : PunchRole.Listener;

    public static ConnectionRole FromRules(PunchRole role) => role == PunchRole.Dialer ? ConnectionRole.Dialer : ConnectionRole.Listener;

    private static PortFailureKind ToRules(ConnectFailureKind kind) => kind switch
    {
        ConnectFailureKind.Refused => PortFailureKind.Refused,
        ConnectFailureKind.TimedOut => PortFailureKind.TimedOut,
        ConnectFailureKind.Unreachable => PortFailureKind.Unreachable,
        ConnectFailureKind.TupleInUse => PortFailureKind.TupleInUse,
        ConnectFailureKind.Reset => PortFailureKind.Reset,
        ConnectFailureKind.Aborted => PortFailureKind.Aborted,
        ConnectFailureKind.NotPermitted => PortFailureKind.NotPermitted,
        ConnectFailureKind.Superseded => PortFailureKind.Superseded,
        ConnectFailureKind.Accepted => PortFailureKind.Accepted,
        _ => PortFailureKind.Other,
    };

    private static ConnectFailureKind FromRules(PortFailureKind kind) => kind switch
    {
        PortFailureKind.Refused => ConnectFailureKind.Refused,
        PortFailureKind.TimedOut => ConnectFailureKind.TimedOut,
        PortFailureKind.Unreachable => ConnectFailureKind.Unreachable,
        PortFailureKind.TupleInUse => ConnectFailureKind.TupleInUse,
        PortFailureKind.Reset => ConnectFailureKind.Reset,
        PortFailureKind.Aborted => ConnectFailureKind.Aborted,
        PortFailureKind.NotPermitted => ConnectFailureKind.NotPermitted,
        PortFailureKind.Superseded => ConnectFailureKind.Superseded,
        PortFailureKind.Accepted => ConnectFailureKind.Accepted,
        _ => ConnectFailureKind.Other,
    };
}
