using System.Diagnostics.Metrics;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Metrics;
using NatActors.Node.Resources;
using NatActors.Node.Tests.Whole;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.Relay;
using NatActors.Protocols.Resources;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Metrics;

public sealed class NodeMetricsTests : IDisposable
{
    private readonly PrivateKey _peer = MakeNode(2).Key;
    private readonly string _name = Guid.NewGuid().ToString();
    private readonly NodeEventHub _events = new(TimeProvider.System);
    private readonly NodeMetrics _metrics;
    private readonly Listener _listener;

    public NodeMetricsTests()
    {
        _metrics = new NodeMetrics(_name);
        _metrics.Watch(_events);
        _listener = new Listener(_name);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public void Connections_are_counted_by_direction_and_transport()
    {
        var direct = Connection(1, _peer);
        var relayed = Connection(2, _peer, relayed: true) with { Direction = ConnectionDirection.Inbound };
        _metrics.OnConnected(direct);
        _metrics.OnConnected(relayed);
        _metrics.OnDisconnected(direct);

        Assert.Equal(1, _listener.Of(Instruments.ConnectionsOpened, "direction=outbound", "transport=tcp"));
        Assert.Equal(1, _listener.Of(Instruments.ConnectionsClosed, "direction=outbound", "transport=tcp"));
        Assert.Equal(0, _listener.Of(Instruments.Connections, "direction=outbound", "transport=tcp"));
        Assert.Equal(1, _listener.Of(Instruments.Connections, "direction=inbound", "transport=relay"));
    }

    [Fact]
    public void Dials_and_punches_are_timed_by_outcome()
    {
        _metrics.OnDialed(TimeSpan.FromMilliseconds(250), null);
        _metrics.OnDialed(TimeSpan.FromSeconds(15), DialFailureKind.AllFailed);
        _events.Publish(new NodeEvents.PunchEnded(_peer.PeerId, PunchOutcome.Relayed, 3, TimeSpan.FromSeconds(2), "a reason"));

        Assert.Equal(0.25, _listener.Of(Instruments.DialDuration, "outcome=connected"));
        Assert.Equal(15, _listener.Of(Instruments.DialDuration, "outcome=all-failed"));
        Assert.Equal(2, _listener.Of(Instruments.PunchDuration, "outcome=relayed", "round=3"));
    }

    [Theory]
    [InlineData(Reachability.Public, true, "public")]
    [InlineData(Reachability.Public, false, "public-unproven")]
    [InlineData(Reachability.Private, false, "private")]
    public void The_verdict_that_stands_is_1_and_the_others_are_0(Reachability verdict, bool proven, string word)
    {
        Assert.Equal(1, _listener.Of(Instruments.Reachability, "verdict=unknown"));
        _events.Publish(new NodeEvents.ReachabilityChanged(verdict, proven, []));
        _events.Publish(new NodeEvents.ReachabilityChanged(verdict, proven, ["the same for another reason"]));

        Assert.Equal(1, _listener.Of(Instruments.Reachability, $"verdict={word}"));
        Assert.Equal(0, _listener.Of(Instruments.Reachability, "verdict=unknown"));
        Assert.Equal(1, _listener.Of(Instruments.ReachabilityChanges, $"verdict={word}"));
    }

    [Fact]
    public void What_is_held_is_counted_once_however_often_it_is_renewed()
    {
        var external = Multiaddr.Parse("/ip4/192.0.1.7/tcp/4001");
        for (var i = 0; i < 2; i++)
        {
            _events.Publish(new NodeEvents.Reserved(_peer.PeerId, DateTimeOffset.UnixEpoch, []));
            _events.Publish(new NodeEvents.Mapping("pcp", external, TimeSpan.FromHours(1), ""));
            _events.Publish(new NodeEvents.AddressConfirmed(external, ""));
        }

        Assert.Equal(1, _listener.Of(Instruments.Reservations));
        Assert.Equal(1, _listener.Of(Instruments.Mappings, "protocol=pcp"));
        Assert.Equal(1, _listener.Of(Instruments.AddressesConfirmed));

        _events.Publish(new NodeEvents.ReservationLost(_peer.PeerId, ""));
        _events.Publish(new NodeEvents.Mapping("pcp", external, TimeSpan.Zero, "gone"));
        _events.Publish(new NodeEvents.AddressLost(external, ""));

        Assert.Equal((0, 1), (_listener.Of(Instruments.Reservations), _listener.Of(Instruments.ReservationsLost)));
        Assert.Null(_listener.Of(Instruments.Mappings, "protocol=pcp"));
        Assert.Equal(0, _listener.Of(Instruments.AddressesConfirmed));
    }

    [Fact]
    public void The_work_for_others_is_counted()
    {
        _metrics.OnProbed(WitnessOutcome.ReachedByStranger);
        _metrics.OnDialBack(DialBackOutcome.DialBackError);
        _metrics.OnDialBackRefused();
        _metrics.OnReservationAnswered(RelayStatus.Ok);
        _metrics.OnCircuitAnswered(RelayStatus.NoReservation);
        _metrics.OnCircuitOpened();
        _metrics.Circuits.OnSent(7);

        Assert.Equal(1, _listener.Of(Instruments.Probes, "outcome=reached-by-stranger"));
        Assert.Equal(1, _listener.Of(Instruments.DialBacks, "outcome=dial-back-error"));
        Assert.Equal(1, _listener.Of(Instruments.DialBacks, "outcome=refused"));
        Assert.Equal(1, _listener.Of(Instruments.ServerReservations, "outcome=ok"));
        Assert.Equal(1, _listener.Of(Instruments.ServerCircuitRequests, "outcome=no-reservation"));
        Assert.Equal((1, 7), (_listener.Of(Instruments.ServerCircuits), _listener.Of(Instruments.ServerIo)));
    }

    [Fact]
    public void What_is_held_and_what_is_refused_for_want_of_it_is_counted()
    {
        var resources = new NodeResources(new ResourceLimits { Peer = new ScopeLimits { Streams = 1, Memory = 1_000_000 } });
        using var metrics = new NodeMetrics(_name);
        metrics.Watch(_events, resources);
        var connection = resources.OpenConnection(1, inbound: true, out _)!;
        connection.KnowPeer(_peer.PeerId);
        var stream = connection.OpenStream(inbound: true, out _)!;
        Assert.Null(stream.Take(5000));
        Assert.NotNull(connection.OpenStream(inbound: true, out var refusal) is null ? refusal : null);

        Assert.Equal(5000, _listener.Of(Instruments.ResourceMemory));
        Assert.Equal(1, _listener.Of(Instruments.ResourceStreams, "direction=inbound"));
        Assert.Equal(1, _listener.Of(Instruments.ResourcesRefused, "scope=peer", "resource=streams"));
    }

    [Fact]
    public void Nothing_is_read_of_a_node_that_has_ended()
    {
        _metrics.Dispose();

        Assert.Null(_listener.Of(Instruments.Io, "direction=sent", "path=direct"));
    }

    [Fact]
    public void Counting_bytes_leaves_nothing_on_the_heap()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            _metrics.Direct.OnSent(1);
            _metrics.Direct.OnReceived(2);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal((1000, 2000), (_metrics.Direct.Sent, _metrics.Direct.Received));
    }

