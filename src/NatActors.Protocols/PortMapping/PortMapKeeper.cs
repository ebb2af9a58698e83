using System.Net;
using NatActors.Multiformats;

namespace NatActors.Protocols.PortMapping;

/// <summary>
/// Keeps the listen ports mapped at the routers of this machine. At each router all protocols are looked for side by side, and go on being
/// looked for; but each port is mapped once, by the best that is found: PCP, NAT-PMP, UPnP in this order, the next one where one refuses.
/// A mapping that works is not moved when a better protocol turns up later. Time is an argument; call <see cref="OnDeadline"/> when
/// <see cref="NextDeadline"/> comes.
/// </summary>
/// <remarks>
/// <code>
/// a port: wanted --a protocol is found, and the better ones had their chance--> asked --granted--> mapped --lost, router gone--> wanted
///                   ^                                                            | refused: not this protocol for a while
///                   +------------------------------------------------------------+
/// </code>
/// </remarks>
public sealed partial class PortMapKeeper
{
    private readonly PortMappingOptions _options;
    private readonly MappingNonce _nonces;
    private readonly RandomSource _random;
    private readonly List<GatewayEntry> _gateways = [];
    private readonly Dictionary<PortToMap, WantedPort> _wanted = [];
    private readonly Dictionary<int, ClientEntry> _channels = [];
    private readonly Dictionary<long, ClientEntry> _asks = [];
    private readonly List<PortMapEffect> _effects = [];
    private int _lastChannel;
    private long _lastAsk;
    private TimeSpan? _releaseBy;
    private bool _isReleased;

    /// <summary>A keeper without ports or routers.</summary>
    /// <param name="options">Timing and bounds.</param>
    /// <param name="nonces">The node's nonces for PCP.</param>
    /// <param name="random">Where external ports are drawn from.</param>
    public PortMapKeeper(PortMappingOptions options, MappingNonce nonces, RandomSource random)
    {
        _options = options;
        _nonces = nonces;
        _random = random;
    }

    /// <summary>When to call <see cref="OnDeadline"/>, or null.</summary>
    public TimeSpan? NextDeadline
    {
        get
        {
            var deadlines = Clients.Select(entry => entry.Client.NextDeadline)
                .Concat(_gateways.Select(gateway => gateway.SettleUntil))
                .Concat(_wanted.Values.Select(wanted => wanted.NextChance))
                .Append(_releaseBy);
            return _isReleased ? null : deadlines.Min();
        }
    }

    /// <summary>The protocols that were found, and those that were found useless.</summary>
    public IReadOnlyList<FoundProtocol> Protocols =>
    [
        .. from entry in Clients
           let client = entry.Client
           where client.IsFound || (client.Method == MappingMethod.Upnp && client.Problem.Length > 0)
           let problem = client.Problem.Length > 0 || client.External is null ? client.Problem : GatewayText.ProblemWith(client.External)
           select new FoundProtocol(client.Protocol, client.Link.Gateway, client.Product, client.External, problem),
    ];

    /// <summary>The mappings that stand.</summary>
    public IReadOnlyList<StandingMapping> Mappings =>
    [
        .. from wanted in _wanted.Values
           let external = wanted.External
           where external is not null
           select new StandingMapping(wanted.Protocol, wanted.Port, external, wanted.Lease),
    ];

    private IEnumerable<ClientEntry> Clients => _gateways.SelectMany(gateway => gateway.Clients);

    /// <summary>These are the ports and the ways to routers from now on; what is no longer among them is given back or forgotten.</summary>
    /// <param name="ports">The ports; no more than <see cref="PortMappingOptions.MaxPorts"/> are kept.</param>
    /// <param name="links">The ways; no more than <see cref="PortMappingOptions.MaxLinks"/> are used.</param>
    /// <param name="now">Monotonic time.</param>
    public IReadOnlyList<PortMapEffect> OnChanged(IReadOnlyList<PortToMap> ports, IReadOnlyList<GatewayLink> links, TimeSpan now)
    {
        if (_releaseBy is not null)
        {
            return [];
        }

        var kept = ports.Distinct().Take(_options.MaxPorts).ToHashSet();
        foreach (var wanted in _wanted.Values.Where(wanted => !kept.Contains(wanted.Port)).ToList())
        {
            _wanted.Remove(wanted.Port);
            wanted.By?.Client.Release(wanted.Port, now);
            TellLost(wanted, "the node no longer listens there");
        }

        foreach (var port in kept)
        {
            _wanted.TryAdd(port, new WantedPort(port));
        }

        ChangeLinks(links.Distinct().Take(_options.MaxLinks).ToHashSet(), now);
        return Settle(now);
    }

    /// <summary>Something about the network changed, though not the ways to the routers: everything is looked at anew.</summary>
    public IReadOnlyList<PortMapEffect> OnNetworkChanged(TimeSpan now)
    {
        foreach (var entry in Clients)
        {
            entry.Client.Recheck(now);
        }

        return Settle(now);
    }

