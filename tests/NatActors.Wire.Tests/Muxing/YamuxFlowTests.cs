using NatActors.Wire.Muxing;

namespace NatActors.Wire.Tests.Muxing;

public sealed class YamuxFlowTests
{
    private const int Window = YamuxOptions.InitialWindow;
    private const int Large = 16 * 1024 * 1024;

    [Fact]
    public void A_sender_stops_at_the_window_of_a_reader_that_does_not_read()
    {
        var pair = new YamuxPair();
        pair.Server.Consumes = false;
        var stream = pair.Client.Session.TryOpen(pair.Now)!;
        Assert.Equal(Window, pair.Client.Send(stream, new byte[Window + 1]));
        Assert.Equal(0, pair.Client.Session.SendLimit(stream));
        pair.Run();
        Assert.Equal(Window, pair.Server.Received[1].Count);

        pair.Server.Session.OnConsumed(pair.Server.Opened[0], (Window / 2) - 1, pair.Now);
        Assert.Equal(0, pair.Client.Count(YamuxEventKind.WindowOpened));
        pair.Server.Session.OnConsumed(pair.Server.Opened[0], 1, pair.Now);
        pair.Run();
        Assert.Equal(1, pair.Client.Count(YamuxEventKind.WindowOpened));
        Assert.Equal(Window / 2, stream.SendWindow);
    }

    [Fact]
    public void Sixteen_mebibytes_pass_in_both_directions_at_once()
    {
        var pair = new YamuxPair(delayMs: 10, piece: 100_000);
        pair.Ping();
        var (client, server) = pair.Open();
        var up = Pattern(Large, 1);
        var down = Pattern(Large, 2);
        var (sentUp, sentDown) = (0, 0);
        while (sentUp < Large || sentDown < Large)
        {
            sentUp += pair.Client.Send(client, up.AsSpan(sentUp));
            sentDown += pair.Server.Send(server, down.AsSpan(sentDown));
            pair.Run();
        }

        Assert.True(up.AsSpan().SequenceEqual(pair.Server.Received[1].ToArray().AsSpan(1)));
        Assert.True(down.AsSpan().SequenceEqual(pair.Client.Received[1].ToArray()));
    }

    [Fact]
    public void The_window_grows_while_it_is_the_limit_and_not_beyond_its_maximum()
    {
        const int Maximum = 1024 * 1024;
        var pair = new YamuxPair(server: new YamuxOptions { MaxReceiveWindow = Maximum }, delayMs: 50);
        pair.Ping();
        var (client, server) = pair.Open();
        var windows = new List<int>();
        for (var i = 0; i < 8; i++)
        {
            pair.Client.Send(client, new byte[client.SendWindow]);
            pair.Run();
            windows.Add(server.ReceiveWindow);
        }

        Assert.Contains(2 * Window, windows);
        Assert.Equal(Maximum, windows[^1]);
        Assert.Equal(Maximum, windows.Max());
    }

    [Fact]
    public void The_window_stays_when_the_reader_is_slow()
    {
        var pair = new YamuxPair(delayMs: 5);
        pair.Ping();
        var (client, server) = pair.Open();
        pair.Server.Consumes = false;
        for (var i = 0; i < 8; i++)
        {
            var sent = pair.Client.Send(client, new byte[client.SendWindow]);
            pair.Run();
            pair.Wait(TimeSpan.FromSeconds(1));
            pair.Server.Session.OnConsumed(server, sent, pair.Now);
            pair.Run();
        }

        Assert.Equal(Window, server.ReceiveWindow);
    }

    [Fact]
    public void The_window_stays_until_a_round_trip_is_measured()
    {
        var pair = new YamuxPair(delayMs: 50);
        var (client, server) = pair.Open();
        pair.Client.Send(client, new byte[client.SendWindow]);
        pair.Run();
        Assert.Equal(Window, server.ReceiveWindow);
    }

