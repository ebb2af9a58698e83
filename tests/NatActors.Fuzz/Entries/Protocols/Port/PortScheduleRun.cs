using System.Net;
using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.Port;

namespace NatActors.Fuzz.Entries.Protocols.Port;

/// <summary>A <see cref="SharedPortSchedule"/> and what its owner knows: connects, connections, requests.</summary>
internal sealed class PortScheduleRun(RandomSource random) : TimedRun
{
    private static readonly IPEndPoint[] Remotes =
        [.. Enumerable.Range(0, 4).Select(i => new IPEndPoint(Samples.Hosts[i / 2], 4000 + i)), new IPEndPoint(Samples.Hosts[13], 4000)];

    private readonly SharedPortSchedule _schedule = new(random);
    private readonly HashSet<long> _dials = [];
    private readonly HashSet<long> _punches = [];
    private readonly Dictionary<long, (IPEndPoint Remote, bool Fresh, bool Aborted)> _connects = [];
    private readonly List<long> _connected = [];
    private readonly Dictionary<long, IPEndPoint> _accepted = [];
    private readonly List<IPEndPoint> _live = [];
    private int _drains;
    private long _last;

    protected override TimeSpan? NextDeadline => _schedule.NextDeadline;

    protected override void Deadline(TimeSpan now, ref FuzzDigest digest) => Take(_schedule.OnTimer(now), ref digest);

