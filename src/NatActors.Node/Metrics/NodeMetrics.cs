using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Resources;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.Connections;
using NatActors.Protocols.Relay;
using NatActors.Protocols.Resources;

namespace NatActors.Node.Metrics;

/// <summary>
/// What one node measures (<see cref="Instruments"/>). Thread-safe. Much of it is made of the node's events, see <see cref="Watch"/>; the
/// rest is told by whoever does the work.
/// </summary>
public sealed class NodeMetrics : IObserver<NodeEvent>, IDisposable
{
    private static readonly string[] Transports = ["tcp", "quic", "relay"];
    private static readonly string[] Verdicts = ["public", "public-unproven", "private", "unknown"];
    private static ImmutableList<NodeMetrics> _running = [];

    private readonly KeyValuePair<string, object?> _node;
    private readonly Lock _gate = new();
    private readonly long[] _connections = new long[2 * Transports.Length];
    private readonly HashSet<PeerId> _reservations = [];
    private readonly HashSet<Multiaddr> _confirmed = [];
    private readonly HashSet<(string Protocol, Multiaddr External)> _mappings = [];
    private string _verdict = "unknown";
    private long _circuits;
    private IDisposable? _events;
    private NodeResources? _resources;

    /// <summary>The measurements of the node of that name; nobody sees them before <see cref="Watch"/>.</summary>
    /// <param name="node">The tag <c>node</c>: the node's peer id.</param>
    public NodeMetrics(string node) => _node = new("node", node);

    /// <summary>The nodes that are read.</summary>
    internal static ImmutableList<NodeMetrics> Running => Volatile.Read(ref _running);

    /// <summary>Bytes on direct connections.</summary>
    public TrafficMeter Direct { get; } = new();

    /// <summary>Bytes on relayed connections, of which this node is one end.</summary>
    public TrafficMeter Relayed { get; } = new();

    /// <summary>Bytes that circuits carried through this node's relay server; what it received it sent on.</summary>
    public TrafficMeter Circuits { get; } = new();

    /// <summary>Shows the node's measurements from now on, until <see cref="Dispose"/>.</summary>
    /// <param name="events">What happens in the node.</param>
    /// <param name="resources">What it holds; null for nothing.</param>
    public void Watch(IObservable<NodeEvent> events, NodeResources? resources = null)
    {
        Instruments.Publish();
        _resources = resources;
        if (resources is not null)
        {
            resources.Refused += OnRefused;
            resources.Evicted += OnEvicted;
        }

        _events = events.Subscribe(this);
        ImmutableInterlocked.Update(ref _running, list => list.Add(this));
    }

    /// <summary>The node has ended.</summary>
    public void Dispose()
    {
        ImmutableInterlocked.Update(ref _running, list => list.Remove(this));
        _events?.Dispose();
        if (_resources is { } resources)
        {
            resources.Refused -= OnRefused;
            resources.Evicted -= OnEvicted;
        }
    }

    /// <summary>A connection is up.</summary>
    public void OnConnected(ConnectionInfo connection)
    {
        Interlocked.Increment(ref _connections[IndexOf(connection)]);
        Instruments.OpenedCounter.Add(1, TagsOf(connection));
    }

    /// <summary>A connection that was up is gone.</summary>
    public void OnDisconnected(ConnectionInfo connection)
    {
        Interlocked.Decrement(ref _connections[IndexOf(connection)]);
        Instruments.ClosedCounter.Add(1, TagsOf(connection));
    }

    /// <summary>A connection was refused; nothing for none.</summary>
    public void OnRefused(ConnectionRefusal refusal)
    {
        if (refusal != ConnectionRefusal.None)
        {
            Instruments.RefusedCounter.Add(1, _node, new("reason", Kebab(refusal)));
        }
    }

    /// <summary>A connection in its handshake gave its place to a newcomer.</summary>
    public void OnDisplaced() => Instruments.RefusedCounter.Add(1, _node, new("reason", "displaced"));

    /// <summary>A dial of a peer is over.</summary>
    /// <param name="took">How long it took.</param>
    /// <param name="failure">Why it failed; null when it succeeded.</param>
    public void OnDialed(TimeSpan took, DialFailureKind? failure) =>
        Instruments.DialHistogram.Record(took.TotalSeconds, _node, Outcome(failure is { } kind ? Kebab(kind) : "connected"));

    /// <summary>A question to an AutoNAT server has ended.</summary>
    public void OnProbed(WitnessOutcome outcome) => Instruments.ProbeCounter.Add(1, _node, Outcome(Kebab(outcome)));

    /// <summary>This node's AutoNAT server has dialed back, for a client or for another server.</summary>
    public void OnDialBack(DialBackOutcome outcome) => Instruments.DialBackCounter.Add(1, _node, Outcome(Kebab(outcome)));

    /// <summary>This node's AutoNAT server has refused a client, whose turn it was not.</summary>
    public void OnDialBackRefused() => Instruments.DialBackCounter.Add(1, _node, Outcome("refused"));

    /// <summary>The relay server has answered a reservation.</summary>
    public void OnReservationAnswered(RelayStatus status) => Instruments.ServerReservationCounter.Add(1, _node, Outcome(Kebab(status)));

    /// <summary>The relay server has decided on a circuit.</summary>
    public void OnCircuitAnswered(RelayStatus status) => Instruments.ServerCircuitCounter.Add(1, _node, Outcome(Kebab(status)));

    /// <summary>A circuit through the relay server is open.</summary>
    public void OnCircuitOpened() => Interlocked.Increment(ref _circuits);

    /// <summary>A circuit that was open has ended.</summary>
    public void OnCircuitClosed() => Interlocked.Decrement(ref _circuits);

