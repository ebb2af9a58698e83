using NatActors.Protocols.Resources;
using NatActors.Protocols.Tests.Connections;
using static NatActors.Protocols.Tests.Resources.TreeUnderTest;

namespace NatActors.Protocols.Tests.Resources;

/// <summary>Whatever is asked in whatever order: the sums are right, no limit is passed, and nothing is left at the end.</summary>
public sealed class RandomTreeTests
{
    private static readonly ResourceLimits Limits = new()
    {
        System = new ScopeLimits { Memory = 40 * Segment, Streams = 30, InboundStreams = 24 },
        Transient = new ScopeLimits { Memory = 20 * Segment, Streams = 16, Connections = 4 },
        Peer = new ScopeLimits { Memory = 20 * Segment, Streams = 12 },
        Connection = new ScopeLimits { Memory = 12 * Segment, Streams = 8 },
        Stream = new ScopeLimits { Memory = 6 * Segment },
        Protocol = new ScopeLimits { Memory = 25 * Segment, Streams = 14 },
        ProtocolPeer = new ScopeLimits { Memory = 15 * Segment, Streams = 7 },
    };

    private readonly ResourceTree _tree = new(Limits);
    private readonly List<ConnectionScope> _connections = [];
    private readonly List<StreamScope> _streams = [];
    private readonly Dictionary<ResourceScope, long> _held = [];
    private Random _random = new(0);
    private int _refused;
    private int _victims;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_storm_of_requests_adds_up_at_every_moment_and_leaves_nothing(int seed)
    {
        _random = new Random(seed);
        for (var step = 0; step < 6000; step++)
        {
            Step(step);
            Check();
        }

        Assert.True(_refused > 100 && _victims > 100, $"{_refused} refused, {_victims} victims");
        foreach (var connection in _connections)
        {
            _tree.Close(connection);
        }

        foreach (var holder in _held.Keys.ToArray())
        {
            GiveBack(holder, _held[holder]);
        }

        _streams.ForEach(_tree.Close);
        Assert.True(_tree.IsEmpty);
        Assert.Equal(default, _tree.Transient.Usage);
    }

    private void Step(int step)
    {
        switch (_random.Next(12))
        {
            case 0: OpenConnection(step); break;
            case 1 or 2 or 3: OpenStream(); break;
            case 4 when Any(_streams) is { } stream: Granted(() => _tree.Agree(stream, $"/{_random.Next(3)}")); break;
            case 5 or 6 or 7 when Any(_streams) is { } stream: Take(stream, Segment); break;
            case 8 when Any(_connections) is { } connection: Take(connection, Segment); break;
            case 9 when Any([.. _held.Keys]) is { } holder: GiveBack(holder, Segment); break;
            case 10 when Any(_streams) is { } stream: _tree.Close(stream); _streams.Remove(stream); break;
            case 11 when _random.Next(20) == 0 && Any(_connections) is { } connection: _tree.Close(connection); _connections.Remove(connection); break;
        }
    }

    private void OpenConnection(int id)
    {
        ConnectionScope? connection = null;
        if (Granted(() => _tree.OpenConnection(id, _random.Next(2) == 0, 1000, out connection)))
        {
            _connections.Add(connection!);
            if (_random.Next(4) > 0)
            {
                _tree.KnowPeer(connection!, Peers.Numbered(_random.Next(5)));
            }
        }
    }

    private void OpenStream()
    {
        StreamScope? stream = null;
        if (Any(_connections) is { } connection && Granted(() => _tree.OpenStream(connection, _random.Next(3) > 0, out stream)))
        {
            _streams.Add(stream!);
        }
    }

    private void Take(ResourceScope holder, long bytes)
    {
        if (Granted(() => holder is StreamScope stream ? _tree.Take(stream, bytes) : _tree.Take((ConnectionScope)holder, bytes)))
        {
            _held[holder] = _held.GetValueOrDefault(holder) + bytes;
        }
    }

    private void GiveBack(ResourceScope holder, long bytes)
    {
        if (holder is StreamScope stream)
        {
            _tree.Return(stream, bytes);
        }
        else
        {
            _tree.Return((ConnectionScope)holder, bytes);
        }

        _held[holder] -= bytes;
        if (_held[holder] == 0)
        {
            _held.Remove(holder);
        }
    }

    /// <summary>As the node does it: a victim is ended, and the question put once more.</summary>
    private bool Granted(Func<ResourceDecision> ask)
    {
        var decision = ask();
        if (decision.Victim is { } victim)
        {
            _victims++;
            _tree.Vacate(victim);
            if (_held.Remove(victim, out var bytes) && victim is StreamScope stream)
            {
                _tree.Return(stream, bytes);
            }

            decision = ask();
        }

        _refused += decision.IsGranted ? 0 : 1;
        return decision.IsGranted;
    }

    private T? Any<T>(List<T> list)
        where T : class => list.Count == 0 ? null : list[_random.Next(list.Count)];

    private void Check()
    {
        var system = _tree.System.Usage;
        Assert.Equal(system.Memory, _tree.Connections.Sum(c => c.Usage.Memory));
        Assert.Equal(system.Streams, _tree.Connections.Sum(c => c.Usage.Streams));
        Assert.Equal(system.Connections, _tree.Connections.Sum(c => c.Usage.Connections));
        Assert.Equal(system.Streams, _tree.Transient.Usage.Streams + _tree.Protocols.Sum(p => p.Usage.Streams));
        Assert.Equal(system.Connections, _tree.Transient.Usage.Connections + _tree.Peers.Sum(p => p.Usage.Connections));
        Assert.All<ResourceScope>([_tree.System, _tree.Transient, .. _tree.Protocols, .. _tree.Peers, .. _tree.Connections], Within);
        Assert.True(_tree.Peers.Count <= 5 && _tree.Protocols.Count <= 3);
    }

    private static void Within(ResourceScope scope)
    {
        var (usage, limits) = (scope.Usage, scope.Limits);
        Assert.InRange(usage.Memory, 0, limits.Memory);
        Assert.InRange(usage.Streams, 0, limits.Streams);
        Assert.InRange(usage.InboundStreams, 0, limits.InboundStreams);
    }
}
