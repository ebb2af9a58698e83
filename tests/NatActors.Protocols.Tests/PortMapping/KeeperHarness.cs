using System.Net;
using NatActors.Multiformats.Tests.Shared;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.PortMapping;

namespace NatActors.Protocols.Tests.PortMapping;

/// <summary>A keeper and its routers on virtual time: what is sent is answered after a millisecond.</summary>
internal sealed class KeeperHarness
{
    public static readonly IPAddress RouterAddress = IPAddress.Parse("10.0.0.1");
    public static readonly IPAddress Local = IPAddress.Parse("10.0.0.2");
    public static readonly PortToMap Port = new(IpProtocol.Tcp, Local, 4001);
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(1);

    private readonly PriorityQueue<Func<IReadOnlyList<PortMapEffect>>, (TimeSpan, int)> _answers = new();
    private readonly Dictionary<int, PortMapEffect.OpenChannel> _channels = [];
    private int _sequence;

    public KeeperHarness(PortMappingOptions? options = null)
    {
        Router = new FakeRouter(RouterAddress);
        Keeper = new PortMapKeeper(options ?? new PortMappingOptions(), new MappingNonce([7]), new SeededRandom(3));
    }

    public PortMapKeeper Keeper { get; }

    public FakeRouter Router { get; set; }

    public TimeSpan Now { get; private set; } = TimeSpan.FromHours(5);

    public List<PortMapEffect> Told { get; } = [];

    public List<(TimeSpan At, byte[] Datagram)> Sent { get; } = [];

    public IEnumerable<PortMapEffect.Confirmed> Confirmed => Told.OfType<PortMapEffect.Confirmed>();

    public IEnumerable<PortMapEffect.Lost> Losses => Told.OfType<PortMapEffect.Lost>();

    public StandingMapping Mapping => Assert.Single(Keeper.Mappings);

    public KeeperHarness Start(IReadOnlyList<PortToMap>? ports = null, GatewayLink? link = null)
    {
        Apply(Keeper.OnChanged(ports ?? [Port], [link ?? new GatewayLink(RouterAddress, (ports ?? [Port])[0].Internal)], Now));
        return this;
    }

    public void Change(IReadOnlyList<PortToMap> ports, params GatewayLink[] links) => Apply(Keeper.OnChanged(ports, links, Now));

    public void Shutdown() => Apply(Keeper.Shutdown(Now));

    /// <summary>Something that the router tells everybody.</summary>
    public void Announce(GatewayChannel kind, byte[] datagram, IPAddress? from = null)
    {
        var channel = _channels.Values.First(c => c.Kind == kind).Channel;
        Apply(Keeper.OnDatagram(channel, datagram, new IPEndPoint(from ?? Router.Address, 5351), Now));
    }

    /// <summary>Lets time go by, deadline by deadline, answer by answer.</summary>
    public void Run(TimeSpan time)
    {
        var end = Now + time;
        for (var steps = 0; steps < 100_000; steps++)
        {
            var answer = _answers.TryPeek(out _, out var key) ? key.Item1 : TimeSpan.MaxValue;
            var deadline = Keeper.NextDeadline ?? TimeSpan.MaxValue;
            if (answer > end && deadline > end)
            {
                Now = end;
                return;
            }

            if (answer <= deadline)
            {
                Now = answer > Now ? answer : Now;
                Apply(_answers.Dequeue()());
            }
            else
            {
                Now = deadline > Now ? deadline : Now;
                Apply(Keeper.OnDeadline(Now));
            }
        }

        Assert.Fail("the keeper does not come to rest");
    }

    private void Apply(IReadOnlyList<PortMapEffect> effects)
    {
        foreach (var effect in effects)
        {
            switch (effect)
            {
                case PortMapEffect.OpenChannel open: _channels.Add(open.Channel, open); break;
                case PortMapEffect.CloseChannel close: Assert.True(_channels.Remove(close.Channel)); break;
                case PortMapEffect.Send send: OnSend(send); break;
                case PortMapEffect.Ask ask: Answer(() => Keeper.OnReply(ask.Id, Router.OnHttp(ask.Request), Now)); break;
                default: Told.Add(effect); break;
            }
        }
    }

    private void OnSend(PortMapEffect.Send send)
    {
        Assert.Contains(send.Channel, _channels.Keys);
        Sent.Add((Now, send.Datagram));
        var (answer, port) = send.To.Port == SsdpCodec.Port
            ? (Router.OnSearch(send.Datagram), SsdpCodec.Port)
            : send.To.Address.Equals(Router.Address) ? (Router.OnControl(send.Datagram, Now), NatPmpCodec.ServerPort) : (null, 0);
        if (answer is not null)
        {
            var from = new IPEndPoint(Router.Address, port);
            Answer(() => Keeper.OnDatagram(send.Channel, answer, from, Now));
        }
    }

    private void Answer(Func<IReadOnlyList<PortMapEffect>> give) => _answers.Enqueue(give, (Now + Latency, ++_sequence));
}
