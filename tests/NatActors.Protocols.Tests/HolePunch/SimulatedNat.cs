using System.Net;

namespace NatActors.Protocols.Tests.HolePunch;

/// <summary>The router types of the laboratory, by what they map and whom they let in.</summary>
public enum NatKind
{
    None,
    Firewall,
    FullCone,
    AddrRestricted,
    PortForward,
    PortRestricted,
    Symmetric,
}

/// <summary>The border of one host: translates what leaves and judges what comes.</summary>
internal sealed class SimulatedNat(NatKind kind, IPAddress outside, int firstSymmetricPort)
{
    private readonly Dictionary<(int Inside, IPEndPoint Remote), int> _perDestination = [];
    private readonly HashSet<(int Inside, IPEndPoint Remote)> _contacted = [];
    private readonly HashSet<IPAddress> _contactedAddresses = [];
    private int _nextPort = firstSymmetricPort;

    public NatKind Kind => kind;

    public IPAddress Outside => outside;

    public bool HostIsPublic => kind is NatKind.None or NatKind.Firewall;

    public IPEndPoint Leave(int port, IPEndPoint remote)
    {
        _contacted.Add((port, remote));
        _contactedAddresses.Add(remote.Address);
        if (kind != NatKind.Symmetric)
        {
            return new IPEndPoint(outside, port);
        }

        if (!_perDestination.TryGetValue((port, remote), out var mapped))
        {
            mapped = _nextPort += 7;
            _perDestination.Add((port, remote), mapped);
        }

        return new IPEndPoint(outside, mapped);
    }

    /// <summary>The inside port that a packet to an outside port goes to, or null when it is not let in.</summary>
    public int? Enter(int port, IPEndPoint from, int listenPort) => kind switch
    {
        NatKind.None or NatKind.FullCone => port,
        NatKind.PortForward when port == listenPort => port,
        NatKind.AddrRestricted when _contactedAddresses.Contains(from.Address) => port,
        NatKind.Symmetric => _perDestination.Where(m => m.Value == port && m.Key.Remote.Equals(from)).Select(m => (int?)m.Key.Inside).FirstOrDefault(),
        _ => _contacted.Contains((port, from)) ? port : null,
    };
}
