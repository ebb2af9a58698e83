using System.Net;
using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.PortMapping;

namespace NatActors.Fuzz.Entries.Protocols.PortMapping;

/// <summary>A <see cref="PortMapKeeper"/> and what its actor knows: sockets, requests, mappings.</summary>
internal sealed class KeeperRun(RandomSource random) : TimedRun
{
    private static readonly PortMappingOptions Options = new() { MaxPorts = 3, MaxLinks = 2 };
    private static readonly byte[] Secret = [1, 2, 3, 4];

    private static readonly GatewayLink[] Links =
        [new(Samples.Hosts[5], Samples.Hosts[6]), new(Samples.Hosts[20], Samples.Hosts[13]), new(Samples.Hosts[7], Samples.Hosts[6])];

    private static readonly PortToMap[] Ports =
    [
        new(IpProtocol.Tcp, Samples.Hosts[6], 4001), new(IpProtocol.Udp, Samples.Hosts[6], 4001),
            new(IpProtocol.Tcp, Samples.Hosts[13], 4001),
        new(IpProtocol.Tcp, Samples.Hosts[6], 4002),
    ];

    private readonly PortMapKeeper _keeper = new(Options, new MappingNonce(Secret), random);
    private readonly Dictionary<int, PortMapEffect.OpenChannel> _channels = [];
    private readonly Dictionary<long, GatewayRequest> _asks = [];
    private readonly Dictionary<PortToMap, IPEndPoint> _mapped = [];
    private readonly Queue<TimeSpan> _sends = new();
    private byte[] _lastPcp = [];
    private bool _shutdown;
    private bool _released;
    private TimeSpan _now;

    protected override TimeSpan? NextDeadline => _keeper.NextDeadline;

    protected override void Deadline(TimeSpan now, ref FuzzDigest digest)
    {
        _now = now;
        Take(_keeper.OnDeadline(now), ref digest);
    }

