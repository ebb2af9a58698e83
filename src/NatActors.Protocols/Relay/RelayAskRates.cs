using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Connections;

namespace NatActors.Protocols.Relay;

/// <summary>How often one peer, and one network, ask a relay for something. Where more of them ask than are remembered, other bounds hold.</summary>
internal sealed class RelayAskRates(RelayProfile profile)
{
    private readonly KeyedRateLimiter<PeerId> _peers = new(whenCrowded: true);
    private readonly KeyedRateLimiter<AddressPrefix> _networks = new(whenCrowded: true);

    /// <summary>True when it may ask; that counts then.</summary>
    public bool MayAsk(RelayGuest guest, TimeSpan now)
    {
        if (!_peers.Has(guest.Peer, profile.AsksPerPeer, now))
        {
            return false;
        }

        if (guest.Ip is { } ip && !IPAddress.IsLoopback(ip)
            && !_networks.TryTake(AddressPrefix.Observer(ip), profile.AsksPerAddress, now))
        {
            return false;
        }

        _peers.Take(guest.Peer, profile.AsksPerPeer, now);
        return true;
    }
}
