using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.Connections;

namespace NatActors.Fuzz.Entries.Protocols.Connections;

/// <summary>Who wants which peer dialed, with few places: one dial a goal, each request answered exactly once or cancelled, back-offs
/// bounded.</summary>
public sealed class DialBookEntry : MachineEntry
{
    private static readonly DialRules Rules = new() { MaxDials = 3, MaxWaiting = 2, MaxJoined = 3, MaxBackoffs = 2 };

    /// <inheritdoc />
    public override string Name => "protocols.connections.book";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } = ["request", "cancelled", "succeeded", "failed", "connected", "closed"];

    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 1024, AllocatedConstant: 64 * 1024, StepsPerByte: 1024, StepsConstant: 64 * 1024);

    /// <inheritdoc />
    public override int MaxLength => 500;

    /// <inheritdoc />
    public override int Cost => 30;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 1, 0, 0, 2, 0, 1).On(0, 1, 0, 0, 1, 3).On(3, 0).On(0, 1, 0, 0, 1, 0)
            .After(EventClock.Seconds(6), 0, 1, 0, 0, 1, 0).On(2, 0).ToArray(),
        new EventScript().On(0, 1, 0, 1).On(0, 2, 0, 1).On(0, 3, 0, 1).On(0, 4, 0, 1).On(0, 5, 1, 1).On(0, 6, 1, 1).On(1, 0).On(4, 2, 1)
            .On(5).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new BookRun();

    private sealed class BookRun : IMachineRun
    {
        private readonly DialBook<int> _book = new(Rules);
        private readonly Dictionary<int, DialGoal> _open = [];
        private readonly HashSet<DialGoal> _running = [];
        private int _last;

        public void On(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            switch (kind)
            {
                case 0:
                    var goal = new DialGoal(Samples.Peer(ref arguments), arguments.Flag(), arguments.Byte() == 2);
                    var over = arguments.Flag();
                    _open[++_last] = goal;
                    Take(_book.OnRequest(_last, goal, Samples.AddressList(ref arguments, 4), over, now), ref digest);
                    break;
                case 1 when _open.Count > 0:
                    var cancelled = _open.Keys.ElementAt(arguments.Below(_open.Count));
                    _open.Remove(cancelled);
                    Take(_book.OnCancelled(cancelled), ref digest);
                    break;
                case 2 or 3 when _running.Count > 0:
                    var ended = _running.ElementAt(arguments.Below(_running.Count));
                    _running.Remove(ended);
                    Take(kind == 2 ? _book.OnSucceeded(ended) : _book.OnFailed(ended, now), ref digest);
                    Require.That(
                        !_open.ContainsValue(ended) || _running.Contains(ended),
                        "a dial ends and a request for it is not answered");
                    break;
                case 4:
                    var (peer, direct) = (Samples.Peer(ref arguments), arguments.Flag());
                    Take(_book.OnConnected(peer, direct), ref digest);
                    Require.That(
                        !_open.Values.Any(g => g.Peer == peer && (direct || !g.DirectOnly)),
                        "a connection is there and a request for it is not answered");
                    Require.That(_book.BackoffLeft(peer, now) == TimeSpan.Zero, "a peer that is connected is left alone");
                    break;
                case 5:
                    Take(_book.OnClosed(), ref digest);
                    Require.That(_open.Count == 0, "dialing is over and a request is not answered");
                    break;
            }

            Require.That(
                _book.Running == _running.Count && _running.Count <= Rules.MaxDials,
                "more dials run than allowed, or another number");
            Require.That(_book.Waiting <= Rules.MaxWaiting, "more dials wait than allowed");
            Require.That(_book.Waiting == 0 || _running.Count == Rules.MaxDials, "a dial waits for a place that is free");
            Require.That(
                _open.Values.Distinct().Count() == _running.Count + _book.Waiting,
                "a request waits for a dial that does not exist, or a dial for nobody");
        }

        public void End(TimeSpan now, ref FuzzDigest digest)
        {
            for (var i = 0; i < 1000 && _running.Count > 0; i++)
            {
                var goal = _running.First();
                _running.Remove(goal);
                Take(_book.OnFailed(goal, now), ref digest);
                Require.That(
                    _book.BackoffLeft(goal.Peer, now) is var left && left > TimeSpan.Zero && left <= Rules.BackoffMax,
                    "a back-off is out of bounds");
            }

            Require.That(_open.Count == 0 && _book.Waiting == 0, "a request is never answered");
        }

        private void Take(IReadOnlyList<DialEffect<int>> effects, ref FuzzDigest digest)
        {
            foreach (var effect in effects)
            {
                switch (effect)
                {
                    case DialEffect<int>.Start start: Require.That(_running.Add(start.Goal), "two dials for one goal"); break;
                    case DialEffect<int>.AddAddresses add:
                        Require.That(_running.Contains(add.Goal) && add.Addresses.Count > 0, "addresses for a dial that does not run");
                        break;
                    case DialEffect<int>.Abort abort:
                        Require.That(_running.Remove(abort.Goal), "a dial is aborted that does not run");
                        break;
                    case DialEffect<int>.Succeed succeed: Require.That(_open.Remove(succeed.Request), "a request is answered twice"); break;
                    case DialEffect<int>.Fail fail: Require.That(_open.Remove(fail.Request), "a request is answered twice"); break;
                    case DialEffect<int>.Refuse refuse:
                        Require.That(_open.Remove(refuse.Request), "a request is answered twice");
                        Require.That(refuse.Wait >= TimeSpan.Zero && refuse.Wait <= Rules.BackoffMax, "a wait is out of bounds");
                        break;
                }

                digest.Add(_open.Count);
            }
        }
    }
}