    protected override void Event(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
    {
        _now = now;
        if (_released)
        {
            // Its actor has stopped.
            return;
        }

        switch (kind)
        {
            case 0:
                var ports = Ports.Take(arguments.Below(Ports.Length + 1)).ToArray();
                Take(_keeper.OnChanged(ports, [.. Links.Take(arguments.Below(Links.Length + 1))], now), ref digest);
                break;
            case 1: Datagram(KeeperAnswers.Pcp(_lastPcp, ref arguments), NatPmpCodec.ServerPort, ref arguments, ref digest); break;
            case 2: Datagram(KeeperAnswers.NatPmp(Ports, ref arguments), NatPmpCodec.ServerPort, ref arguments, ref digest); break;
            case 3:
                var bytes = arguments.Bytes().ToArray();
                Datagram(bytes, arguments.Flag() ? NatPmpCodec.ServerPort : 1900, ref arguments, ref digest);
                break;
            case 4: Datagram(KeeperAnswers.Search(ref arguments), 1900, ref arguments, ref digest); break;
            case 5: Reply(KeeperAnswers.Description(ref arguments), ref digest); break;
            case 6: Reply(KeeperAnswers.Soap(_asks.Values.LastOrDefault(), Ports[0], ref arguments), ref digest); break;
            case 7: Reply(GatewayReply.Failed("no answer"), ref digest); break;
            case 8 when _channels.Count > 0:
                var failed = _channels.Keys.ElementAt(arguments.Below(_channels.Count));
                _channels.Remove(failed);
                Take(_keeper.OnChannelFailed(failed, now), ref digest);
                break;
            case 9: Take(_keeper.OnNetworkChanged(now), ref digest); break;
            case 10:
                _shutdown = true;
                Take(_keeper.Shutdown(now), ref digest);
                break;
            default: Take(_keeper.OnDeadline(now), ref digest); break;
        }
    }

    protected override void Check(TimeSpan now)
    {
        var standing = _keeper.Mappings;
        Require.That(
            standing.Count == _mapped.Count && standing.All(m => _mapped.TryGetValue(m.Port, out var at) && at.Equals(m.External)),
            "a mapping stands that was not told, or the reverse");
        Require.That(_mapped.Count <= Options.MaxPorts, "more ports are mapped than allowed");
        Require.That(_asks.Count <= Options.MaxLinks, "two requests at a time to a router");
        Require.That(!_shutdown || _mapped.Count == 0, "a mapping outlives the end");
        Require.That(
            _keeper.Protocols.All(p => Samples.IsPrintable(p.Product) && Samples.IsPrintable(p.Problem)),
            "what a router says has control characters");
    }

    protected override void Finish(ref TimeSpan now, ref FuzzDigest digest)
    {
        if (!_released)
        {
            _shutdown = true;
            Take(_keeper.Shutdown(now), ref digest);
        }

        Require.That(RunOut(ref now, ref digest) && _released, "what was mapped is never given back");
    }

    private void Datagram(byte[] bytes, int port, ref EventArguments arguments, ref FuzzDigest digest)
    {
        if (_channels.Count > 0)
        {
            var channel = _channels.Values.ElementAt(arguments.Below(_channels.Count));
            var from = arguments.Byte() > 240 ? Samples.Hosts[0] : channel.Link.Gateway;
            Take(_keeper.OnDatagram(channel.Channel, bytes, new IPEndPoint(from, port), _now), ref digest);
        }
    }

    private void Reply(GatewayReply reply, ref FuzzDigest digest)
    {
        if (_asks.Count > 0)
        {
            var id = _asks.Keys.Last();
            _asks.Remove(id);
            Take(_keeper.OnReply(id, reply, _now), ref digest);
            Take(_keeper.OnReply(id, reply, _now), ref digest);
        }
    }

    private void Take(IReadOnlyList<PortMapEffect> effects, ref FuzzDigest digest)
    {
        foreach (var effect in effects)
        {
            Require.That(!_released, "something follows the end");
            On(effect, ref digest);
        }
    }

    private void On(PortMapEffect effect, ref FuzzDigest digest)
    {
        switch (effect)
        {
            case PortMapEffect.OpenChannel open:
                Require.That(
                    _channels.TryAdd(open.Channel, open) && _channels.Count <= Options.MaxLinks * 5,
                    "a socket is opened twice, or too many are");
                break;
            case PortMapEffect.CloseChannel close: _channels.Remove(close.Channel); break;
            case PortMapEffect.Send send:
                Require.That(_channels.ContainsKey(send.Channel), "something is sent by a socket that is not open");
                _lastPcp = send.Datagram[0] == PcpCodec.Version && send.Datagram.Length > 24 ? send.Datagram : _lastPcp;
                HoldPace();
                break;
            case PortMapEffect.Ask ask:
                _asks.Add(ask.Id, ask.Request);
                KeeperAnswers.Hold(ask.Request);
                HoldPace();
                break;
            case PortMapEffect.Confirmed confirmed:
                Require.That(
                    confirmed.IsRenewal == (_mapped.TryGetValue(confirmed.Port, out var known) && known.Equals(confirmed.External)),
                    "a renewal of nothing, or a mapping beside another");
                Require.That(confirmed.IsRenewal || !_mapped.ContainsKey(confirmed.Port), "a mapping is replaced without being lost");
                Require.That(confirmed.Lease >= Options.MinLease && confirmed.Lease <= Options.MaxLease, "a lease out of bounds");
                Require.That(confirmed.External.Port > 0, "a mapping without a port");
                _mapped[confirmed.Port] = confirmed.External;
                digest.Add(confirmed.Protocol);
                break;
            case PortMapEffect.Lost lost:
                Require.That(
                    _mapped.TryGetValue(lost.Port, out var was) && was.Equals(lost.External),
                    "a mapping is lost that did not stand");
                _mapped.Remove(lost.Port);
                digest.Add(lost.Reason);
                break;
            case PortMapEffect.Released:
                Require.That(_shutdown, "everything is given back unasked");
                _released = true;
                break;
        }
    }

    /// <summary>A router, or who speaks in its name, makes no flood of us: in any second a few hundred packets at most, whatever comes
    /// in.</summary>
    private void HoldPace()
    {
        const int MostInASecond = 250;
        while (_sends.TryPeek(out var first) && first <= _now - TimeSpan.FromSeconds(1))
        {
            _sends.Dequeue();
        }

        _sends.Enqueue(_now);
        Require.That(_sends.Count <= MostInASecond, "a router makes a flood of us");
    }
}
