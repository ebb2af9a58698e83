using System.Net;

namespace NatActors.Transports.Network;

/// <summary>The machine's interfaces and default routes, and notice of their changes.</summary>
public interface INetworkInterfaces
{
    /// <summary>Every unicast address of every interface that is up, in the system's order; loopback and link-local ones too.</summary>
    /// <exception cref="IOException">The system does not say.</exception>
    IReadOnlyList<IPAddress> GetAddresses();

    /// <summary>The interfaces and default routes as they are now. Takes some tenths of a millisecond.</summary>
    /// <exception cref="IOException">The system does not say.</exception>
    NetworkState GetState() => new() { Interfaces = [new NetworkInterfaceState("", GetAddresses())] };

    /// <summary>Starts to listen for changes; null where the system gives no notice and the state has to be asked for now and then.</summary>
    INetworkNotices? OpenNotices() => null;
}

/// <summary>The system's word that its interfaces, addresses or routes may have changed. Dispose it to stop.</summary>
public interface INetworkNotices : IDisposable
{
    /// <summary>
    /// Completes with the next notice, or at once when one has come since the last call. Many changes at a time may be one notice.
    /// One call at a time.
    /// </summary>
    /// <exception cref="IOException">There will be no more notices.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    Task WaitAsync(CancellationToken cancellationToken);
}
