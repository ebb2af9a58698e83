using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.Ping;

namespace NatActors.Fuzz.Entries.Protocols.Ping;

/// <summary>The pinging side against a peer that echoes in pieces, wrongly, too much, too late, or not at all. It ends exactly
/// once.</summary>
public sealed class PingClientEntry : MachineEntry
{
    private const int Pings = 3;

    /// <inheritdoc />
    public override string Name => "protocols.ping.client";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } = ["start", "echo", "bytes", "ended", "deadline"];

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0).After(EventClock.Milliseconds(20), 1, 32).After(EventClock.Seconds(1), 1, 10).On(1, 22)
            .After(EventClock.Seconds(2), 1, 32).ToArray(),
        new EventScript().On(0).On(2, 1, 2, 3).ToArray(),
        new EventScript().On(0).On(3).On(1, 32).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) =>
        new PingRun(new PingClient(Pings, random, new PingOptions()));

    private sealed class PingRun(PingClient client) : TimedRun
    {
        private byte[] _sent = [];
        private int _echoed;
        private int _measured;
        private bool _started;
        private bool _ended;

        protected override TimeSpan? NextDeadline => client.Deadline;

        protected override void Deadline(TimeSpan now, ref FuzzDigest digest) => Take(client.OnDeadline(now), ref digest);

        protected override void Event(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            switch (kind)
            {
                case 0:
                    _started = true;
                    Take(client.OnStart(now), ref digest);
                    break;
                case 1:
                    var length = Math.Min(arguments.Byte(), _sent.Length - _echoed);
                    var piece = _sent.AsSpan(_echoed, length).ToArray();
                    _echoed += length;
                    Take(client.OnBytes(piece, now), ref digest);
                    break;
                case 2: Take(client.OnBytes(arguments.Rest, now), ref digest); break;
                case 3: Take(client.OnEnded(), ref digest); break;
                default: Take(client.OnDeadline(now), ref digest); break;
            }
        }

        protected override void Finish(ref TimeSpan now, ref FuzzDigest digest)
        {
            Require.That(RunOut(ref now, ref digest), "pings go on for ever without an answer");
            Require.That(_ended || !_started, "pinging has not ended");
        }

        private void Take(IReadOnlyList<PingEffect> effects, ref FuzzDigest digest)
        {
            foreach (var effect in effects)
            {
                Require.That(!_ended, "something follows the end");
                switch (effect)
                {
                    case PingEffect.Send send:
                        Require.That(send.Payload.Length == PingProtocol.PayloadLength, "a ping has another length");
                        (_sent, _echoed) = (send.Payload.ToArray(), 0);
                        break;
                    case PingEffect.Measured measured:
                        Require.That(
                            measured.Number == ++_measured && measured.RoundTrip >= TimeSpan.Zero,
                            "a measure is out of order, or negative");
                        digest.Add(measured.RoundTrip);
                        break;
                    case PingEffect.Finished:
                        Require.That(_measured == Pings, "it is finished before all pings came back");
                        _ended = true;
                        break;
                    case PingEffect.Failed failed:
                        digest.Add((int)failed.Reason);
                        _ended = true;
                        break;
                }
            }

            Require.That(!_ended || client.Deadline is null, "a deadline outlives the end");
        }
    }
}
