using System.Net;
using NatActors.Protocols.AutoNat;

namespace NatActors.Node.AutoNat;

/// <summary>
/// The node's <see cref="ContactedHosts"/>, written by its ports before the first packet goes out and read by reachability. Shared and not
/// told by messages: a dial has to count before its answer can arrive, and nothing may be forgotten when an actor is restarted. Safe from
/// any thread.
/// </summary>
public sealed class ContactRegister
{
    private readonly Lock _gate = new();
    private readonly ContactedHosts _hosts;

    /// <summary>Nobody contacted yet.</summary>
    /// <param name="salt">A random number; see <see cref="ContactedHosts"/>.</param>
    public ContactRegister(ulong salt) => _hosts = new ContactedHosts(salt);

    /// <inheritdoc cref="ContactedHosts.Arrivals" />
    public long Arrivals
    {
        get
        {
            lock (_gate)
            {
                return _hosts.Arrivals;
            }
        }
    }

    /// <inheritdoc cref="ContactedHosts.OnContact" />
    public void OnContact(IPEndPoint remote)
    {
        lock (_gate)
        {
            _hosts.OnContact(remote);
        }
    }

    /// <inheritdoc cref="ContactedHosts.OnAccepted" />
    public bool OnAccepted(IPEndPoint remote)
    {
        lock (_gate)
        {
            return _hosts.OnAccepted(remote);
        }
    }

    /// <inheritdoc cref="ContactedHosts.CameAsStranger" />
    public bool CameAsStranger(IPEndPoint remote)
    {
        lock (_gate)
        {
            return _hosts.CameAsStranger(remote);
        }
    }

    /// <inheritdoc cref="ContactedHosts.WasDialed" />
    public bool WasDialed(IPEndPoint remote)
    {
        lock (_gate)
        {
            return _hosts.WasDialed(remote);
        }
    }

    /// <inheritdoc cref="ContactedHosts.AcceptedSince" />
    public bool AcceptedSince(IPAddress host, long number)
    {
        lock (_gate)
        {
            return _hosts.AcceptedSince(host, number);
        }
    }
}