    /// <inheritdoc />
    void IObserver<NodeEvent>.OnNext(NodeEvent value)
    {
        lock (_gate)
        {
            switch (value)
            {
                case NodeEvents.PunchEnded e: OnPunched(e); break;
                case NodeEvents.ReachabilityChanged e: OnVerdict(e); break;
                case NodeEvents.AddressConfirmed e: _confirmed.Add(e.Address); break;
                case NodeEvents.AddressLost e: _confirmed.Remove(e.Address); break;
                case NodeEvents.Mapping { Lease.Ticks: > 0 } e: _mappings.Add((e.Protocol, e.External)); break;
                case NodeEvents.Mapping e: _mappings.Remove((e.Protocol, e.External)); break;
                case NodeEvents.Reserved e: _reservations.Add(e.Relay); break;
                case NodeEvents.ReservationLost e: OnReservationLost(e.Relay); break;
            }
        }
    }

    /// <inheritdoc />
    void IObserver<NodeEvent>.OnCompleted()
    {
    }

    /// <inheritdoc />
    void IObserver<NodeEvent>.OnError(Exception error)
    {
    }

    internal IEnumerable<Measurement<long>> ObserveConnections()
    {
        for (var i = 0; i < _connections.Length; i++)
        {
            var direction = i < Transports.Length ? ConnectionDirection.Inbound : ConnectionDirection.Outbound;
            yield return new Measurement<long>(
                Interlocked.Read(ref _connections[i]), _node, new("direction", Kebab(direction)), new("transport", Transports[i % Transports.Length]));
        }
    }

    internal IEnumerable<Measurement<long>> ObserveVerdict()
    {
        lock (_gate)
        {
            return [.. Verdicts.Select(verdict => new Measurement<long>(verdict == _verdict ? 1 : 0, _node, new("verdict", verdict)))];
        }
    }

    internal IEnumerable<Measurement<long>> ObserveConfirmed() => [Count(() => _confirmed.Count)];

    internal IEnumerable<Measurement<long>> ObserveReservations() => [Count(() => _reservations.Count)];

    internal IEnumerable<Measurement<long>> ObserveMappings()
    {
        lock (_gate)
        {
            return [.. _mappings.CountBy(m => m.Protocol).Select(p => new Measurement<long>(p.Value, _node, new("protocol", p.Key)))];
        }
    }

    internal IEnumerable<Measurement<long>> ObserveCircuits() => [new(Interlocked.Read(ref _circuits), _node)];

    internal IEnumerable<Measurement<long>> ObserveCircuitBytes() => [new(Circuits.Sent, _node)];

    internal IEnumerable<Measurement<long>> ObserveMemory() => [new(_resources?.Usage.Memory ?? 0, _node)];

    internal IEnumerable<Measurement<long>> ObserveMemoryLimit() => _resources is { } held ? [new(held.MaxMemory, _node)] : [];

    internal IEnumerable<Measurement<long>> ObserveStreams()
    {
        var usage = _resources?.Usage ?? default;
        return [new(usage.InboundStreams, _node, new("direction", "inbound")), new(usage.OutboundStreams, _node, new("direction", "outbound"))];
    }

    internal IEnumerable<Measurement<long>> ObserveBytes() =>
    [
        Bytes(Direct.Sent, "sent", "direct"),
        Bytes(Direct.Received, "received", "direct"),
        Bytes(Relayed.Sent, "sent", "relayed"),
        Bytes(Relayed.Received, "received", "relayed"),
    ];

    private Measurement<long> Bytes(long value, string direction, string path) => new(value, _node, new("direction", direction), new("path", path));

    private Measurement<long> Count(Func<int> count)
    {
        lock (_gate)
        {
            return new Measurement<long>(count(), _node);
        }
    }

    private void OnPunched(NodeEvents.PunchEnded punch) => Instruments.PunchHistogram.Record(
        punch.Duration.TotalSeconds, _node, Outcome(Kebab(punch.Outcome)), new("round", punch.Round));

    private void OnRefused(ResourceRefusal refusal, string asker) => Instruments.ResourceRefusedCounter.Add(1, TagsOf(refusal));

    private void OnEvicted(ResourceScope victim, ResourceRefusal refusal) => Instruments.ResourceEvictedCounter.Add(1, TagsOf(refusal));

    private TagList TagsOf(ResourceRefusal refusal) =>
        new() { _node, new("scope", Kebab(refusal.Scope)), new("resource", Kebab(refusal.Resource)) };

    private void OnVerdict(NodeEvents.ReachabilityChanged change)
    {
        var verdict = change is { Verdict: Protocols.AutoNat.Reachability.Public, FilteringProven: false } ? "public-unproven" : Kebab(change.Verdict);
        if (verdict != _verdict)
        {
            _verdict = verdict;
            Instruments.VerdictCounter.Add(1, _node, new("verdict", verdict));
        }
    }

    private void OnReservationLost(PeerId relay)
    {
        _reservations.Remove(relay);
        Instruments.LostCounter.Add(1, _node);
    }

    private TagList TagsOf(ConnectionInfo connection) =>
        new() { _node, new("direction", Kebab(connection.Direction)), new("transport", connection.Transport) };

    private static int IndexOf(ConnectionInfo connection) =>
        ((int)connection.Direction * Transports.Length) + Array.IndexOf(Transports, connection.Transport);

    private static KeyValuePair<string, object?> Outcome(string outcome) => new("outcome", outcome);

    /// <summary><c>AllFailed</c> as <c>all-failed</c>.</summary>
    private static string Kebab<T>(T value)
        where T : struct, Enum => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
