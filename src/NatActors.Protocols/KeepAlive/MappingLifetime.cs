using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Connections;

namespace NatActors.Protocols.KeepAlive;

/// <summary>
/// How long the mappings of this network live, and how often they are refreshed for it: a fraction of what is proven, between bounds. One for
/// each IP version; begun anew when the network changes.
/// </summary>
/// <remarks>
/// <code>
/// Unknown --a server is there--> Measuring --it ended--> another server's opinion, up to three --> Known
///    ^                              |  ^                                                             |
///    +------ network changed -------+  +----- two hours later, or a connection died silently --------+
/// </code>
/// <para>
/// While it is measured for the first time the interval starts at the shortest and grows with each proof. Of several servers the lower median
/// counts, so that of three one that lies changes nothing; of two, one that lies can only make the interval shorter, down to its bound, until
/// the next round. No server can make it longer than what this node counted itself.
/// </para>
/// <para>A connection that dies silently halves the interval until a new measurement says otherwise, or for an hour.</para>
/// </remarks>
public sealed class MappingLifetime
{
    /// <summary>Servers remembered at most; with more, the later ones are left out.</summary>
    public const int MaxServers = 64;

    private const int MostDoubts = 3;

    private readonly LifetimeOptions _options;
    private readonly RandomSource _random;
    private readonly Dictionary<PeerId, Server> _servers = [];
    private readonly Dictionary<PeerId, LifetimeEvidence> _round = [];
    private readonly HashSet<PeerId> _failed = [];
    private IReadOnlyList<LifetimeEvidence> _last = [];
    private Running? _running;
    private TimeSpan? _nextAt;
    private TimeSpan _endedAt = TimeSpan.MinValue;
    private TimeSpan _doubtAt = TimeSpan.MinValue;
    private TimeSpan _told;
    private int _doubts;
    private int _failures;

    /// <summary>A machine that knows nothing yet; its interval is <see cref="LifetimeOptions.Unmeasured"/>.</summary>
    public MappingLifetime(LifetimeOptions options, RandomSource random)
    {
        _options = options;
        _random = random;
        _told = options.Unmeasured;
    }

    /// <summary>When <see cref="OnDeadline"/> is due; null for never.</summary>
    public TimeSpan? NextDeadline
    {
        get
        {
            var measure = _running is null && _servers.Count > 0 ? _nextAt : null;
            TimeSpan? forget = _doubts > 0 ? _doubtAt + _options.DoubtLasts : null;
            return measure is null || forget < measure ? forget ?? measure : measure;
        }
    }

    /// <summary>How often mappings are to be refreshed now.</summary>
    public TimeSpan Interval
    {
        get
        {
            if (Proven is { } proven)
            {
                return Clamp(proven * _options.Fraction / (1 << _doubts), _options.Shortest, _options.Longest);
            }

            var starting = _running is not null || (_servers.Count > 0 && _failures == 0 && _nextAt is not null);
            return Clamp(
                starting ? _options.Shortest : _options.Unmeasured / (1 << _doubts),
                Earlier(_options.Shortest, _options.Unmeasured),
                _options.Unmeasured);
        }
    }

    /// <summary>The lifetime that is proven, by the lower median of the servers; null when nothing is known.</summary>
    public TimeSpan? Proven => Of(evidence => evidence.Proven);

    /// <summary>True when nobody was found who helps to measure.</summary>
    public bool IsHelpless => _servers.Count == 0;

    /// <summary>The silence after which a mapping was gone, as the servers see it in the middle; null when it was never found gone.</summary>
    public TimeSpan? Expired => Of(evidence => evidence.Expired ?? TimeSpan.MaxValue) is { } found && found < TimeSpan.MaxValue ? found : null;

    /// <summary>A peer that serves the protocol is connected.</summary>
    public IReadOnlyList<LifetimeEffect> OnServer(PeerId peer, IPAddress address, TimeSpan now)
    {
        if (_servers.Count >= MaxServers || !_servers.TryAdd(peer, new Server(AddressPrefix.Observer(address))))
        {
            return [];
        }

        _failed.Remove(peer);
        if (_last.Count == 0 && _round.Count == 0 && (_nextAt is null || _failures > 0))
        {
            _failures = 0;
            _nextAt = _endedAt == TimeSpan.MinValue ? now : Later(now, _endedAt + _options.Settling);
        }

        return Act(now);
    }

    /// <summary>It is connected no more.</summary>
    public IReadOnlyList<LifetimeEffect> OnServerGone(PeerId peer, TimeSpan now)
    {
        _servers.Remove(peer);
        return Act(now);
    }

    /// <summary>A packet came in on a mapping that had been silent for so long.</summary>
    public IReadOnlyList<LifetimeEffect> OnAlive(PeerId server, TimeSpan silence, TimeSpan now)
    {
        if (_running is { } running && running.Server.Equals(server))
        {
            running.Evidence.OnAlive(silence);
        }

        return Act(now);
    }

    /// <summary>A packet was sent on a mapping that had been silent for so long, and did not come in.</summary>
    public IReadOnlyList<LifetimeEffect> OnExpired(PeerId server, TimeSpan silence, TimeSpan now)
    {
        if (_running is { } running && running.Server.Equals(server))
        {
            running.Evidence.OnExpired(silence);
        }

        return Act(now);
    }

