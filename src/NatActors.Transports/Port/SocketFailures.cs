using System.Net;
using System.Net.Sockets;

namespace NatActors.Transports.Port;

/// <summary>Socket errors as the failures of this slice.</summary>
internal static class SocketFailures
{
    public static ConnectResult Failed(ConnectFailureKind kind, string detail) => new(null, false, new ConnectFailure(kind, detail));

    public static ConnectResult Failed(SocketException error) => Failed(ConnectKind(error.SocketErrorCode), error.Message);

    public static ConnectFailureKind ConnectKind(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => ConnectFailureKind.Refused,
        SocketError.TimedOut => ConnectFailureKind.TimedOut,
        SocketError.NetworkUnreachable or SocketError.HostUnreachable or SocketError.NetworkDown or SocketError.HostDown
            => ConnectFailureKind.Unreachable,
        SocketError.AddressNotAvailable or SocketError.AddressAlreadyInUse => ConnectFailureKind.TupleInUse,
        SocketError.ConnectionReset => ConnectFailureKind.Reset,
        SocketError.OperationAborted or SocketError.Interrupted => ConnectFailureKind.Aborted,
        SocketError.AccessDenied => ConnectFailureKind.NotPermitted,
        _ => ConnectFailureKind.Other,
    };

    public static BindResult BindFailed(IPEndPoint endPoint, SocketException error) => error.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => BindFailed(
            BindFailureKind.PortHeld,
            $"TCP port {endPoint.Port} on {endPoint.Address} is held by another process "
            + $"(`ss -ltnp 'sport = :{endPoint.Port}'` shows which): stop that, or listen on another port."),
        SocketError.AddressNotAvailable => BindFailed(
            BindFailureKind.AddressNotAvailable,
            $"No interface of this machine has the address {endPoint.Address}: listen on one that it has, or on the wildcard."),
        SocketError.AccessDenied => BindFailed(
            BindFailureKind.NotPermitted,
            $"TCP port {endPoint.Port} is not permitted to this user: choose a port from 1024 up."),
        SocketError.AddressFamilyNotSupported or SocketError.ProtocolNotSupported or SocketError.ProtocolFamilyNotSupported => BindFailed(
            BindFailureKind.NotSupported,
            $"This machine has the address family of {endPoint.Address} switched off: leave that listen address out."),
        _ => BindFailed(BindFailureKind.Other, $"Cannot listen on {endPoint}: {error.Message}."),
    };

    public static BindResult BindFailed(BindFailureKind kind, string detail) => new(null, kind, detail);
}
