using NatActors.Multiformats;
using NatActors.Protocols.Connections;
using static NatActors.Protocols.Tests.Connections.Peers;

namespace NatActors.Protocols.Tests.Connections;

public sealed class DialScheduleTests
{
    private static readonly Multiaddr A = Address("/ip4/192.0.1.1/tcp/1");
    private static readonly Multiaddr B = Address("/ip4/192.0.1.2/tcp/1");
    private static readonly Multiaddr C = Address("/ip4/192.0.1.3/tcp/1");

    [Fact]
    public void Each_address_is_tried_when_its_delay_has_passed()
    {
        var schedule = new DialSchedule([new(A, Seconds(0)), new(B, Seconds(1))], Seconds(100));

        Assert.Equal([A], schedule.Due(Seconds(100)));
        Assert.Equal(Seconds(101), schedule.Deadline);
        Assert.Empty(schedule.Due(Seconds(100.9)));
        Assert.Equal([B], schedule.Due(Seconds(101)));
        Assert.Null(schedule.Deadline);
    }

    [Fact]
    public void The_next_is_tried_at_once_when_none_is_in_flight()
    {
        var schedule = new DialSchedule([new(A, Seconds(0)), new(B, Seconds(1)), new(C, Seconds(2))], Seconds(0));
        schedule.Due(Seconds(0));

        schedule.OnFailed(A);

        Assert.Equal([B], schedule.Due(Seconds(0.1)));
    }

    [Fact]
    public void It_is_exhausted_when_the_last_attempt_has_failed()
    {
        var schedule = new DialSchedule([new(A, Seconds(0))], Seconds(0));
        Assert.False(schedule.IsExhausted);
        schedule.Due(Seconds(0));
        Assert.False(schedule.IsExhausted);

        schedule.OnFailed(A);

        Assert.True(schedule.IsExhausted);
        Assert.True(new DialSchedule([], Seconds(0)).IsExhausted);
    }

    [Fact]
    public void Attempts_in_flight_are_bounded()
    {
        var schedule = new DialSchedule([new(A, Seconds(0)), new(B, Seconds(0)), new(C, Seconds(0))], Seconds(0), maxInFlight: 2);

        Assert.Equal([A, B], schedule.Due(Seconds(5)));
        Assert.Null(schedule.Deadline);
        schedule.OnFailed(B);
        Assert.Equal([C], schedule.Due(Seconds(5)));
    }

    [Fact]
    public void Added_addresses_find_their_place_and_known_ones_are_ignored()
    {
        var schedule = new DialSchedule([new(A, Seconds(0)), new(C, Seconds(10))], Seconds(0));
        schedule.Due(Seconds(0));

        schedule.OnAdded([new(B, Seconds(1)), new(A, Seconds(0))], Seconds(5));

        Assert.Equal(Seconds(6), schedule.Deadline);
        Assert.Equal([B], schedule.Due(Seconds(6)));
        Assert.Equal([C], schedule.Due(Seconds(10)));
    }
}
