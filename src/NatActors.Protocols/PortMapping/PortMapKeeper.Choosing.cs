using System.Net;

namespace NatActors.Protocols.PortMapping;

/// <summary>Which protocol maps which port, and what becomes of it.</summary>
public sealed partial class PortMapKeeper
{
    /// <summary>Carries out what the clients want, lets ports find a protocol, until nothing moves; then hands out the effects.</summary>
    private IReadOnlyList<PortMapEffect> Settle(TimeSpan now)
    {
        bool moved;
        do
        {
            moved = false;
            foreach (var entry in Clients.ToList())
            {
                foreach (var output in entry.Client.Take())
                {
                    moved = true;
                    On(entry, output, now);
                }
            }

            moved |= _wanted.Values.Count(wanted => wanted.By is null && Assign(wanted, now)) > 0;
        }
        while (moved);

        foreach (var gateway in _gateways.Where(gateway => gateway.SettleUntil <= now))
        {
            gateway.SettleUntil = null;
        }

        EndIfReleased(now);
        var effects = _effects.ToArray();
        _effects.Clear();
        return effects;
    }

    private void On(ClientEntry entry, ClientOutput output, TimeSpan now)
    {
        switch (output)
        {
            case ClientOutput.Send send: OnSend(entry, send); break;
            case ClientOutput.Ask ask: OnAsk(entry, ask.Request); break;
            case ClientOutput.Found: OnFound(entry, now); break;
            case ClientOutput.Gone gone: Unassign(entry, gone.Reason); break;
            case ClientOutput.Reported reported: OnReported(entry, reported.External, now); break;
            case ClientOutput.Mapped mapped: OnMapped(entry, mapped, now); break;
            case ClientOutput.Refused refused: OnRefused(entry, refused, now); break;
            case ClientOutput.Lost lost when WantedFrom(entry, lost.Port) is { } wanted: TellLost(wanted, lost.Reason); break;
        }
    }

    private void OnSend(ClientEntry entry, ClientOutput.Send send)
    {
        if (entry.Channel is not { } channel)
        {
            channel = ++_lastChannel;
            entry.Channel = channel;
            _channels[channel] = entry;
            var kind = entry.Client.Method == MappingMethod.Upnp ? GatewayChannel.Search : GatewayChannel.Control;
            _effects.Add(new PortMapEffect.OpenChannel(channel, kind, entry.Client.Link));
        }

        _effects.Add(new PortMapEffect.Send(channel, send.Datagram, send.To));
    }

    private void OnAsk(ClientEntry entry, GatewayRequest request)
    {
        _asks[++_lastAsk] = entry;
        _effects.Add(new PortMapEffect.Ask(_lastAsk, request));
    }

    /// <summary>The first protocol of a router that is found waits a moment for a better one.</summary>
    private void OnFound(ClientEntry entry, TimeSpan now)
    {
        if (entry.Gateway.Clients.TrueForAll(other => other == entry || !other.Client.IsFound))
        {
            entry.Gateway.SettleUntil = now + _options.Settle;
        }

        foreach (var wanted in _wanted.Values)
        {
            wanted.RefusedUntil.Remove(entry);
        }
    }

    /// <summary>One protocol sees another external address than a mapping by another protocol has: that one looks again.</summary>
    private void OnReported(ClientEntry entry, IPAddress? external, TimeSpan now)
    {
        _effects.Add(new PortMapEffect.Reported(entry.Client.Protocol, external));
        foreach (var wanted in _wanted.Values)
        {
            if (external is not null && wanted.By is { } by && by != entry && by.Gateway == entry.Gateway
                && wanted.External is { } mapped && !mapped.Address.Equals(external))
            {
                by.Client.Recheck(now);
            }
        }
    }

