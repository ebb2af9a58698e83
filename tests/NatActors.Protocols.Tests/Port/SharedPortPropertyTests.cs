using System.Net;
using NatActors.Protocols.Port;

namespace NatActors.Protocols.Tests.Port;

/// <summary>
/// Random events against a schedule, with a model of the kernel and the owner that holds the promises for every sequence.
/// </summary>
public sealed class SharedPortPropertyTests
{
    private static readonly PortFailureKind[] Failures =
        [PortFailureKind.Refused, PortFailureKind.TupleInUse, PortFailureKind.Unreachable, PortFailureKind.Other, PortFailureKind.Reset];

    [Fact]
    public void Every_request_ends_exactly_once_and_nothing_is_remembered_in_the_end()
    {
        for (var seed = 1UL; seed <= 400; seed++)
        {
            var run = new Run(seed);
            for (var step = 0; step < 150; step++)
            {
                run.Step();
            }

            run.Finish();
        }
    }

    private sealed class Run(ulong seed)
    {
        private readonly SequenceRandom _random = new(seed);
        private readonly SharedPortSchedule _schedule = new(new SequenceRandom(seed + 1));
        private readonly HashSet<long> _open = [];
        private readonly HashSet<long> _delivered = [];
        private readonly Dictionary<long, PortEffect.StartConnect> _connecting = [];
        private readonly HashSet<long> _aborted = [];
        private readonly List<IPEndPoint> _live = [];
        private TimeSpan _now = TimeSpan.FromDays(1);
        private long _lastId;
        private long _lastAccepted;

        public void Step()
        {
            _now += TimeSpan.FromMilliseconds(_random.NextInt(30));
            switch (_random.NextInt(10))
            {
                case 0: Request(id => _schedule.OnDialRequested(id, Remote(), _random.NextInt(5) == 0, _now)); break;
                case 1: Request(Punch); break;
                case 2: Play(_schedule.OnCancelled(_random.NextInt((int)_lastId + 1), _now)); break;
                case 3: Accept(Remote()); break;
                case 4 or 5: EndOne(succeed: true); break;
                case 6 or 7: EndOne(succeed: false); break;
                case 8: CloseOne(); break;
                default: Timer(); break;
            }

            NoTwoConnectsShareATuple();
        }

        public void Finish()
        {
            for (var guard = 0; _open.Count > 0 || _connecting.Count > 0 || _schedule.NextDeadline is not null; guard++)
            {
                Assert.True(guard < 5000, $"seed {seed}: {_open.Count} requests never end");
                if (_connecting.Count > 0)
                {
                    EndOne(succeed: false);
                }
                else
                {
                    Assert.True(_schedule.NextDeadline is not null, $"seed {seed}: a request waits for nothing");
                    _now = _schedule.NextDeadline.Value;
                    Play(_schedule.OnTimer(_now));
                }
            }

            while (_live.Count > 0)
            {
                CloseOne();
            }

            Assert.Equal(0, _schedule.Remembered);
        }

        private IReadOnlyList<PortEffect> Punch(long id)
        {
            var remotes = Enumerable.Range(0, _random.NextInt(4)).Select(_ => Remote()).ToArray();
            var delay = TimeSpan.FromMilliseconds(_random.NextInt(3) * 15);
            return _schedule.OnPunchRequested(
                id, remotes, (PunchRole)_random.NextInt(2), TimeSpan.FromMilliseconds(_random.NextInt(400) + 1), delay, _now);
        }

        private IPEndPoint Remote() => new(IPAddress.Parse("192.0.1.1"), 1 + _random.NextInt(3));

        private void Request(Func<long, IReadOnlyList<PortEffect>> request)
        {
            _open.Add(++_lastId);
            Play(request(_lastId));
        }

        private void Accept(IPEndPoint remote)
        {
            var accepted = ++_lastAccepted;
            _live.Add(remote);
            Play(_schedule.OnAccepted(accepted, remote, _now));
            Assert.True(_delivered.Remove(accepted), $"seed {seed}: an accepted connection was lost");
        }

        private void EndOne(bool succeed)
        {
            if (_connecting.Count == 0)
            {
                return;
            }

            var start = _connecting.Values.ElementAt(_random.NextInt(_connecting.Count));
            _connecting.Remove(start.Attempt);

            // An aborted connect may have succeeded a moment before.
            var reallyAborted = _aborted.Remove(start.Attempt) && _random.NextInt(3) > 0;
            if (succeed && !reallyAborted)
            {
                Play(_schedule.OnConnected(start.Attempt, _now), start);
            }
            else
            {
                var kind = reallyAborted ? PortFailureKind.Aborted : Failures[_random.NextInt(Failures.Length)];
                Play(_schedule.OnConnectFailed(start.Attempt, new PortFailure(kind, "model"), _now));
            }
        }

        private void CloseOne()
        {
            if (_live.Count > 0)
            {
                var index = _random.NextInt(_live.Count);
                var remote = _live[index];
                _live.RemoveAt(index);
                Play(_schedule.OnConnectionClosed(remote));
            }
        }

        private void Timer()
        {
            if (_schedule.NextDeadline <= _now)
            {
                Play(_schedule.OnTimer(_now));
                Assert.True(_schedule.NextDeadline is null || _schedule.NextDeadline > _now, $"seed {seed}: a deadline stays due");
            }
        }

        private void Play(IReadOnlyList<PortEffect> effects, PortEffect.StartConnect? connected = null)
        {
            foreach (var effect in effects)
            {
                switch (effect)
                {
                    case PortEffect.StartConnect start: _connecting.Add(start.Attempt, start); break;
                    case PortEffect.AbortConnect abort:
                        Assert.True(_connecting.ContainsKey(abort.Attempt) && _aborted.Add(abort.Attempt), $"seed {seed}: bad abort");
                        break;
                    case PortEffect.DialConnected done: Ended(done.Id); Took(connected, done.Attempt); break;
                    case PortEffect.PunchConnected done: Ended(done.Id); Took(connected, done.Attempt); break;
                    case PortEffect.DeliverConnected extra: Took(connected, extra.Attempt); break;
                    case PortEffect.PunchAccepted done: Ended(done.Id); _delivered.Add(done.Accepted); break;
                    case PortEffect.DeliverAccepted accepted: _delivered.Add(accepted.Accepted); break;
                    case PortEffect.DialFailed failed: Ended(failed.Id); break;
                    case PortEffect.PunchFailed failed: Ended(failed.Id); break;
                    case PortEffect.DiscardConnection discard: Assert.Equal(connected?.Attempt, discard.Attempt); break;
                    case PortEffect.DrainAcceptQueue: Drain(); break;
                    default: Assert.Fail($"unknown effect {effect}"); break;
                }
            }
        }

        private void Drain()
        {
            if (_random.NextInt(2) == 0)
            {
                Accept(Remote());
            }

            Play(_schedule.OnAcceptQueueDrained(_now));
        }

        private void Ended(long id) => Assert.True(_open.Remove(id), $"seed {seed}: request {id} ended twice");

        private void Took(PortEffect.StartConnect? connected, long attempt)
        {
            Assert.Equal(connected?.Attempt, attempt);
            if (!connected!.FreshPort)
            {
                _live.Add(connected.Remote);
            }
        }

        private void NoTwoConnectsShareATuple() => Assert.All(
            _connecting.Values.Where(start => !start.FreshPort && !_aborted.Contains(start.Attempt)).GroupBy(start => start.Remote),
            tuple => Assert.Single(tuple));
    }
}
