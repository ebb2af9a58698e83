using NatActors.Wire.Muxing;

namespace NatActors.Wire.Tests.Muxing;

/// <summary>What other implementations send, and what nobody may send.</summary>
public sealed class YamuxForeignTests
{
    private const YamuxFrameType Data = YamuxFrameType.Data;
    private const YamuxFrameType Update = YamuxFrameType.WindowUpdate;
    private static readonly TimeSpan Now = TimeSpan.FromSeconds(5);

    [Fact]
    public void Go_opens_streams_with_a_window_update()
    {
        var end = Server();
        end.Feed([.. Frame(Update, YamuxFlags.Syn, 1, 100), .. Frame(Data, YamuxFlags.None, 1, 2), 7, 8], Now);
        Assert.Equal([7, 8], end.Received[1]);
        Assert.Equal(YamuxOptions.InitialWindow + 100, Assert.Single(end.Opened).SendWindow);
    }

    [Fact]
    public void Stream_ids_need_not_rise_in_order()
    {
        var end = Server();
        end.Feed([.. Frame(Update, YamuxFlags.Syn, 5, 0), .. Frame(Update, YamuxFlags.Syn, 3, 0)], Now);
        Assert.Equal([5u, 3u], end.Opened.Select(s => s.Id));
    }

    [Fact]
    public void A_stream_may_be_opened_filled_and_finished_by_one_frame()
    {
        var end = Server();
        end.Feed([.. Frame(Data, YamuxFlags.Syn | YamuxFlags.Fin, 1, 2), 7, 8], Now);
        Assert.Equal([YamuxEventKind.StreamOpened, YamuxEventKind.Data, YamuxEventKind.RemoteFinished], end.Events.Select(e => e.Kind));
    }

    [Theory]
    [InlineData(Update)]
    [InlineData(Data)]
    public void Fin_and_rst_ride_on_either_frame(YamuxFrameType type)
    {
        var end = Server();
        end.Feed([.. Frame(type, YamuxFlags.Syn, 1, 0), .. Frame(type, YamuxFlags.Syn, 3, 0)], Now);
        end.Feed([.. Frame(type, YamuxFlags.Fin, 1, 0), .. Frame(type, YamuxFlags.Rst, 3, 0)], Now);
        Assert.Equal([YamuxEventKind.RemoteFinished, YamuxEventKind.RemoteReset], end.Events.Skip(2).Select(e => e.Kind));
    }

    [Fact]
    public void Js_sends_window_updates_after_the_end_of_a_stream()
    {
        var pair = new YamuxPair();
        var (client, server) = pair.Open();
        pair.Client.Finish(client);
        pair.Server.Finish(server);
        pair.Run();
        pair.Client.Feed([.. Frame(Update, YamuxFlags.None, 1, 1000), .. Frame(Data, YamuxFlags.None, 1, 1), 5], Now);
        Assert.Equal(YamuxViolation.None, pair.Client.Session.Violation);
    }

    [Fact]
    public void A_window_update_after_fin_still_gives_credit()
    {
        var end = Server();
        end.Feed([.. Frame(Update, YamuxFlags.Syn | YamuxFlags.Fin, 1, 0), .. Frame(Update, YamuxFlags.None, 1, 50)], Now);
        Assert.Equal(YamuxOptions.InitialWindow + 50, end.Opened[0].SendWindow);
    }

    [Fact]
    public void A_second_fin_is_not_told_twice()
    {
        var end = Server();
        end.Feed([.. Frame(Update, YamuxFlags.Syn | YamuxFlags.Fin, 1, 0), .. Frame(Update, YamuxFlags.Fin, 1, 0)], Now);
        Assert.Equal(1, end.Count(YamuxEventKind.RemoteFinished));
    }

    [Fact]
    public void Data_after_fin_costs_the_stream_and_not_the_session()
    {
        var end = Server();
        end.Feed([.. Frame(Update, YamuxFlags.Syn | YamuxFlags.Fin, 1, 0), .. Frame(Data, YamuxFlags.None, 1, 2), 7, 8], Now);
        end.Feed([.. Frame(Data, YamuxFlags.Syn, 3, 1), 9], Now);
        Assert.Equal(1, end.Count(YamuxEventKind.DataAfterFin));
        Assert.Equal([9], end.Received[3]);
        Assert.False(end.Received.ContainsKey(1));
    }

    [Fact]
    public void A_stray_reset_of_a_stream_never_opened_is_ignored()
    {
        var end = Server();
        end.Feed(Frame(Update, YamuxFlags.Rst, 99, 0), Now);
        Assert.Empty(end.Events);
    }