    private void OnMapped(ClientEntry entry, ClientOutput.Mapped mapped, TimeSpan now)
    {
        if (WantedFrom(entry, mapped.Port) is not { } wanted)
        {
            entry.Client.Release(mapped.Port, now);
            return;
        }

        var isRenewal = mapped.External.Equals(wanted.External);
        if (!isRenewal)
        {
            TellLost(wanted, "the router lets others in elsewhere now");
        }

        (wanted.External, wanted.Lease, wanted.Protocol) = (mapped.External, mapped.Lease, entry.Client.Protocol);
        _effects.Add(new PortMapEffect.Confirmed(wanted.Protocol, wanted.Port, mapped.External, mapped.Lease, isRenewal));
    }

    private void OnRefused(ClientEntry entry, ClientOutput.Refused refused, TimeSpan now)
    {
        if (WantedFrom(entry, refused.Port) is { } wanted)
        {
            TellLost(wanted, refused.Reason);
            wanted.By = null;
            wanted.RefusedUntil[entry] = now + refused.RetryIn;
        }
    }

    private bool Assign(WantedPort wanted, TimeSpan now)
    {
        if (_releaseBy is not null)
        {
            return false;
        }

        foreach (var (entry, _) in wanted.RefusedUntil.Where(refusal => refusal.Value <= now).ToList())
        {
            wanted.RefusedUntil.Remove(entry);
        }

        var best = Clients
            .Where(entry => entry.Client.IsFound && entry.Client.Link.Local.Equals(wanted.Port.Internal) && !wanted.RefusedUntil.ContainsKey(entry))
            .MinBy(entry => entry.Client.Method);
        if (best is null || (best.Client.Method != MappingMethod.Pcp && best.Gateway.SettleUntil > now))
        {
            return false;
        }

        wanted.By = best;
        best.Client.Want(wanted.Port, now);
        return true;
    }

    private void Unassign(ClientEntry entry, string reason)
    {
        foreach (var wanted in _wanted.Values)
        {
            wanted.RefusedUntil.Remove(entry);
            if (wanted.By == entry)
            {
                TellLost(wanted, reason);
                wanted.By = null;
            }
        }
    }

    private WantedPort? WantedFrom(ClientEntry entry, PortToMap port) =>
        _wanted.TryGetValue(port, out var wanted) && wanted.By == entry ? wanted : null;

    private void TellLost(WantedPort wanted, string reason)
    {
        if (wanted.External is { } external)
        {
            wanted.External = null;
            _effects.Add(new PortMapEffect.Lost(wanted.Protocol, wanted.Port, external, reason));
        }
    }

    private void EndIfReleased(TimeSpan now)
    {
        if (_releaseBy is { } end && !_isReleased && (now >= end || !Clients.Any(entry => entry.Client.IsReleasing)))
        {
            _isReleased = true;
            _effects.Add(new PortMapEffect.Released());
        }
    }

    /// <summary>A router and the protocols that it is asked for.</summary>
    private sealed class GatewayEntry(GatewayLink link)
    {
        public GatewayLink Link { get; } = link;

        public List<ClientEntry> Clients { get; } = [];

        /// <summary>The channels by which it tells everybody something.</summary>
        public Dictionary<int, GatewayChannel> Heard { get; } = [];

        /// <summary>Until when a better protocol has its chance; null when there is nothing to wait for.</summary>
        public TimeSpan? SettleUntil { get; set; }
    }

    /// <summary>A protocol at a router and its socket.</summary>
    private sealed class ClientEntry(GatewayEntry gateway, GatewayClient client)
    {
        public GatewayEntry Gateway { get; } = gateway;

        public GatewayClient Client { get; } = client;

        public int? Channel { get; set; }
    }

    /// <summary>A port and who maps it.</summary>
    private sealed class WantedPort(PortToMap port)
    {
        public PortToMap Port { get; } = port;

        public ClientEntry? By { get; set; }

        public string Protocol { get; set; } = "";

        public IPEndPoint? External { get; set; }

        public TimeSpan Lease { get; set; }

        public Dictionary<ClientEntry, TimeSpan> RefusedUntil { get; } = [];

        public TimeSpan? NextChance => By is null && RefusedUntil.Count > 0 ? RefusedUntil.Values.Min() : null;
    }
}
