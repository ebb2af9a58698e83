using System.Net;
using NatActors.Multiformats;

namespace NatActors.Protocols.AutoNat;

/// <summary>Who asks, as this server sees it.</summary>
/// <param name="Peer">The proven identity.</param>
/// <param name="Address">Where it comes from, without peer id.</param>
/// <param name="Relayed">True when the connection runs over a relay.</param>
public sealed record AutoNatClient(PeerId Peer, Multiaddr Address, bool Relayed)
{
    /// <summary>The IP address that it comes from; null over a relay.</summary>
    public IPAddress? Ip => Relayed || Address.Host is not { } host ? null : AutoNatServerPolicy.Plain(host);
}

/// <summary>What a server of version 2 would do for a request.</summary>
/// <param name="Status">OK when it dials; else the answer.</param>
/// <param name="Index">The place of the address in the client's list.</param>
/// <param name="Address">The address, without peer id; null when none is dialed.</param>
/// <param name="DataBytes">The dial data to be paid before; zero for none.</param>
public sealed record DialChoice(AutoNatV2Status Status, uint Index, Multiaddr? Address, int DataBytes);

/// <summary>
/// What AutoNAT's answering side grants, over all its clients: the limits, and which address is dialed at what price. The course of one
/// request of version 2 is <see cref="AutoNatServerRequest"/>; which addresses are dialed at all says <see cref="AutoNatServerPolicy"/>.
/// </summary>
public sealed class AutoNatServerRules
{
    private readonly AutoNatServerOptions _options;
    private readonly AutoNatServerPolicy _policy;
    private readonly RandomSource _random;
    private readonly AutoNatServerWindow _v2;
    private readonly AutoNatServerWindow _v1;
    private readonly AutoNatServerWindow _data;
    private readonly Dictionary<PeerId, int> _underWay = [];

    /// <summary>Rules with nobody served yet.</summary>
    public AutoNatServerRules(AutoNatServerOptions options, AutoNatServerPolicy policy, RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _policy = policy;
        _random = random;
        _v2 = new AutoNatServerWindow(new MinuteLimits(options.RequestsPerMinute, options.RequestsPerPeer, options.RequestsPerNetwork));
        _v1 = new AutoNatServerWindow(new MinuteLimits(options.V1RequestsPerMinute, options.V1RequestsPerPeer, options.V1RequestsPerNetwork));
        _data = new AutoNatServerWindow(new MinuteLimits(options.DialDataPerMinute, options.DialDataPerMinute, options.DialDataPerMinute));
    }

    /// <summary>Requests and peers remembered, over all limits; bounded by the options.</summary>
    public int Remembered => _v2.Count + _v1.Count + _data.Count + _underWay.Count;

    /// <summary>
    /// A peer opened a request stream of version 2, or 1. True takes a place until <see cref="OnEnded"/>; the request is not read before. A
    /// request over a relay is refused: the address it comes from is the relay's.
    /// </summary>
    public bool OnRequest(AutoNatClient client, bool isV2, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(client);
        var open = _underWay.GetValueOrDefault(client.Peer);
        if (client.Ip is null || open >= _options.ConcurrentPerPeer || !(isV2 ? _v2 : _v1).TryTake(client.Peer, client.Ip, now))
        {
            return false;
        }

        _underWay[client.Peer] = open + 1;
        return true;
    }

    /// <summary>A request that was taken is over.</summary>
    public void OnEnded(PeerId peer)
    {
        if (_underWay.GetValueOrDefault(peer) is var open and > 1)
        {
            _underWay[peer] = open - 1;
        }
        else
        {
            _underWay.Remove(peer);
        }
    }

    /// <summary>
    /// Chooses the one address to dial: the first of the list that this node dials at all (autonat-v2.md: "the first address that it is
    /// capable of dialing"). An IP address other than the one the client comes from costs dial data; so does a name, which can stand for
    /// any.
    /// </summary>
    public DialChoice Choose(IReadOnlyList<Multiaddr?> addresses, AutoNatClient client, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        ArgumentNullException.ThrowIfNull(client);
        for (var i = 0; i < addresses.Count && i < AutoNatV2Codec.MaxAddresses; i++)
        {
            if (addresses[i] is not { } address || _policy.Judge(address) != DialBackRefusal.None)
            {
                continue;
            }

            if (address.Host is { } host && host.Equals(client.Ip))
            {
                return new DialChoice(AutoNatV2Status.Ok, (uint)i, address.WithoutPeerId(), 0);
            }

            return _data.TryTake(client.Peer, null, now)
                ? new DialChoice(AutoNatV2Status.Ok, (uint)i, address.WithoutPeerId(), DataBytes())
                : new DialChoice(AutoNatV2Status.RequestRejected, 0, null, 0);
        }

        return new DialChoice(AutoNatV2Status.DialRefused, 0, null, 0);
    }

    private int DataBytes() => _options.MinDialData + _random.NextInt(_options.MaxDialData - _options.MinDialData + 1);
}