    [Fact]
    public async Task Two_nodes_of_one_process_are_told_apart()
    {
        await using var far = await LoopbackNode.StartAsync();
        await using var near = await LoopbackNode.StartAsync();
        using var ofFar = new Listener(far.Id.ToString());
        using var ofNear = new Listener(near.Id.ToString());
        await near.Node.DialAsync(far.Address).WaitAsync(LoopbackNode.Guard);
        await far.Events.NextAsync<NodeEvents.Connected>();
        await near.Node.MeasureAsync(far.Id, 100_000, 0).WaitAsync(LoopbackNode.Guard);

        Assert.Equal(1, ofNear.Of(Instruments.Connections, "direction=outbound", "transport=tcp"));
        Assert.Equal(1, ofFar.Of(Instruments.Connections, "direction=inbound", "transport=tcp"));
        Assert.NotNull(ofNear.Of(Instruments.DialDuration, "outcome=connected"));
        Assert.True(ofNear.Of(Instruments.Io, "direction=sent", "path=direct") > 100_000);
        Assert.True(ofFar.Of(Instruments.Io, "direction=received", "path=direct") > 100_000);
        Assert.Equal(0, ofFar.Of(Instruments.Io, "direction=received", "path=relayed"));
    }

    [Fact]
    public async Task A_relay_counts_its_slots_and_circuits_and_what_they_carry()
    {
        await using var relay = await LoopbackNode.StartAsync(o => o with { RelayServer = "private" });
        using var listener = new Listener(relay.Id.ToString());
        await using var b = await LoopbackNode.StartAsync(o => o with { Relays = [relay.Address], HolePunching = false });
        await using var a = await LoopbackNode.StartAsync(o => o with { HolePunching = false });
        var reserved = await b.Events.NextAsync<NodeEvents.Reserved>();
        await a.Node.DialAsync(reserved.Addresses[0]).WaitAsync(LoopbackNode.Guard);
        await a.Node.PingAsync(b.Id).WaitAsync(LoopbackNode.Guard);

        Assert.Equal(1, listener.Of(Instruments.ServerReservations, "outcome=ok"));
        Assert.Equal(1, listener.Of(Instruments.ServerCircuitRequests, "outcome=ok"));
        Assert.Equal(1, listener.Of(Instruments.ServerCircuits));
        Assert.True(listener.Of(Instruments.ServerIo) > 64);
    }

    /// <summary>The last value of each series of one node; counters are added up.</summary>
    private sealed class Listener : IDisposable
    {
        private readonly string _node;
        private readonly Lock _gate = new();
        private readonly HashSet<string> _observed = [];
        private readonly Dictionary<string, double> _values = [];
        private readonly MeterListener _listener = new();

        public Listener(string node)
        {
            _node = node;
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == Instruments.MeterName)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
            _listener.Start();
        }

        public double? Of(string instrument, params string[] tags)
        {
            lock (_gate)
            {
                foreach (var key in _values.Keys.Where(k => k.StartsWith($"{instrument} ", StringComparison.Ordinal)).ToArray())
                {
                    if (_observed.Contains(instrument))
                    {
                        _values.Remove(key);
                    }
                }
            }

            _listener.RecordObservableInstruments();
            lock (_gate)
            {
                return _values.TryGetValue($"{instrument} {string.Join(' ', tags)}", out var value) ? value : null;
            }
        }

        public void Dispose() => _listener.Dispose();

        private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var all = tags.ToArray();
            if (!Equals(all[0].Value, _node) || all[0].Key != "node")
            {
                return;
            }

            var key = $"{instrument.Name} {string.Join(' ', all.Skip(1).Select(tag => $"{tag.Key}={tag.Value}"))}";
            lock (_gate)
            {
                if (instrument.IsObservable)
                {
                    _observed.Add(instrument.Name);
                    _values[key] = value;
                }
                else
                {
                    _values[key] = _values.GetValueOrDefault(key) + value;
                }
            }
        }
    }
}
