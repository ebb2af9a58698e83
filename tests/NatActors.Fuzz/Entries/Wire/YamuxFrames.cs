using NatActors.Fuzz.Engine;
using NatActors.Wire.Muxing;

namespace NatActors.Fuzz.Entries.Wire;

/// <summary>The twelve bytes of a yamux header.</summary>
public sealed class YamuxHeaderEntry : FuzzEntry
{
    public override string Name => "wire.yamux.header";

    public override InputShape Shape => InputShape.Bytes;

    public override FuzzBounds Bounds => new(AllocatedPerByte: 0, AllocatedConstant: 0, StepsPerByte: 2, StepsConstant: 32);

    public override int MaxLength => 16;

    public override IEnumerable<byte[]> Seeds() => [YamuxFrames.Of(YamuxFrameType.Data, YamuxFlags.Syn, 1, 0)];

    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        if (input.Length < YamuxHeader.Size)
        {
            return new FuzzOutcome(false, 0);
        }

        Span<byte> written = stackalloc byte[YamuxHeader.Size];
        YamuxHeader.Read(input).Write(written);
        Require.Same(input[..YamuxHeader.Size], written, "a header is written otherwise than it was read");
        return new FuzzOutcome(true, 0);
    }
}

/// <summary>Frames for seeds.</summary>
internal static class YamuxFrames
{
    public static byte[] Of(YamuxFrameType type, YamuxFlags flags, uint id, uint length, params byte[] payload)
    {
        var frame = new byte[YamuxHeader.Size + payload.Length];
        new YamuxHeader(type, flags, id, length).Write(frame);
        payload.CopyTo(frame, YamuxHeader.Size);
        return frame;
    }

    public static byte[] Data(YamuxFlags flags, uint id, params byte[] payload) =>
        Of(YamuxFrameType.Data, flags, id, (uint)payload.Length, payload);

    public static byte[] Update(YamuxFlags flags, uint id, uint credit) => Of(YamuxFrameType.WindowUpdate, flags, id, credit);

    public static byte[] Ping(YamuxFlags flags, uint value) => Of(YamuxFrameType.Ping, flags, 0, value);

    public static byte[] GoAway(uint code) => Of(YamuxFrameType.GoAway, YamuxFlags.None, 0, code);

    /// <summary>A conversation that exercises everything, with the parity of one opener.</summary>
    public static byte[] Conversation(uint parity) =>
    [
        .. Data(YamuxFlags.Syn, parity, 1, 2, 3), .. Update(YamuxFlags.None, parity, 1000), .. Ping(YamuxFlags.Syn, 7),
        .. Update(YamuxFlags.Syn, parity + 2, 0),
        .. Data(YamuxFlags.Fin, parity, 4, 5), .. Data(YamuxFlags.None, parity + 2, new byte[40]),
        .. Update(YamuxFlags.Rst, parity + 2, 0), .. Ping(YamuxFlags.Ack, 1), .. GoAway(0),
    ];
}

/// <summary>A yamux session in one role that is only fed; nothing is answered or consumed.</summary>
public abstract class YamuxInboundEntry(YamuxRole role) : ChunkedEntry
{
    private static readonly YamuxOptions Options =
        new() { MaxInboundStreams = 8, MaxPendingControlFrames = 16, ReceiveBudget = 12 * YamuxOptions.InitialWindow };

    public sealed override string Name => "wire.yamux.inbound." + (role == YamuxRole.Client ? "client" : "server");

    public sealed override InputShape Shape => InputShape.Bytes;

    // A stream costs its record and its place in three tables; a frame has twelve bytes at least.
    public sealed override FuzzBounds Bounds =>
        new(AllocatedPerByte: 48, AllocatedConstant: 8 * 1024, StepsPerByte: 80, StepsConstant: 1024);

    public sealed override int Cost => 30;

    public sealed override int MaxLength => 4096;

    public sealed override IReadOnlyList<byte[]> Words { get; } =
    [
        YamuxFrames.Update(YamuxFlags.Syn, 1, 0), YamuxFrames.Update(YamuxFlags.Syn, 2, 0), YamuxFrames.Data(YamuxFlags.Fin, 1),
        YamuxFrames.Data(YamuxFlags.Fin, 2),
        YamuxFrames.Update(YamuxFlags.Rst, 1, 0), YamuxFrames.Ping(YamuxFlags.Syn, 1),
        YamuxFrames.Update(YamuxFlags.Ack, 1, uint.MaxValue), YamuxFrames.Data(YamuxFlags.Ack, 2, 9),
    ];

    public sealed override IEnumerable<byte[]> Seeds() =>
        [YamuxFrames.Conversation(1), YamuxFrames.Conversation(2), YamuxFrames.Data(YamuxFlags.Syn, 2, 1),
        YamuxFrames.Data(YamuxFlags.Syn, 1, 1)];

    protected sealed override IChunkReader Begin() => new Reader(role);

    private sealed class Reader : IChunkReader
    {
        private static readonly TimeSpan Now = TimeSpan.FromDays(1);

        private readonly YamuxSession _session;
        private FuzzDigest _digest;
        private uint _dataStream;

        public Reader(YamuxRole role)
        {
            _session = new YamuxSession(role, Options);
            if (_session.TryOpen(Now) is { } stream)
            {
                _session.Announce(stream);
            }
        }

        public void Take(ReadOnlySpan<byte> chunk)
        {
            while (_session.Violation == YamuxViolation.None)
            {
                var found = _session.Read(chunk, Now, out var consumed);
                if (found.Kind == YamuxEventKind.NeedMoreData)
                {
                    Require.That(consumed == chunk.Length, "more is needed and some is left");
                    break;
                }

                Note(found, chunk[..consumed]);
                chunk = chunk[consumed..];
            }

            Require.That(_session.StreamCount <= Options.MaxInboundStreams + 1, "more streams than allowed");
        }

        public FuzzOutcome End()
        {
            Span<byte> control = stackalloc byte[64 * YamuxHeader.Size];
            _digest.Add(control[.._session.DrainControl(control)]);
            _digest.Add((int)_session.Violation);
            _digest.Add(_session.StreamCount);
            return new FuzzOutcome(_session.Violation == YamuxViolation.None, _digest.Value);
        }

        /// <summary>
        /// However its payload is cut, data of a stream is the same; so events of it that follow each other count as one.
        /// </summary>
        private void Note(YamuxEvent found, ReadOnlySpan<byte> consumed)
        {
            if (found.Kind == YamuxEventKind.Data)
            {
                Require.That(found.PayloadLength > 0 && found.PayloadLength <= consumed.Length && found.Stream is not null,
                    "data without bytes");
                if (_dataStream != found.Stream!.Id)
                {
                    _dataStream = found.Stream.Id;
                    _digest.Add((ulong)_dataStream);
                }

                _digest.AddStream(consumed[^found.PayloadLength..]);
                Require.That(found.Stream.Buffered <= found.Stream.ReceiveWindow, "more is buffered than the window allows");
                return;
            }

            _dataStream = 0;
            _digest.Add((int)found.Kind);
            _digest.Add((ulong)(found.Stream?.Id ?? 0));
            _digest.Add((ulong)found.Code);
        }
    }
}

/// <summary>The end that dialed.</summary>
public sealed class YamuxClientInboundEntry() : YamuxInboundEntry(YamuxRole.Client);

/// <summary>The end that accepted.</summary>
public sealed class YamuxServerInboundEntry() : YamuxInboundEntry(YamuxRole.Server);
