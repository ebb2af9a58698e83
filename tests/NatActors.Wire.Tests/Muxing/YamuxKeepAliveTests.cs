using NatActors.Wire.Muxing;

namespace NatActors.Wire.Tests.Muxing;

/// <summary>When a session pings, on virtual time: the owner calls when it was told to, and at no other time.</summary>
public sealed class YamuxKeepAliveTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void A_silent_session_pings_once_in_each_silence()
    {
        var pair = new YamuxPair(delayMs: 20);
        pair.Client.Session.SetPace(2.5 * Second, 60 * Second);

        var pings = RunFor(pair, 60 * Second);

        // The first at once, and then 2.5 s after the answer of the one before.
        Assert.Equal(1 + (int)(60 / 2.54), pings.Count);
        Assert.All(pings.Zip(pings.Skip(1), (one, next) => next - one), gap => Assert.InRange(gap, 2.5 * Second, 2.6 * Second));
    }

    [Fact]
    public void Traffic_of_its_own_spares_pings_until_one_has_to_prove_life()
    {
        var pair = new YamuxPair(delayMs: 20);
        pair.Client.Session.SetPace(5 * Second, 60 * Second);

        var pings = RunFor(pair, 130 * Second, everySecond: () =>
        {
            pair.Client.Session.OnOutput(pair.Now);
            pair.Client.Feed(Ping(YamuxFlags.Ack, 1234), pair.Now);
        });

        Assert.Equal(3, pings.Count);
        Assert.InRange(pings[1] - pings[0], 60 * Second, 61 * Second);
    }

    [Fact]
    public void What_nothing_answers_is_followed_by_a_ping_after_the_interval_of_the_options()
    {
        var pair = new YamuxPair(client: new YamuxOptions { KeepAliveInterval = 15 * Second }, delayMs: 20);
        pair.Client.Session.SetPace(60 * Second, 60 * Second);
        Assert.Single(RunFor(pair, 30 * Second));

        pair.Client.Session.OnOutput(pair.Now);
        var spoken = pair.Now;
        var pings = RunFor(pair, 30 * Second);

        Assert.InRange(Assert.Single(pings) - spoken, 15 * Second, 16 * Second);
    }

    [Fact]
    public void A_check_finds_a_dead_peer_within_its_time_although_the_next_ping_is_far()
    {
        var pair = new YamuxPair(delayMs: 20);
        var session = pair.Client.Session;
        session.SetPace(60 * Second, 60 * Second);
        RunFor(pair, 10 * Second);

        session.Check(5 * Second, pair.Now);
        Assert.InRange(session.NextTick(pair.Now), Second, 5 * Second);
        pair.Wait(4.9 * Second);
        Assert.NotEqual(YamuxTick.KeepAliveTimeout, session.OnTick(pair.Now));
        pair.Wait(0.1 * Second);
        Assert.Equal(YamuxTick.KeepAliveTimeout, session.OnTick(pair.Now));
    }

    [Fact]
    public void A_check_that_anything_answers_is_over()
    {
        var pair = new YamuxPair(delayMs: 20);
        var session = pair.Client.Session;
        session.SetPace(60 * Second, 60 * Second);
        RunFor(pair, 10 * Second);

        session.Check(5 * Second, pair.Now);
        RunFor(pair, 30 * Second);

        Assert.Equal(YamuxTick.Idle, session.OnTick(pair.Now));
        session.Check(5 * Second, pair.Now);
        pair.Wait(Second);
        session.Check(5 * Second, pair.Now);
        pair.Wait(4 * Second);
        Assert.Equal(YamuxTick.KeepAliveTimeout, session.OnTick(pair.Now));
    }

    /// <summary>Runs both ends; the client's timer by its own word only. The times of its pings.</summary>
    private static List<TimeSpan> RunFor(YamuxPair pair, TimeSpan time, Action? everySecond = null)
    {
        var step = TimeSpan.FromMilliseconds(10);
        var session = pair.Client.Session;
        var end = pair.Now + time;
        var tickAt = pair.Now;
        var secondAt = pair.Now + Second;
        var pings = new List<TimeSpan>();
        while (pair.Now < end)
        {
            if (pair.Now >= tickAt)
            {
                var tick = session.OnTick(pair.Now);
                Assert.NotEqual(YamuxTick.KeepAliveTimeout, tick);
                if (tick == YamuxTick.PingQueued)
                {
                    pings.Add(pair.Now);
                    session.OnOutput(pair.Now);
                }

                var next = session.NextTick(pair.Now);
                Assert.True(next > TimeSpan.Zero, "the timer would spin");
                tickAt = pair.Now + next;
            }

            if (everySecond is not null && pair.Now >= secondAt)
            {
                everySecond();
                secondAt += Second;
            }

            pair.Run();
            pair.Wait(step);
        }

        return pings;
    }

    private static byte[] Ping(YamuxFlags flags, uint value)
    {
        var bytes = new byte[YamuxHeader.Size];
        new YamuxHeader(YamuxFrameType.Ping, flags, 0, value).Write(bytes);
        return bytes;
    }
}
