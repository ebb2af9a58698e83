using NatActors.Wire.Muxing;

namespace NatActors.Wire.Tests.Muxing;

public sealed class YamuxSessionTests
{
    private static readonly byte[] Hello = "hello"u8.ToArray();

    [Fact]
    public void A_header_is_twelve_bytes_big_endian()
    {
        var bytes = new byte[YamuxHeader.Size];
        new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.Syn | YamuxFlags.Fin, 0x01020304, 0x0a0b0c0d).Write(bytes);
        Assert.Equal([0, 1, 0, 5, 1, 2, 3, 4, 0x0a, 0x0b, 0x0c, 0x0d], bytes);
        var header = YamuxHeader.Read(bytes);
        Assert.Equal(new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.Syn | YamuxFlags.Fin, 0x01020304, 0x0a0b0c0d), header);
    }

    [Fact]
    public void Client_streams_are_odd_and_server_streams_even()
    {
        var pair = new YamuxPair();
        Assert.Equal([1u, 3u], [pair.Client.Session.TryOpen(pair.Now)!.Id, pair.Client.Session.TryOpen(pair.Now)!.Id]);
        Assert.Equal([2u, 4u], [pair.Server.Session.TryOpen(pair.Now)!.Id, pair.Server.Session.TryOpen(pair.Now)!.Id]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(13)]
    [InlineData(int.MaxValue)]
    public void A_conversation_survives_any_split(int piece)
    {
        var pair = new YamuxPair(piece: piece);
        var stream = pair.Client.Session.TryOpen(pair.Now)!;
        pair.Client.Send(stream, Hello, fin: true);
        pair.Run();
        var accepted = Assert.Single(pair.Server.Opened);
        pair.Server.Send(accepted, [9, 8, 7], fin: true);
        pair.Run();

        Assert.Equal(Hello, pair.Server.Received[1]);
        Assert.Equal([9, 8, 7], pair.Client.Received[1]);
        Assert.Equal(1, pair.Client.Count(YamuxEventKind.RemoteFinished));
        Assert.True(stream.IsClosed);
        Assert.True(accepted.IsClosed);
        Assert.Equal(0, pair.Client.Session.StreamCount + pair.Server.Session.StreamCount);
    }

    [Fact]
    public void Half_close_ends_one_direction_only()
    {
        var pair = new YamuxPair();
        var (client, server) = pair.Open();
        pair.Client.Finish(client);
        pair.Run();
        Assert.Equal(5, pair.Server.Send(server, Hello));
        pair.Run();
        Assert.Equal(Hello, pair.Client.Received[1]);
        Assert.False(client.IsClosed);
        Assert.Throws<InvalidOperationException>(() => pair.Client.Finish(client));
    }

    [Fact]
    public void Reset_ends_both_directions_at_both_ends()
    {
        var pair = new YamuxPair();
        var (client, server) = pair.Open();
        pair.Server.Send(server, Hello);
        pair.Client.Session.Reset(client);
        pair.Run();
        Assert.Equal(1, pair.Server.Count(YamuxEventKind.RemoteReset));
        Assert.False(pair.Client.Received.ContainsKey(1));
        Assert.True(server.IsClosed);
        Assert.Equal(YamuxViolation.None, pair.Client.Session.Violation);
    }

    [Fact]
    public void A_reset_does_not_overtake_the_frame_that_opened_its_stream()
    {
        var pair = new YamuxPair();
        var stream = pair.Client.Session.TryOpen(pair.Now)!;
        pair.Client.Send(stream, Hello);
        pair.Client.Session.Reset(stream);
        pair.Run();
        Assert.Equal(
            [YamuxEventKind.StreamOpened, YamuxEventKind.Data, YamuxEventKind.RemoteReset],
            pair.Server.Events.Select(e => e.Kind));
        Assert.Equal(0, pair.Server.Session.StreamCount);
    }

    [Fact]
    public void A_stream_that_was_never_announced_is_reset_in_silence()
    {
        var pair = new YamuxPair();
        pair.Client.Session.Reset(pair.Client.Session.TryOpen(pair.Now)!);
        Assert.False(pair.Client.HasOutput);
    }

    [Fact]
    public void An_announced_stream_is_opened_by_a_window_update()
    {
        var pair = new YamuxPair();
        pair.Client.Session.Announce(pair.Client.Session.TryOpen(pair.Now)!);
        var output = pair.Client.TakeOutput();
        Assert.Equal(new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.Syn, 1, 0), YamuxHeader.Read(output));
        pair.Server.Feed(output, pair.Now);
        Assert.Single(pair.Server.Opened);
    }

    [Fact]
    public void Acknowledgements_ride_on_other_frames_and_come_alone_when_many_wait()
    {
        var pair = new YamuxPair();
        var streams = Enumerable.Range(0, 32).Select(_ => pair.Client.Session.TryOpen(pair.Now)!).ToList();
        foreach (var stream in streams)
        {
            Assert.False(pair.Server.HasOutput);
            pair.Client.Send(stream, [1]);
            pair.Server.Feed(pair.Client.TakeOutput(), pair.Now);
        }

        Assert.True(pair.Server.HasOutput);
        pair.Run();
        Assert.All(streams, s => Assert.True(s.IsAcknowledged));
    }

    [Fact]
    public void Opening_stops_at_the_backlog_of_unacknowledged_streams()
    {
        var pair = new YamuxPair(new YamuxOptions { MaxUnacknowledgedStreams = 2 });
        var first = pair.Client.Session.TryOpen(pair.Now)!;
        Assert.NotNull(pair.Client.Session.TryOpen(pair.Now));
        Assert.Null(pair.Client.Session.TryOpen(pair.Now));
        pair.Client.Send(first, Hello);
        pair.Run();
        pair.Server.Send(pair.Server.Opened[0], Hello);
        pair.Run();
        Assert.NotNull(pair.Client.Session.TryOpen(pair.Now));
    }

    [Fact]
    public void Streams_beyond_the_inbound_limit_are_reset_and_their_data_dropped()
    {
        var pair = new YamuxPair(server: new YamuxOptions { MaxInboundStreams = 1 });
        pair.Open();
        var second = pair.Client.Session.TryOpen(pair.Now)!;
        pair.Client.Send(second, Hello);
        pair.Run();
        Assert.Single(pair.Server.Opened);
        Assert.Equal(1, pair.Client.Count(YamuxEventKind.RemoteReset));
        Assert.True(second.IsClosed);
    }

    [Fact]
    public void Streams_beyond_the_receive_budget_are_refused_on_both_sides()
    {
        var budget = new YamuxOptions { ReceiveBudget = YamuxOptions.InitialWindow };
        var pair = new YamuxPair(server: budget);
        var (client, _) = pair.Open();
        var second = pair.Client.Session.TryOpen(pair.Now)!;
        pair.Client.Send(second, Hello);
        pair.Run();
        Assert.True(second.IsClosed);
        Assert.Null(pair.Server.Session.TryOpen(pair.Now));

        pair.Client.Session.Reset(client);
        pair.Run();
        Assert.NotNull(pair.Server.Session.TryOpen(pair.Now));
    }

    [Fact]
    public void A_closed_stream_counts_against_the_budget_until_it_is_read()
    {
        var pair = new YamuxPair(server: new YamuxOptions { ReceiveBudget = YamuxOptions.InitialWindow });
        pair.Server.Consumes = false;
        var (client, server) = pair.Open();
        pair.Client.Finish(client);
        pair.Server.Finish(server);
        pair.Run();
        Assert.True(server.IsClosed);
        Assert.Null(pair.Server.Session.TryOpen(pair.Now));
        pair.Server.Session.OnConsumed(server, 1, pair.Now);
        Assert.NotNull(pair.Server.Session.TryOpen(pair.Now));
    }

    [Fact]
    public void After_a_goaway_neither_side_opens_streams_and_open_ones_go_on()
    {
        var pair = new YamuxPair();
        var (client, _) = pair.Open();
        pair.Server.Session.SendGoAway(YamuxGoAwayCode.Normal);
        Assert.Null(pair.Server.Session.TryOpen(pair.Now));
        pair.Run();
        Assert.Equal(1, pair.Client.Count(YamuxEventKind.GoneAway));
        Assert.Null(pair.Client.Session.TryOpen(pair.Now));
        pair.Client.Send(client, Hello);
        pair.Run();
        Assert.Equal([0, .. Hello], pair.Server.Received[1]);
    }

    [Fact]
    public void A_stream_opened_across_a_goaway_is_reset()
    {
        var pair = new YamuxPair();
        pair.Server.Session.SendGoAway(YamuxGoAwayCode.Normal);
        var stream = pair.Client.Session.TryOpen(pair.Now)!;
        pair.Client.Send(stream, Hello);
        pair.Run();
        Assert.Empty(pair.Server.Opened);
        Assert.True(stream.IsClosed);
    }
}
