namespace NatActors.Protocols.Relay;

/// <summary>
/// The status codes of circuit relay v2 (circuit-v2.md, "Protobuf", enum Status). A code that is none of these is kept as its number.
/// </summary>
public enum RelayStatus
{
    /// <summary>Granted.</summary>
    Ok = 100,

    /// <summary>No reservation: too many, for example.</summary>
    ReservationRefused = 200,

    /// <summary>Too many circuits from the one or to the other, or in all.</summary>
    ResourceLimitExceeded = 201,

    /// <summary>The relay's rules say no.</summary>
    PermissionDenied = 202,

    /// <summary>The other end could not be reached, or refused.</summary>
    ConnectionFailed = 203,

    /// <summary>The other end has no reservation here.</summary>
    NoReservation = 204,

    /// <summary>The message could not be read.</summary>
    MalformedMessage = 400,

    /// <summary>The message has no place here.</summary>
    UnexpectedMessage = 401,
}

/// <summary>A status in words for a person.</summary>
public static class RelayStatusText
{
    /// <summary>What the status means.</summary>
    public static string InWords(this RelayStatus status) => status switch
    {
        RelayStatus.Ok => "granted",
        RelayStatus.ReservationRefused => "the relay refused the reservation (it may be full)",
        RelayStatus.ResourceLimitExceeded => "the relay's limit is reached",
        RelayStatus.PermissionDenied => "the relay does not permit it",
        RelayStatus.ConnectionFailed => "the relay could not reach the other peer, or that peer refused",
        RelayStatus.NoReservation => "the other peer has no reservation at the relay",
        RelayStatus.MalformedMessage => "the relay could not read our message",
        RelayStatus.UnexpectedMessage => "the relay did not expect our message",
        _ => $"the relay answered with the unknown status {(int)status}",
    };
}
