using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.KeepAlive;
using NatActors.Multiformats.Tests.Shared;

namespace NatActors.Protocols.Tests.KeepAlive;

/// <summary>How a server tells what it saw.</summary>
internal enum Honesty
{
    Honest,

    /// <summary>Says that it sent the byte, and never sends it.</summary>
    ClaimsExpired,

    /// <summary>Never answers.</summary>
    Silent,
}

/// <summary>
/// A node behind a NAT whose mappings live for a set time, on virtual time: the machine, servers that help it to measure, and connections that
/// it keeps by the machine's interval alone.
/// </summary>
internal sealed class LifetimeHarness
{
    private readonly List<(TimeSpan At, Action Happens)> _agenda = [];
    private readonly Dictionary<PeerId, (IPAddress Address, Honesty Honesty)> _servers = [];
    private TimeSpan _refreshedAt;
    private bool _keeping;

    public LifetimeHarness(TimeSpan lifetime, LifetimeOptions? options = null)
    {
        Lifetime = lifetime;
        Machine = new MappingLifetime(options ?? new LifetimeOptions(), new SeededRandom(7));
        Interval = Machine.Interval;
    }

    public MappingLifetime Machine { get; }

    /// <summary>How long the NAT keeps a silent mapping.</summary>
    public TimeSpan Lifetime { get; set; }

    public TimeSpan Now { get; private set; } = TimeSpan.FromHours(3);

    /// <summary>The interval as last told.</summary>
    public TimeSpan Interval { get; private set; }

    public List<LifetimeEffect.Measure> Measured { get; } = [];

    public List<TimeSpan> Intervals { get; } = [];

    public int Refreshes { get; private set; }

    /// <summary>How often the kept mapping had gone when it was to be refreshed.</summary>
    public int Losses { get; private set; }

    public int GivenUp { get; private set; }

    public static PeerId Peer(int n) => PrivateKey.GenerateEd25519(new SeededRandom(n)).PeerId;

    public PeerId AddServer(int n, Honesty honesty = Honesty.Honest, string? address = null)
    {
        var peer = Peer(n);
        var ip = IPAddress.Parse(address ?? $"11.0.0.{n}");
        _servers[peer] = (ip, honesty);
        Play(Machine.OnServer(peer, ip, Now));
        return peer;
    }

    /// <summary>From now on a mapping is kept open, refreshed whenever the interval is over.</summary>
    public void Keep()
    {
        _keeping = true;
        _refreshedAt = Now;
    }

    public void Play(IReadOnlyList<LifetimeEffect> effects)
    {
        foreach (var effect in effects)
        {
            switch (effect)
            {
                case LifetimeEffect.Measure measure: Measure(measure); break;
                case LifetimeEffect.GiveUp: GivenUp++; _agenda.Clear(); break;
                case LifetimeEffect.Refresh refresh: Interval = refresh.Interval; Intervals.Add(Interval); break;
            }
        }
    }

    /// <summary>Lets virtual time go by, one thing that happens after another.</summary>
    public void Wait(TimeSpan time)
    {
        var end = Now + time;
        while (NextAt() is { } next && next <= end)
        {
            Now = next > Now ? next : Now;
            Step();
        }

        Now = end;
    }

    private TimeSpan? NextAt()
    {
        var times = _agenda.Select(a => a.At).ToList();
        if (Machine.NextDeadline is { } deadline)
        {
            times.Add(deadline);
        }

        if (_keeping)
        {
            times.Add(_refreshedAt + Interval);
        }

        return times.Count == 0 ? null : times.Min();
    }

    private void Step()
    {
        var due = _agenda.Where(a => a.At <= Now).OrderBy(a => a.At).ToArray();
        _agenda.RemoveAll(due.Contains);
        foreach (var (_, happens) in due)
        {
            happens();
        }

        if (Machine.NextDeadline <= Now)
        {
            Play(Machine.OnDeadline(Now));
        }

        if (_keeping && Now >= _refreshedAt + Interval)
        {
            Losses += Now - _refreshedAt > Lifetime ? 1 : 0;
            Refreshes++;
            _refreshedAt = Now;
        }
    }

    private void Measure(LifetimeEffect.Measure measure)
    {
        Measured.Add(measure);
        var honesty = _servers[measure.Server].Honesty;
        if (honesty == Honesty.Silent)
        {
            _agenda.Add((Now + TimeSpan.FromSeconds(10), () => Play(Machine.OnEnded(measure.Server, Now))));
            return;
        }

        // As the measuring actor does it: what is longer than the first that was gone is not waited for.
        var end = Now;
        foreach (var silence in measure.Silences)
        {
            var lives = silence <= Lifetime && honesty == Honesty.Honest;
            end = Now + silence + (lives ? TimeSpan.Zero : LifetimeProtocol.Grace);
            _agenda.Add((end, () => Play(lives
                ? Machine.OnAlive(measure.Server, silence, Now)
                : Machine.OnExpired(measure.Server, silence, Now))));
            if (!lives)
            {
                break;
            }
        }

        _agenda.Add((end, () => Play(Machine.OnEnded(measure.Server, Now))));
    }
}
