using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Wire.Muxing;

namespace NatActors.Fuzz.Entries.Wire;

/// <summary>
/// A yamux session between a peer that sends what it likes and an owner that uses it as it may, keep-alive and drains included.
/// </summary>
public abstract class YamuxMachineEntry(YamuxRole role) : MachineEntry
{
    private static readonly YamuxOptions Options = new()
    {
        MaxInboundStreams = 8,
        MaxUnacknowledgedStreams = 4,
        MaxPendingControlFrames = 24,
        MaxReceiveWindow = 4 * YamuxOptions.InitialWindow,
        ReceiveBudget = 14 * YamuxOptions.InitialWindow,
    };

    public sealed override string Name => "wire.yamux.session." + (role == YamuxRole.Client ? "client" : "server");

    public sealed override IReadOnlyList<string> EventNames { get; } =
        ["frame", "bulk data", "bytes", "open", "write", "consume", "reset", "announce", "go away", "drain", "tick", "check", "pace",
        "output", "memory is short"];

    public sealed override FuzzBounds Bounds =>
        new(AllocatedPerByte: 192, AllocatedConstant: 16 * 1024, StepsPerByte: 256, StepsConstant: 4 * 1024);

    public sealed override int Cost => 40;

    public sealed override IEnumerable<byte[]> Seeds()
    {
        byte theirs = role == YamuxRole.Client ? (byte)2 : (byte)1;
        yield return new EventScript()
            .On(3).On(4, 0, 200, 0).On(9, 20).After(20, 0, 1, 2, 1, 0, 0, 0, 0).On(0, 0, 1, theirs, 0, 0, 0, 0)
            .On(0, 0, 0, theirs, 0, 0, 0, 9).On(5, 0, 0, 9).On(9, 60).ToArray();
        yield return new EventScript()
            .On(0, 0, 1, theirs, 0, 0, 0, 0).On(1, theirs, 255, 255).On(5, 1, 255, 255).On(9, 9).On(10).After(EventClock.Seconds(30), 10)
            .On(9, 60).After(EventClock.Seconds(20), 10).ToArray();
        yield return new EventScript().On(3).On(7, 0).On(3).On(4, 1, 9, 1).On(6, 0).On(8, 0).On(13).On(11, 5).On(12, 4, 9)
            .On(0, 0, 5, theirs, 0, 0, 0, 3).On(0, 1, 8, theirs).ToArray();
    }

    protected sealed override IMachineRun Start(RandomSource random, TimeSpan now) => new Owner(role);

    /// <summary>Says whether memory is short, as the events have it.</summary>
    private sealed class Memory : IReceivePromises
    {
        public bool AreToStaySmall { get; set; }
    }

    private sealed class Owner : IMachineRun
    {
        private const int BulkUnit = 16;

        private static readonly byte[] Bulk = new byte[byte.MaxValue * 256 * BulkUnit / 8];

        private readonly Memory _memory;
        private readonly YamuxSession _session;
        private readonly List<YamuxStream> _streams = [];
        private readonly byte[] _control = new byte[64 * YamuxHeader.Size];
        private bool _isDead;

        public Owner(YamuxRole role)
        {
            _memory = new Memory();
            _session = new YamuxSession(role, Options with { Promises = _memory });
        }

        public void On(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            // The owner drops a session that is dead or was violated.
            if (_isDead || _session.Violation != YamuxViolation.None)
            {
                return;
            }

            switch (kind)
            {
                case 0:
                    Frame(ref arguments, now, ref digest);
                    break;
                case 1:
                    BulkData(ref arguments, now, ref digest);
                    break;
                case 2:
                    Feed(arguments.Remaining(), now, ref digest);
                    break;
                case 3 when _session.TryOpen(now) is { } stream:
                    _streams.Add(stream);
                    break;
                case 8:
                    _session.SendGoAway((YamuxGoAwayCode)arguments.Below(3));
                    break;
                case 9:
                    Drain(arguments.Byte(), ref digest);
                    break;
                case 10:
                    Tick(now, ref digest);
                    break;
                case 11:
                    _session.Check(TimeSpan.FromSeconds(1 + arguments.Byte()), now);
                    break;
                case 12:
                    _session.SetPace(TimeSpan.FromSeconds(1 + arguments.Byte()), TimeSpan.FromSeconds(1 + arguments.Byte()));
                    break;
                case 13:
                    _session.OnOutput(now);
                    break;
                case 14:
                    _memory.AreToStaySmall = arguments.Flag();
                    break;
                default:
                    OnStream(kind, ref arguments, now);
                    break;
            }

            Check(now);
        }

        public void End(TimeSpan now, ref FuzzDigest digest)
        {
            foreach (var stream in _streams)
            {
                _session.Reset(stream);
            }

            // A frame that breaks the protocol may open its stream first; the owner is told of the break alone, and drops all.
            Require.That(_session.StreamCount == 0 || _session.Violation != YamuxViolation.None, "streams are left when all were reset");
            digest.Add((int)_session.Violation);
        }

