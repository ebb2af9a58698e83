using NatActors.Multiformats;
using NatActors.Wire.Muxing;

namespace NatActors.Wire.Tests.Muxing;

/// <summary>What a peer may cost a session, on virtual time: how fast it opens, how much it says without saying anything, how long it takes.</summary>
public sealed class YamuxBoundsTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Start = TimeSpan.FromHours(1);

    [Fact]
    public void Streams_beyond_the_rate_are_reset_and_come_again_with_time()
    {
        var server = Server(new YamuxOptions { InboundStreams = new RateLimit(2, 3) });
        for (uint id = 1; id <= 9; id += 2)
        {
            server.Feed(Frame(YamuxFlags.Syn, id), Start);
        }

        Assert.Equal([1u, 3u, 5u], server.Opened.Select(s => s.Id));
        Assert.Equal([7u, 9u], Resets(server));

        server.Feed(Frame(YamuxFlags.Syn, 11), Start + (Second / 2));
        Assert.Equal(11u, server.Opened[^1].Id);
        Assert.Equal(YamuxViolation.None, server.Session.Violation);
    }

    [Fact]
    public void Who_goes_on_opening_beyond_the_rate_loses_the_session()
    {
        var server = Server(new YamuxOptions { InboundStreams = new RateLimit(2, 3) });
        for (uint id = 1; id <= 11; id += 2)
        {
            server.Feed(Frame(YamuxFlags.Syn, id), Start);
            server.TakeOutput();
        }

        Assert.Equal(YamuxViolation.None, server.Session.Violation);
        server.Feed(Frame(YamuxFlags.Syn, 13), Start);
        Assert.Equal(YamuxViolation.StreamFlood, server.Session.Violation);
    }

    [Fact]
    public void Streams_that_are_reset_as_they_are_opened_count_as_well()
    {
        var server = Server(new YamuxOptions { InboundStreams = new RateLimit(1, 2) });
        for (uint id = 1; id <= 7; id += 2)
        {
            server.Feed(Frame(YamuxFlags.Syn | YamuxFlags.Rst, id), Start);
        }

        Assert.Equal(YamuxViolation.None, server.Session.Violation);
        server.Feed(Frame(YamuxFlags.Syn | YamuxFlags.Rst, 9), Start);
        Assert.Equal(YamuxViolation.StreamFlood, server.Session.Violation);
    }

    [Fact]
    public void Opening_at_the_rate_is_allowed_for_ever()
    {
        var server = Server(new YamuxOptions { InboundStreams = new RateLimit(10, 1) });
        for (var i = 0; i < 1000; i++)
        {
            var id = (uint)(1 + (2 * i));
            var now = Start + (i * Second / 10);
            server.Feed(Frame(YamuxFlags.Syn, id), now);
            server.Feed(Frame(YamuxFlags.Rst, id), now);
            server.TakeOutput();
        }

        Assert.Equal(1000, server.Opened.Count);
    }

    public static TheoryData<string, YamuxHeader> IdleFrames => new()
    {
        { "a ping", new YamuxHeader(YamuxFrameType.Ping, YamuxFlags.Syn, 0, 7) },
        { "an answer to no ping", new YamuxHeader(YamuxFrameType.Ping, YamuxFlags.Ack, 0, 7) },
        { "data of no bytes", new YamuxHeader(YamuxFrameType.Data, YamuxFlags.None, 1, 0) },
        { "credit of no bytes", new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.None, 1, 0) },
        { "credit of a byte", new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.None, 1, 1) },
        { "credit for a stream that is gone", new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.None, 3, 4096) },
        { "a reset of a stream that is gone", new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.Rst, 3, 0) },
        { "the end of a stream that never was", new YamuxHeader(YamuxFrameType.Data, YamuxFlags.Fin, 77, 0) },
        { "a goodbye, again", new YamuxHeader(YamuxFrameType.GoAway, YamuxFlags.None, 0, 0) },
    };

    [Theory]
    [MemberData(nameof(IdleFrames))]
    public void Frames_that_carry_nothing_are_counted(string what, YamuxHeader idle)
    {
        Assert.NotEmpty(what);
        var server = Server(new YamuxOptions { IdleFrames = new RateLimit(1, 5) });
        server.Feed(Frame(YamuxFlags.Syn, 1), Start);
        server.Feed(Frame(YamuxFlags.Syn, 3), Start);
        server.Feed(Frame(YamuxFlags.Rst, 3), Start);
        server.Feed(Bytes(new YamuxHeader(YamuxFrameType.GoAway, YamuxFlags.None, 0, 0)), Start);

        for (var i = 0; i < 5; i++)
        {
            server.Feed(Bytes(idle), Start);
            server.TakeOutput();
        }

        Assert.Equal(YamuxViolation.None, server.Session.Violation);
        server.Feed(Bytes(idle), Start + Second);
        Assert.Equal(YamuxViolation.None, server.Session.Violation);
        server.Feed(Bytes(idle), Start + Second);
        Assert.Equal(YamuxViolation.IdleFrameFlood, server.Session.Violation);
    }

    [Fact]
    public void A_peer_that_grants_each_small_message_again_at_once_goes_on_for_ever()
    {
        var server = Server(new YamuxOptions { IdleFrames = new RateLimit(0.001, 1) });
        server.Feed(Frame(YamuxFlags.Syn, 1), Start);
        for (var i = 0; i < 1000; i++)
        {
            Assert.Equal(100, server.Send(server.Opened[0], new byte[100]));
            server.TakeOutput();
            server.Feed(Bytes(new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.None, 1, 100)), Start);
        }

        Assert.Equal(YamuxViolation.None, server.Session.Violation);
    }

    [Fact]
    public void Credit_that_makes_this_side_send_frames_of_bytes_is_counted()
    {
        var server = Server(new YamuxOptions { IdleFrames = new RateLimit(1, 5) });
        server.Feed(Frame(YamuxFlags.Syn, 1), Start);
        var stream = server.Opened[0];
        server.Send(stream, new byte[stream.SendWindow]);
        var earned = 0;
        while (server.Session.Violation == YamuxViolation.None && earned++ < 100)
        {
            server.TakeOutput();
            server.Feed(Bytes(new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.None, 1, 1)), Start);
            if (server.Session.Violation == YamuxViolation.None)
            {
                Assert.Equal(1, server.Send(stream, new byte[1]));
            }
        }

        // Five of the burst, and one for each frame of the first window that left credit.
        Assert.Equal(YamuxViolation.IdleFrameFlood, server.Session.Violation);
        Assert.InRange(earned, 6, 20);
    }

    [Fact]
    public void Frames_that_tell_something_are_not_counted()
    {
        var pair = new YamuxPair(
            client: new YamuxOptions { IdleFrames = new RateLimit(0.001, 1) }, server: new YamuxOptions { IdleFrames = new RateLimit(0.001, 1) });
        for (var i = 0; i < 200; i++)
        {
            var (near, far) = pair.Open();
            pair.Server.Session.Announce(far);
            pair.Client.Send(near, new byte[200_000]);
            pair.Run();
            pair.Server.Finish(far);
            pair.Client.Finish(near);
            pair.Run();
        }

        Assert.Equal(YamuxViolation.None, pair.Client.Session.Violation);
        Assert.Equal(YamuxViolation.None, pair.Server.Session.Violation);
        Assert.Equal(0, pair.Server.Session.StreamCount);
    }

    [Fact]
    public void A_header_that_is_never_whole_ends_the_session()
    {
        var server = Server(new YamuxOptions { FrameTimeout = 10 * Second });
        for (var i = 0; i < 10; i++)
        {
            server.Feed([0], Start + (i * Second));
            Assert.Equal(YamuxTick.Idle, Tick(server, Start + (i * Second)));
        }

        Assert.InRange(server.Session.NextTick(Start + (9 * Second)), TimeSpan.Zero, Second);
        Assert.Equal(YamuxTick.FrameTimeout, Tick(server, Start + (10 * Second)));
    }

    [Fact]
    public void A_payload_has_a_second_more_for_each_KiB()
    {
        var server = Server(new YamuxOptions { FrameTimeout = 10 * Second });
        server.Feed(Bytes(new YamuxHeader(YamuxFrameType.Data, YamuxFlags.Syn, 1, 20 * 1024)), Start);
        for (var i = 1; i < 30; i++)
        {
            server.Feed([0], Start + (i * Second));
            Assert.Equal(YamuxTick.Idle, Tick(server, Start + (i * Second)));
        }

        Assert.Equal(YamuxTick.FrameTimeout, Tick(server, Start + (30 * Second)));
    }

    [Fact]
    public void Each_frame_has_its_own_time()
    {
        var server = Server(new YamuxOptions { FrameTimeout = 10 * Second, PingDeadline = 1000 * Second });
        server.Feed(Frame(YamuxFlags.Syn, 1), Start);
        byte[] frame = [.. Bytes(new YamuxHeader(YamuxFrameType.Data, YamuxFlags.None, 1, 8)), .. new byte[8]];
        byte[] frames = [.. Enumerable.Repeat(frame, 20).SelectMany(bytes => bytes)];
        for (var i = 0; i < frames.Length; i += 5)
        {
            // Five bytes a second cut the frames anywhere; one is whole every four seconds.
            var now = Start + (i / 5 * Second);
            server.Feed(frames.AsSpan(i, 5), now);
            Assert.Equal(YamuxTick.Idle, Tick(server, now));
        }

        Assert.Equal(160, server.Received[1].Count);
        Assert.Equal(YamuxTick.Idle, Tick(server, Start + (90 * Second)));
    }

    [Fact]
    public void Who_says_much_and_answers_no_ping_is_given_up()
    {
        var server = Server(new YamuxOptions { KeepAliveTimeout = 20 * Second, PingDeadline = 60 * Second });
        server.Feed(Frame(YamuxFlags.Syn, 1), Start);
        Assert.Equal(YamuxTick.PingQueued, server.Session.OnTick(Start));
        for (var i = 1; i < 60; i++)
        {
            var now = Start + (i * Second);
            server.Feed([.. Bytes(new YamuxHeader(YamuxFrameType.Data, YamuxFlags.None, 1, 1)), 0], now);
            Assert.Equal(YamuxTick.Idle, server.Session.OnTick(now));
            Assert.InRange(server.Session.NextTick(now), TimeSpan.Zero, Start + (60 * Second) - now);
        }

        Assert.Equal(YamuxTick.KeepAliveTimeout, server.Session.OnTick(Start + (60 * Second)));
    }

    private static YamuxEnd Server(YamuxOptions options) => new(YamuxRole.Server, options);

    /// <summary>A tick whose ping, if it is due, is answered at once.</summary>
    private static YamuxTick Tick(YamuxEnd end, TimeSpan now)
    {
        var tick = end.Session.OnTick(now);
        if (tick != YamuxTick.PingQueued)
        {
            return tick;
        }

        end.TakeOutput();
        return YamuxTick.Idle;
    }

    private static uint[] Resets(YamuxEnd end) =>
    [
        .. end.TakeOutput().Chunk(YamuxHeader.Size)
            .Select(bytes => YamuxHeader.Read(bytes))
            .Where(header => (header.Flags & YamuxFlags.Rst) != 0)
            .Select(header => header.StreamId),
    ];

    private static byte[] Frame(YamuxFlags flags, uint stream) => Bytes(new YamuxHeader(YamuxFrameType.WindowUpdate, flags, stream, 0));

    private static byte[] Bytes(YamuxHeader header)
    {
        var bytes = new byte[YamuxHeader.Size];
        header.Write(bytes);
        return bytes;
    }
}
