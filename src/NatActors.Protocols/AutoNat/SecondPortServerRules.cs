using NatActors.Multiformats;

namespace NatActors.Protocols.AutoNat;

/// <summary>
/// For whom a server of <see cref="SecondPortProtocol"/> opens a port: within limits on how many at once and a minute, in all, for a peer and
/// for a network, and never over a relay, where it sees the relay's address. The server sends nothing to anybody but the client, so it is
/// nobody's reflector; the limits keep its sockets few.
/// </summary>
public sealed class SecondPortServerRules
{
    private readonly AutoNatServerOptions _options;
    private readonly AutoNatServerWindow _window;
    private int _open;

    /// <summary>Rules with no port open.</summary>
    public SecondPortServerRules(AutoNatServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _window = new AutoNatServerWindow(
            new MinuteLimits(options.SecondPortsPerMinute, options.SecondPortsPerPeer, options.SecondPortsPerNetwork));
    }

    /// <summary>What is remembered; bounded by the options.</summary>
    public int Remembered => _window.Count;

    /// <summary>True when the client is served; that takes a place until <see cref="OnEnded"/>.</summary>
    public bool OnAsk(AutoNatClient client, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(client);
        if (client.Ip is not { } ip || _open >= _options.ConcurrentSecondPorts || !_window.TryTake(client.Peer, ip, now))
        {
            return false;
        }

        _open++;
        return true;
    }

    /// <summary>A client that was served is no more.</summary>
    public void OnEnded() => _open--;

    /// <summary>True when a connection at the second port may be the client's: anybody else's is cut unread.</summary>
    public static bool MayShow(Multiaddr from, AutoNatClient client)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(client);
        return from.Host is { } host && AutoNatServerPolicy.Plain(host).Equals(client.Ip);
    }
}