    [Fact]
    public void Windows_stop_growing_at_the_sessions_budget()
    {
        var pair = new YamuxPair(server: new YamuxOptions { ReceiveBudget = 3 * Window }, delayMs: 50);
        pair.Ping();
        var (client, server) = pair.Open();
        for (var i = 0; i < 6; i++)
        {
            pair.Client.Send(client, new byte[client.SendWindow]);
            pair.Run();
        }

        Assert.Equal(2 * Window, server.ReceiveWindow);
    }

    [Fact]
    public void The_round_trip_is_measured_at_the_start_and_every_thirty_seconds()
    {
        var pair = new YamuxPair(delayMs: 15);
        Assert.Equal(YamuxTick.PingQueued, pair.Client.Session.OnTick(pair.Now));
        pair.Run();
        Assert.Equal(TimeSpan.FromMilliseconds(30), pair.Client.Session.RoundTripTime);
        Assert.Equal(1, pair.Client.Count(YamuxEventKind.RoundTripMeasured));
        pair.Wait(TimeSpan.FromSeconds(29));
        Assert.Equal(YamuxTick.Idle, pair.Client.Session.OnTick(pair.Now));
        pair.Wait(TimeSpan.FromSeconds(1));
        Assert.Equal(YamuxTick.PingQueued, pair.Client.Session.OnTick(pair.Now));
    }

    [Fact]
    public void A_silent_peer_is_given_up_and_one_that_talks_is_not()
    {
        var pair = new YamuxPair();
        var session = pair.Client.Session;
        session.OnTick(pair.Now);
        pair.Wait(TimeSpan.FromSeconds(19));
        Assert.Equal(YamuxTick.Idle, session.OnTick(pair.Now));
        pair.Client.Feed(Frame(YamuxFrameType.Ping, YamuxFlags.Syn, 0, 7), pair.Now);
        pair.Wait(TimeSpan.FromSeconds(19));
        Assert.NotEqual(YamuxTick.KeepAliveTimeout, session.OnTick(pair.Now));
        pair.Wait(TimeSpan.FromSeconds(20));
        Assert.Equal(YamuxTick.KeepAliveTimeout, session.OnTick(pair.Now));
    }

    [Fact]
    public void A_silent_peer_is_given_up_also_where_pings_are_more_frequent_than_that()
    {
        var second = TimeSpan.FromSeconds(1);
        var pair = new YamuxPair(client: new YamuxOptions { KeepAliveInterval = second, KeepAliveTimeout = 3 * second });
        var session = pair.Client.Session;
        Assert.Equal(YamuxTick.PingQueued, session.OnTick(pair.Now));
        pair.Wait(second);
        Assert.NotEqual(YamuxTick.KeepAliveTimeout, session.OnTick(pair.Now));
        pair.Wait(second);
        Assert.NotEqual(YamuxTick.KeepAliveTimeout, session.OnTick(pair.Now));
        pair.Wait(second);
        Assert.Equal(YamuxTick.KeepAliveTimeout, session.OnTick(pair.Now));
    }

    [Fact]
    public void A_ping_is_answered_with_its_value()
    {
        var pair = new YamuxPair();
        pair.Server.Feed(Frame(YamuxFrameType.Ping, YamuxFlags.Syn, 0, 0xdeadbeef), pair.Now);
        Assert.Equal(Frame(YamuxFrameType.Ping, YamuxFlags.Ack, 0, 0xdeadbeef), pair.Server.TakeOutput());
    }

    [Fact]
    public void An_answer_to_no_ping_is_ignored()
    {
        var pair = new YamuxPair();
        pair.Server.Feed(Frame(YamuxFrameType.Ping, YamuxFlags.Ack, 0, 5), pair.Now);
        Assert.Empty(pair.Server.Events);
        Assert.Null(pair.Server.Session.RoundTripTime);
    }

    private static byte[] Frame(YamuxFrameType type, YamuxFlags flags, uint stream, uint length)
    {
        var bytes = new byte[YamuxHeader.Size];
        new YamuxHeader(type, flags, stream, length).Write(bytes);
        return bytes;
    }

    private static byte[] Pattern(int size, int seed)
    {
        var bytes = new byte[size];
        for (var i = 0; i < size; i++)
        {
            bytes[i] = (byte)((i * 31) + (i >> 8) + seed);
        }

        return bytes;
    }
}