    /// <summary>The measurement is over; without any evidence it failed.</summary>
    public IReadOnlyList<LifetimeEffect> OnEnded(PeerId server, TimeSpan now)
    {
        if (_running is not { } running || !running.Server.Equals(server))
        {
            return [];
        }

        _running = null;
        if (running.Evidence.IsEmpty)
        {
            _failed.Add(server);
        }
        else
        {
            _round[server] = running.Evidence;
            _failures = 0;
            _doubts = 0;
        }

        if (NextOpinion() is not null)
        {
            _nextAt = now;
        }
        else
        {
            EndRound(now);
        }

        return Act(now);
    }

    /// <summary>A connection that needs its mapping died, and nobody had said goodbye.</summary>
    public IReadOnlyList<LifetimeEffect> OnSilentDeath(TimeSpan now)
    {
        if (_doubts > 0 && now - _doubtAt < _options.DoubtSpacing)
        {
            return [];
        }

        _doubts = Math.Min(_doubts + 1, MostDoubts);
        _doubtAt = now;
        if (_running is null && _nextAt is { } next)
        {
            _nextAt = Earlier(next, _endedAt == TimeSpan.MinValue ? now : Later(now, _endedAt + _options.DoubtSpacing));
        }

        return Act(now);
    }

    /// <summary>The machine is in another network now, or may be: whatever was known is void.</summary>
    public IReadOnlyList<LifetimeEffect> OnNetworkChanged(TimeSpan now)
    {
        var wasRunning = _running is not null;
        _running = null;
        _round.Clear();
        _failed.Clear();
        _last = [];
        _doubts = 0;
        _failures = 0;
        _nextAt = now + _options.Settling;
        return wasRunning ? [new LifetimeEffect.GiveUp(), .. Act(now)] : Act(now);
    }

    /// <summary>Time went by.</summary>
    public IReadOnlyList<LifetimeEffect> OnDeadline(TimeSpan now)
    {
        if (_doubts > 0 && now - _doubtAt >= _options.DoubtLasts)
        {
            _doubts = 0;
        }

        return Act(now);
    }

    private IReadOnlyList<LifetimeEffect> Act(TimeSpan now)
    {
        var effects = new List<LifetimeEffect>();
        if (_running is null && _nextAt <= now && _servers.Count > 0)
        {
            Start(now, effects);
        }

        if (Interval is var interval && interval != _told)
        {
            _told = interval;
            effects.Add(new LifetimeEffect.Refresh(interval));
        }

        return effects;
    }

    private void Start(TimeSpan now, List<LifetimeEffect> effects)
    {
        if (NextOpinion() is not { } server)
        {
            EndRound(now);
            return;
        }

        _servers[server].AskedAt = now;
        _running = new Running(server, new LifetimeEvidence());
        effects.Add(new LifetimeEffect.Measure(server, _options.Useful));
    }

    /// <summary>Whom to ask next in this round: in a network that was not asked, the one asked longest ago; null when it is enough.</summary>
    private PeerId? NextOpinion()
    {
        if (_round.Count >= _options.Opinions)
        {
            return null;
        }

        var asked = _round.Keys.Where(_servers.ContainsKey).Select(peer => _servers[peer].Network).ToHashSet();
        return _servers
            .Where(s => !_round.ContainsKey(s.Key) && !_failed.Contains(s.Key) && !asked.Contains(s.Value.Network))
            .OrderBy(s => s.Value.AskedAt)
            .Select(s => s.Key)
            .FirstOrDefault();
    }

    private void EndRound(TimeSpan now)
    {
        if (_round.Count > 0)
        {
            _last = [.. _round.Values];
            _nextAt = now + (_options.MeasureAgain * 0.9) + _random.NextDelay(_options.MeasureAgain * 0.2);
        }
        else
        {
            // Doubled each time, bounded; sixteen doublings exceed any bound in use.
            _nextAt = now + Earlier(_options.FirstRetry * (1L << Math.Min(_failures, 16)), _options.MostRetry);
            _failures++;
        }

        _endedAt = now;
        _round.Clear();
        _failed.Clear();
    }

    /// <summary>
    /// What counts now: the last round, until this one has said something that overrides it; in the first round whatever there is.
    /// </summary>
    private TimeSpan? Of(Func<LifetimeEvidence, TimeSpan> value)
    {
        var found = _round.Values.ToList();
        if (_running is { Evidence: { IsEmpty: false } partial } && (found.Count == 0 || partial.Expired is not null))
        {
            found.Add(partial);
        }

        if (_last.Count > 0 && !found.Exists(evidence => _last.All(evidence.Overrides)))
        {
            found = [.. _last];
        }

        return found.Count == 0 ? null : Lower(found.Select(value));
    }

    private static TimeSpan Lower(IEnumerable<TimeSpan> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[(sorted.Length - 1) / 2];
    }

    private static TimeSpan Earlier(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static TimeSpan Clamp(TimeSpan value, TimeSpan least, TimeSpan most) => value < least ? least : value > most ? most : value;

    private sealed class Server(AddressPrefix network)
    {
        public AddressPrefix Network { get; } = network;

        public TimeSpan AskedAt { get; set; } = TimeSpan.MinValue;
    }

    private sealed record Running(PeerId Server, LifetimeEvidence Evidence);
}