    [Fact]
    public void A_stream_opened_and_reset_by_one_frame_is_nothing()
    {
        var end = Server();
        end.Feed([.. Frame(Data, YamuxFlags.Syn | YamuxFlags.Rst, 1, 1), 5, .. Frame(Data, YamuxFlags.Syn, 3, 1), 6], Now);
        Assert.Equal(3u, Assert.Single(end.Opened).Id);
        Assert.False(end.HasOutput);
    }

    public static TheoryData<YamuxViolation, byte[]> Violations => new()
    {
        { YamuxViolation.UnknownVersion, [1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0] },
        { YamuxViolation.UnknownFrameType, [0, 4, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0] },
        { YamuxViolation.StreamFrameOnSession, Frame(Data, YamuxFlags.Syn, 0, 0) },
        { YamuxViolation.StreamFrameOnSession, Frame(Update, YamuxFlags.None, 0, 5) },
        { YamuxViolation.SessionFrameOnStream, Frame(YamuxFrameType.Ping, YamuxFlags.Syn, 1, 0) },
        { YamuxViolation.SessionFrameOnStream, Frame(YamuxFrameType.GoAway, YamuxFlags.None, 1, 0) },
        { YamuxViolation.WrongStreamIdParity, Frame(Update, YamuxFlags.Syn, 2, 0) },
        { YamuxViolation.DuplicateStream, [.. Frame(Update, YamuxFlags.Syn, 1, 0), .. Frame(Update, YamuxFlags.Syn, 1, 0)] },
        { YamuxViolation.DataOnUnopenedStream, [.. Frame(Data, YamuxFlags.None, 7, 1), 1] },
        { YamuxViolation.ReceiveWindowExceeded, Frame(Data, YamuxFlags.Syn, 1, YamuxOptions.InitialWindow + 1) },
        { YamuxViolation.ReceiveWindowExceeded, Frame(Data, YamuxFlags.Syn, 1, uint.MaxValue) },
        {
            YamuxViolation.SendWindowOverflow,
            [.. Frame(Update, YamuxFlags.Syn, 1, 1), .. Frame(Update, YamuxFlags.None, 1, uint.MaxValue)]
        },
        { YamuxViolation.MalformedPing, Frame(YamuxFrameType.Ping, YamuxFlags.None, 0, 1) },
        { YamuxViolation.MalformedPing, Frame(YamuxFrameType.Ping, YamuxFlags.Syn | YamuxFlags.Ack, 0, 1) },
    };

    [Theory]
    [MemberData(nameof(Violations))]
    public void Violations_are_named_at_every_split(YamuxViolation expected, byte[] bytes)
    {
        for (var split = 0; split < bytes.Length; split++)
        {
            var end = Server();
            end.Feed(bytes.AsSpan(0, split), Now);
            end.Feed(bytes.AsSpan(split), Now);
            Assert.Equal(expected, end.Session.Violation);
            Assert.Equal(YamuxEventKind.Violated, end.Session.Read([0], Now, out var consumed).Kind);
            Assert.Equal(0, consumed);
        }
    }

    [Fact]
    public void Pings_that_are_never_read_break_the_session()
    {
        var end = Server();
        for (var i = 0; i <= new YamuxOptions().MaxPendingControlFrames; i++)
        {
            Assert.Equal(YamuxViolation.None, end.Session.Violation);
            end.Feed(Frame(YamuxFrameType.Ping, YamuxFlags.Syn, 0, (uint)i), Now);
        }

        Assert.Equal(YamuxViolation.ControlFrameFlood, end.Session.Violation);
    }

    [Fact]
    public void Streams_opened_and_reset_without_end_break_the_session()
    {
        var end = Server();
        for (uint id = 1; end.Session.Violation == YamuxViolation.None; id += 2)
        {
            Assert.True(id < 10_000);
            end.Feed([.. Frame(Update, YamuxFlags.Syn, id, 0), .. Frame(Update, YamuxFlags.Rst, id, 0)], Now);
        }

        Assert.Equal(YamuxViolation.ControlFrameFlood, end.Session.Violation);
    }

    private static YamuxEnd Server() => new(YamuxRole.Server, new YamuxOptions());

    private static byte[] Frame(YamuxFrameType type, YamuxFlags flags, uint stream, uint length)
    {
        var bytes = new byte[YamuxHeader.Size];
        new YamuxHeader(type, flags, stream, length).Write(bytes);
        return bytes;
    }
}