        private void OnStream(int kind, ref EventArguments arguments, TimeSpan now)
        {
            if (_streams.Count == 0)
            {
                return;
            }

            var stream = _streams[arguments.Below(_streams.Count)];
            switch (kind)
            {
                case 4 when !stream.IsClosed && !stream.IsLocallyFinished:
                    Span<byte> header = stackalloc byte[YamuxHeader.Size];
                    var length = Math.Min(arguments.UInt16(), _session.SendLimit(stream));
                    _session.WriteDataHeader(stream, length, arguments.Flag(), header);
                    break;
                case 5:
                    _session.OnConsumed(stream, Math.Min(stream.Buffered, arguments.UInt16() * BulkUnit), now);
                    break;
                case 6:
                    _session.Reset(stream);
                    break;
                case 7:
                    _session.Announce(stream);
                    break;
            }
        }

        /// <summary>Type, flags, id, length, payload: each in its field, most of them possible.</summary>
        private void Frame(ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            Span<byte> frame = stackalloc byte[YamuxHeader.Size + byte.MaxValue];
            var type = arguments.Byte();
            var flags = (YamuxFlags)arguments.Byte();
            var id = (uint)arguments.Byte();
            var length = arguments.UInt32();
            var payload = arguments.Remaining();
            new YamuxHeader(0, type, flags, id, type == 0 && !payload.IsEmpty ? (uint)payload.Length : length).Write(frame);
            payload.CopyTo(frame[YamuxHeader.Size..]);
            Feed(frame[..(YamuxHeader.Size + payload.Length)], now, ref digest);
        }

        private void BulkData(ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            Span<byte> header = stackalloc byte[YamuxHeader.Size];
            var id = (uint)arguments.Byte();
            var length = Math.Min(arguments.UInt16() * BulkUnit, Bulk.Length);
            new YamuxHeader(YamuxFrameType.Data, YamuxFlags.None, id, (uint)length).Write(header);
            Feed(header, now, ref digest);
            Feed(Bulk.AsSpan(0, length), now, ref digest);
        }

        private void Feed(ReadOnlySpan<byte> input, TimeSpan now, ref FuzzDigest digest)
        {
            while (true)
            {
                var found = _session.Read(input, now, out var consumed);
                if (found.Kind == YamuxEventKind.NeedMoreData || found.Kind == YamuxEventKind.Violated)
                {
                    Require.That(found.Kind == YamuxEventKind.Violated || consumed == input.Length, "more is needed and some is left");
                    return;
                }

                digest.Add((int)found.Kind);
                digest.Add((ulong)(found.Stream?.Id ?? 0));
                if (found.Kind == YamuxEventKind.StreamOpened)
                {
                    _streams.Add(found.Stream!);
                }

                input = input[consumed..];
            }
        }

        private void Drain(byte frames, ref FuzzDigest digest)
        {
            var written = _session.DrainControl(_control.AsSpan(0, frames % 64 * YamuxHeader.Size));
            Require.That(written % YamuxHeader.Size == 0, "half a frame is drained");
            digest.Add(_session.HasUrgentControl);
            for (var at = 0; at < written; at += YamuxHeader.Size)
            {
                var header = YamuxHeader.Read(_control.AsSpan(at));
                Require.That(header is { Version: 0, Type: <= (byte)YamuxFrameType.GoAway and not 0 }, "a control frame is none");
                digest.Add(_control.AsSpan(at, YamuxHeader.Size));
            }
        }

        private void Tick(TimeSpan now, ref FuzzDigest digest)
        {
            var tick = _session.OnTick(now);
            digest.Add((int)tick);
            _isDead = tick is YamuxTick.KeepAliveTimeout or YamuxTick.FrameTimeout;
            Require.That(_isDead || _session.NextTick(now) > TimeSpan.Zero, "a tick is due again at once: a busy loop");
        }

        private void Check(TimeSpan now)
        {
            Require.That(_session.StreamCount <= Options.MaxInboundStreams + (Options.ReceiveBudget / YamuxOptions.InitialWindow),
                "more streams than allowed");
            Require.That(_session.NextTick(now) >= TimeSpan.Zero, "a tick in the past");
            long windows = 0;
            foreach (var stream in _session.Streams)
            {
                windows += stream.ReceiveWindow;
                Require.That(stream.Buffered <= stream.ReceiveWindow, "more is buffered than the window allows");
                Require.That(stream.SendWindow is >= 0 and <= uint.MaxValue, "a send window out of its range");
                Require.That(stream.ReceiveWindow <= Options.MaxReceiveWindow, "a window larger than allowed");
            }

            Require.That(windows <= Options.ReceiveBudget, "windows add up to more than the budget");
        }
    }
}

/// <summary>The end that dialed.</summary>
public sealed class YamuxClientEntry() : YamuxMachineEntry(YamuxRole.Client);

/// <summary>The end that accepted.</summary>
public sealed class YamuxServerEntry() : YamuxMachineEntry(YamuxRole.Server);