    protected override void Event(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
    {
        switch (kind)
        {
            case 0 or 1:
                _dials.Add(++_last);
                Take(_schedule.OnDialRequested(_last, arguments.Pick(Remotes), kind == 1, now), ref digest);
                break;
            case 2: Punch(ref arguments, now, ref digest); break;
            case 3 when _punches.Count > 0:
                Take(_schedule.OnPunchStart(_punches.ElementAt(arguments.Below(_punches.Count)), now), ref digest);
                break;
            case 4 when _connects.Count > 0: Connected(_connects.Keys.ElementAt(arguments.Below(_connects.Count)), now, ref digest); break;
            case 5 when _connects.Count > 0:
                var failed = _connects.Keys.ElementAt(arguments.Below(_connects.Count));
                _connects.Remove(failed);
                Take(_schedule.OnConnectFailed(failed, new PortFailure((PortFailureKind)arguments.Below(10), "why"), now), ref digest);
                break;
            case 6: Accepted(arguments.Pick(Remotes), now, ref digest); break;
            case 7 when _drains > 0: Drained(now, ref digest); break;
            case 8 when _live.Count > 0:
                var closed = arguments.Pick(_live);
                _live.Remove(closed);
                Take(_schedule.OnConnectionClosed(closed), ref digest);
                break;
            case 9 when _dials.Count + _punches.Count > 0:
                var requests = _dials.Concat(_punches).ToArray();
                var cancelled = arguments.Pick(requests);
                Take(_schedule.OnCancelled(cancelled, now), ref digest);
                Require.That(!_dials.Contains(cancelled) && !_punches.Contains(cancelled), "a request that was cancelled does not end");
                break;
            default: Take(_schedule.OnTimer(now), ref digest); break;
        }
    }

    protected override void Check(TimeSpan now)
    {
        Require.That(_schedule.PendingRequests == _dials.Count + _punches.Count, "requests are miscounted");
        Require.That(_connected.Count == 0 && _accepted.Count == 0, "a connection is handed to nobody");
        foreach (var remote in Remotes)
        {
            Require.That(_schedule.LiveConnections(remote) == _live.Count(r => r.Equals(remote)), "live connections are miscounted");
            Require.That(
                _connects.Values.Count(c => !c.Fresh && !c.Aborted
                    && c.Remote.Equals(remote)) <= 1, "two connects use one 4-tuple at the same time");
        }
    }

    protected override void Finish(ref TimeSpan now, ref FuzzDigest digest)
    {
        // The kernel ends every connect, the owner drains the queue, and all connections close.
        for (var i = 0; i < 200 && (_connects.Count > 0 || _drains > 0 || NextDeadline is not null); i++)
        {
            if (_drains > 0)
            {
                Drained(now, ref digest);
            }
            else if (_connects.Count > 0)
            {
                var attempt = _connects.Keys.First();
                _connects.Remove(attempt);
                Take(_schedule.OnConnectFailed(attempt, new PortFailure(PortFailureKind.NotPermitted, "the end"), now), ref digest);
            }
            else
            {
                RunOut(ref now, ref digest);
            }

            Check(now);
        }

        Require.That(_dials.Count + _punches.Count == 0, "a request is never answered");
        while (_live.Count > 0)
        {
            Take(_schedule.OnConnectionClosed(_live[0]), ref digest);
            _live.RemoveAt(0);
        }

        Require.That(_schedule.Remembered == 0, "something is remembered of what is over");
    }

    private void Punch(ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
    {
        var role = (PunchRole)arguments.Below(2);
        var remotes = new IPEndPoint[arguments.Below(4)];
        for (var i = 0; i < remotes.Length; i++)
        {
            remotes[i] = arguments.Pick(Remotes);
        }

        var (window, delay) = (arguments.Duration(), arguments.Duration());
        _punches.Add(++_last);
        Take(_schedule.OnPunchRequested(_last, remotes, role, window, delay, now), ref digest);
    }

    private void Connected(long attempt, TimeSpan now, ref FuzzDigest digest)
    {
        _connects.Remove(attempt, out var connect);
        _connected.Add(attempt);
        if (!connect.Fresh)
        {
            _live.Add(connect.Remote);
        }

        Take(_schedule.OnConnected(attempt, now), ref digest, connect);
    }

    private void Accepted(IPEndPoint remote, TimeSpan now, ref FuzzDigest digest)
    {
        _accepted[++_last] = remote;
        _live.Add(remote);
        Take(_schedule.OnAccepted(_last, remote, now), ref digest);
    }

    private void Drained(TimeSpan now, ref FuzzDigest digest)
    {
        _drains = 0;
        Take(_schedule.OnAcceptQueueDrained(now), ref digest);
    }

    private void Take(IReadOnlyList<PortEffect> effects, ref FuzzDigest digest,
        (IPEndPoint? Remote, bool Fresh, bool Aborted) connected = default)
    {
        foreach (var effect in effects)
        {
            switch (effect)
            {
                case PortEffect.StartConnect start: _connects.Add(start.Attempt, (start.Remote, start.FreshPort, false)); break;
                case PortEffect.AbortConnect abort:
                    Require.That(
                        _connects.TryGetValue(abort.Attempt, out var connect) && !connect.Aborted,
                        "a connect is aborted twice, or after its end");
                    _connects[abort.Attempt] = connect with { Aborted = true };
                    break;
                case PortEffect.DiscardConnection discard:
                    Require.That(_connected.Remove(discard.Attempt), "a connection is discarded that was handed out");
                    if (connected is { Fresh: false, Remote: { } remote })
                    {
                        _live.Remove(remote);
                    }

                    break;
                case PortEffect.DialConnected dial:
                    Require.That(
                        _dials.Remove(dial.Id) && _connected.Remove(dial.Attempt),
                        "a dial ends twice, or one connection is handed out twice");
                    break;
                case PortEffect.DialFailed dial: Require.That(_dials.Remove(dial.Id), "a dial ends twice"); break;
                case PortEffect.PunchConnected punch:
                    Require.That(
                        _punches.Remove(punch.Id) && _connected.Remove(punch.Attempt),
                        "a punch ends twice, or one connection is handed out twice");
                    break;
                case PortEffect.PunchAccepted punch:
                    Require.That(
                        _punches.Remove(punch.Id) && _accepted.Remove(punch.Accepted),
                        "a punch ends twice, or one connection is handed out twice");
                    break;
                case PortEffect.PunchFailed punch: Require.That(_punches.Remove(punch.Id), "a punch ends twice"); break;
                case PortEffect.DeliverAccepted deliver:
                    Require.That(_accepted.Remove(deliver.Accepted), "a connection is handed out twice");
                    break;
                case PortEffect.DeliverConnected deliver:
                    Require.That(_connected.Remove(deliver.Attempt), "a connection is handed out twice");
                    break;
                case PortEffect.DrainAcceptQueue: _drains++; break;
            }

            digest.Add(_dials.Count + _punches.Count);
        }
    }
}