    /// <summary>A datagram came in.</summary>
    public IReadOnlyList<PortMapEffect> OnDatagram(int channel, ReadOnlySpan<byte> datagram, IPEndPoint from, TimeSpan now)
    {
        if (_channels.TryGetValue(channel, out var entry))
        {
            entry.Client.OnDatagram(datagram, from, now);
        }
        else if (_gateways.FirstOrDefault(gateway => gateway.Heard.ContainsKey(channel)) is { } gateway && from.Address.Equals(gateway.Link.Gateway))
        {
            OnTold(gateway, gateway.Heard[channel], datagram, now);
        }

        return Settle(now);
    }

    /// <summary>A channel could not be opened, or broke; it is opened again when there is something to send.</summary>
    public IReadOnlyList<PortMapEffect> OnChannelFailed(int channel, TimeSpan now)
    {
        if (_channels.Remove(channel, out var entry))
        {
            entry.Channel = null;
        }

        return Settle(now);
    }

    /// <summary>An HTTP request is answered.</summary>
    public IReadOnlyList<PortMapEffect> OnReply(long id, GatewayReply reply, TimeSpan now)
    {
        if (_asks.Remove(id, out var entry))
        {
            entry.Client.OnReply(reply, now);
        }

        return Settle(now);
    }

    /// <summary>Time went by.</summary>
    public IReadOnlyList<PortMapEffect> OnDeadline(TimeSpan now)
    {
        foreach (var entry in Clients.Where(entry => entry.Client.NextDeadline <= now).ToList())
        {
            entry.Client.OnDeadline(now);
        }

        return Settle(now);
    }

    /// <summary>Gives everything back; ends with <see cref="PortMapEffect.Released"/>, after <see cref="PortMappingOptions.ReleaseTime"/> at the latest.</summary>
    public IReadOnlyList<PortMapEffect> Shutdown(TimeSpan now)
    {
        _releaseBy ??= now + _options.ReleaseTime;
        foreach (var wanted in _wanted.Values)
        {
            wanted.By?.Client.Release(wanted.Port, now);
            TellLost(wanted, "given back");
        }

        _wanted.Clear();
        return Settle(now);
    }

    /// <summary>
    /// The router told everybody something, or somebody in the house did in its name: reason enough to ask the router, and for nothing else.
    /// </summary>
    private static void OnTold(GatewayEntry gateway, GatewayChannel by, ReadOnlySpan<byte> datagram, TimeSpan now)
    {
        var notice = by == GatewayChannel.Notices ? SsdpCodec.ParseNotice(datagram) : null;
        foreach (var entry in gateway.Clients)
        {
            if (by == GatewayChannel.Announcements && entry.Client is PortControlClient control)
            {
                control.Recheck(now);
            }
            else if (notice is not null && entry.Client is UpnpClient upnp)
            {
                upnp.OnNotice(notice, now);
            }
        }
    }

    private void ChangeLinks(HashSet<GatewayLink> links, TimeSpan now)
    {
        foreach (var gateway in _gateways.Where(gateway => !links.Contains(gateway.Link)).ToList())
        {
            Forget(gateway, "the router or this machine's address changed");
        }

        foreach (var link in links.Where(link => _gateways.TrueForAll(gateway => gateway.Link != link)))
        {
            var gateway = new GatewayEntry(link);
            _gateways.Add(gateway);
            gateway.Clients.Add(new ClientEntry(gateway, new PcpClient(link, _options, _nonces)));
            if (!link.IsIp6)
            {
                gateway.Clients.Add(new ClientEntry(gateway, new NatPmpClient(link, _options)));
            }

            gateway.Clients.Add(new ClientEntry(gateway, new UpnpClient(
                link, _options, client => link.IsIp6 ? new UpnpPinholes(client) : new UpnpMappings(client, _random))));
            foreach (var kind in (GatewayChannel[])[GatewayChannel.Announcements, GatewayChannel.Notices])
            {
                gateway.Heard[++_lastChannel] = kind;
                _effects.Add(new PortMapEffect.OpenChannel(_lastChannel, kind, link));
            }

            gateway.Clients.ForEach(entry => entry.Client.Start(now));
        }
    }

    private void Forget(GatewayEntry gateway, string reason)
    {
        _gateways.Remove(gateway);
        _effects.AddRange(gateway.Heard.Keys.Select(channel => new PortMapEffect.CloseChannel(channel)));
        foreach (var entry in gateway.Clients)
        {
            Unassign(entry, reason);
            if (entry.Channel is { } channel)
            {
                _channels.Remove(channel);
                _effects.Add(new PortMapEffect.CloseChannel(channel));
            }

            if (entry.Client.External is not null)
            {
                _effects.Add(new PortMapEffect.Reported(entry.Client.Protocol, null));
            }
        }

        foreach (var (id, _) in _asks.Where(ask => ask.Value.Gateway == gateway).ToList())
        {
            _asks.Remove(id);
        }
    }
}
