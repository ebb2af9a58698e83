using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Connections;

namespace NatActors.Protocols.AutoNat;

/// <summary>How much may pass in any minute.</summary>
/// <param name="Total">In all.</param>
/// <param name="PerPeer">For one peer.</param>
/// <param name="PerNetwork">For one IPv4 address or IPv6 /56; loopback is this machine and not counted.</param>
public readonly record struct MinuteLimits(int Total, int PerPeer, int PerNetwork);

/// <summary>
/// Counts what passed in the last minute, exactly, as go-libp2p's autonatv2 does. Only what passes is remembered, so that <see
/// cref="MinuteLimits.Total"/> bounds the memory whoever asks however often; a token bucket for each peer would be chosen by the peers.
/// </summary>
public sealed class AutoNatServerWindow(MinuteLimits limits)
{
    /// <summary>How long something that passed counts.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(1);

    private readonly Queue<Entry> _passed = new();
    private readonly Dictionary<PeerId, int> _ofPeer = [];
    private readonly Dictionary<AddressPrefix, int> _ofNetwork = [];

    /// <summary>What is remembered now.</summary>
    public int Count => _passed.Count;

    /// <summary>True when it would pass now; nothing is counted.</summary>
    public bool Has(PeerId peer, IPAddress? network, TimeSpan now)
    {
        Forget(now);
        return _passed.Count < limits.Total
            && _ofPeer.GetValueOrDefault(peer) < limits.PerPeer
            && (Key(network) is not { } key || _ofNetwork.GetValueOrDefault(key) < limits.PerNetwork);
    }

    /// <summary>Passes it if there is room.</summary>
    /// <param name="peer">The peer that it counts for.</param>
    /// <param name="network">The address that it counts for, or null when there is none.</param>
    /// <param name="now">Monotonic time.</param>
    public bool TryTake(PeerId peer, IPAddress? network, TimeSpan now)
    {
        if (!Has(peer, network, now))
        {
            return false;
        }

        var key = Key(network);
        _passed.Enqueue(new Entry(now + Length, peer, key));
        _ofPeer[peer] = _ofPeer.GetValueOrDefault(peer) + 1;
        if (key is { } counted)
        {
            _ofNetwork[counted] = _ofNetwork.GetValueOrDefault(counted) + 1;
        }

        return true;
    }

    private static AddressPrefix? Key(IPAddress? network) =>
        network is null || AddressScope.KindOf(network) == AddressKind.Loopback ? null : AddressPrefix.Observer(network);

    private void Forget(TimeSpan now)
    {
        while (_passed.TryPeek(out var oldest) && oldest.Until <= now)
        {
            _passed.Dequeue();
            Decrement(_ofPeer, oldest.Peer);
            if (oldest.Network is { } network)
            {
                Decrement(_ofNetwork, network);
            }
        }
    }

    private static void Decrement<TKey>(Dictionary<TKey, int> counts, TKey key)
        where TKey : notnull
    {
        if (--counts[key] == 0)
        {
            counts.Remove(key);
        }
    }

    private readonly record struct Entry(TimeSpan Until, PeerId Peer, AddressPrefix? Network);
}
