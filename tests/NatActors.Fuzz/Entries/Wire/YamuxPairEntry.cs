using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Wire.Muxing;

namespace NatActors.Fuzz.Entries.Wire;

/// <summary>
/// Two honest yamux sessions whose owners do what they like, over a path that cuts and delays: neither may find that the other broke the
/// protocol, no byte of a stream may be lost or invented, and no more may be on its way than the windows allow.
/// </summary>
public sealed class YamuxPairEntry : MachineEntry
{
    private static readonly YamuxOptions Options = new()
    {
        MaxInboundStreams = 6,
        MaxUnacknowledgedStreams = 6,
        MaxReceiveWindow = 2 * YamuxOptions.InitialWindow,
        ReceiveBudget = 20 * YamuxOptions.InitialWindow,

        // The floods of control frames have their own entry; here both read.
        MaxPendingControlFrames = 100_000,
    };

    public override string Name => "wire.yamux.pair";

    public override IReadOnlyList<string> EventNames { get; } =
        ["open", "write", "flush", "deliver", "consume", "reset", "announce", "tick"];

    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 64 * 1024, AllocatedConstant: 512 * 1024, StepsPerByte: 2 * 1024, StepsConstant: 16 * 1024);

    public override int Cost => 600;

    public override int MaxLength => 800;

    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 0).On(1, 0, 0, 3, 0).On(2, 0).On(3, 0, 255).On(3, 0, 255).On(1, 1, 0, 9, 1).On(2, 1).On(3, 1, 255)
        .On(4, 0, 0, 255).ToArray(),
        new EventScript().On(0, 1).On(6, 1, 0).On(2, 1).On(3, 1, 5).On(3, 1, 200).On(5, 0, 0).On(2, 0).On(3, 0, 255)
        .After(EventClock.Seconds(30), 7, 0).On(2, 0).On(3, 0, 255).ToArray(),
        new EventScript().On(0, 0).On(0, 1).On(1, 0, 0, 255, 0).On(1, 0, 0, 255, 0).On(1, 0, 0, 255, 0).On(2, 0).On(3, 0, 255)
        .On(4, 1, 0, 255).On(4, 1, 0, 255).On(2, 1).ToArray(),
    ];

    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new Pair();

    private sealed class Pair : IMachineRun
    {
        private const int WriteUnit = 512;
        private const int ConsumeUnit = 2048;
        private const int DeliverUnit = 1 << 9;

        private readonly End[] _ends = [new End(YamuxRole.Client), new End(YamuxRole.Server)];

        public void On(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            var side = arguments.Below(2);
            var (me, other) = (_ends[side], _ends[1 - side]);
            switch (kind)
            {
                case 0 when me.Streams.Count < 24 && me.Session.TryOpen(now) is { } opened:
                    me.Streams.Add(opened);
                    break;
                case 2:
                    me.Flush(now);
                    break;
                case 3:
                    other.Receive(me.TakeFlushed(1 + (arguments.Byte() * DeliverUnit)), me, now);
                    break;
                case 7:
                    digest.Add((int)me.Session.OnTick(now));
                    break;
                default:
                    OnStream(kind, me, ref arguments, now);
                    break;
            }

            digest.Add(me.Session.StreamCount);
        }

        public void End(TimeSpan now, ref FuzzDigest digest)
        {
            for (var turn = 0; turn < 6; turn++)
            {
                foreach (var side in new[] { 0, 1 })
                {
                    _ends[side].Flush(now);
                    _ends[1 - side].Receive(_ends[side].TakeFlushed(int.MaxValue), _ends[side], now);
                }
            }

            foreach (var side in new[] { 0, 1 })
            {
                _ends[side].AllArrivedAt(_ends[1 - side]);
                digest.Add(_ends[side].Session.StreamCount);
            }
        }

        private static void OnStream(int kind, End me, ref EventArguments arguments, TimeSpan now)
        {
            if (me.Streams.Count == 0)
            {
                return;
            }

            var stream = me.Streams[arguments.Below(me.Streams.Count)];
            switch (kind)
            {
                case 1:
                    me.Write(stream, arguments.Byte() * WriteUnit, arguments.Flag());
                    break;
                case 4:
                    me.Session.OnConsumed(stream, Math.Min(stream.Buffered, arguments.Byte() * ConsumeUnit), now);
                    break;
                case 5:
                    me.Session.Reset(stream);
                    me.WasReset.Add(stream.Id);
                    break;
                case 6:
                    me.Session.Announce(stream);
                    break;
            }
        }
    }

    private sealed class End(YamuxRole role)
    {
        private const int MaxControl = 4096;

        private readonly List<byte> _data = [];
        private readonly List<byte> _flushed = [];
        private readonly Dictionary<uint, long> _sent = [];
        private readonly Dictionary<uint, long> _received = [];

        public YamuxSession Session { get; } = new(role, Options);

        public List<YamuxStream> Streams { get; } = [];

        public HashSet<uint> WasReset { get; } = [];

        public void Write(YamuxStream stream, int length, bool fin)
        {
            if (stream.IsClosed || stream.IsLocallyFinished)
            {
                return;
            }

            Span<byte> header = stackalloc byte[YamuxHeader.Size];
            length = Math.Min(length, Session.SendLimit(stream));
            Session.WriteDataHeader(stream, length, fin, header);
            _data.AddRange(header);
            _data.AddRange(new byte[length]);
            _sent[stream.Id] = _sent.GetValueOrDefault(stream.Id) + length;
        }

        /// <summary>Control frames go in front of the data frames laid out since the last time.</summary>
        public void Flush(TimeSpan now)
        {
            var control = new byte[MaxControl];
            _flushed.AddRange(control.AsSpan(0, Session.DrainControl(control)));
            _flushed.AddRange(_data);
            _data.Clear();
            Session.OnOutput(now);
        }

        public byte[] TakeFlushed(int count)
        {
            var taken = _flushed.GetRange(0, Math.Min(count, _flushed.Count)).ToArray();
            _flushed.RemoveRange(0, taken.Length);
            return taken;
        }

        public void Receive(ReadOnlySpan<byte> input, End from, TimeSpan now)
        {
            while (true)
            {
                var found = Session.Read(input, now, out var consumed);
                Require.That(found.Kind is not (YamuxEventKind.Violated or YamuxEventKind.DataAfterFin),
                    "an honest peer is said to break the protocol");
                switch (found.Kind)
                {
                    case YamuxEventKind.NeedMoreData:
                        return;
                    case YamuxEventKind.StreamOpened:
                        Streams.Add(found.Stream!);
                        break;
                    case YamuxEventKind.RemoteReset:
                        WasReset.Add(found.Stream!.Id);
                        break;
                    case YamuxEventKind.Data:
                        var id = found.Stream!.Id;
                        _received[id] = _received.GetValueOrDefault(id) + found.PayloadLength;
                        Require.That(_received[id] <= from._sent.GetValueOrDefault(id), "more arrives than was sent");
                        break;
                }

                input = input[consumed..];
            }
        }

        public void AllArrivedAt(End other)
        {
            foreach (var (id, sent) in _sent)
            {
                var cut = WasReset.Contains(id) || other.WasReset.Contains(id);
                Require.That(cut || other._received.GetValueOrDefault(id) == sent, "bytes of a stream that nobody reset are lost");
            }
        }
    }
}
