using NatActors.Protocols.Relay;

namespace NatActors.Protocols.Tests.Relay;

public sealed class CircuitMeterTests
{
    [Fact]
    public void Each_direction_has_its_own_count()
    {
        var meter = new CircuitMeter(new RelayLimits(null, 100), TimeSpan.Zero);
        Assert.Equal(60, meter.Admit(CircuitDirection.FromSource, 60));
        Assert.Equal(100, meter.Admit(CircuitDirection.FromDestination, 100));
        Assert.Equal(40, meter.Admit(CircuitDirection.FromSource, 41));
        Assert.Equal(0, meter.Admit(CircuitDirection.FromSource, 1));
        Assert.Equal(100, meter.Passed(CircuitDirection.FromSource));
    }

    [Fact]
    public void Without_a_limit_everything_passes()
    {
        var meter = new CircuitMeter(RelayLimits.None, TimeSpan.Zero);
        Assert.Equal(int.MaxValue, meter.Admit(CircuitDirection.FromSource, int.MaxValue));
        Assert.Equal(int.MaxValue, meter.Admit(CircuitDirection.FromSource, int.MaxValue));
        Assert.Null(meter.Deadline);
    }

    [Fact]
    public void The_deadline_counts_from_the_start() =>
        Assert.Equal(
            TimeSpan.FromMinutes(7),
            new CircuitMeter(new RelayLimits(TimeSpan.FromMinutes(2), null), TimeSpan.FromMinutes(5)).Deadline);

    [Fact]
    public void What_is_left_is_told_in_bytes_and_time()
    {
        var meter = new CircuitMeter(new RelayLimits(TimeSpan.FromMinutes(2), 100), TimeSpan.FromMinutes(1));
        meter.Admit(CircuitDirection.FromDestination, 30);

        Assert.Equal(100, meter.Left(CircuitDirection.FromSource));
        Assert.Equal(70, meter.Left(CircuitDirection.FromDestination));
        Assert.Equal(TimeSpan.FromSeconds(90), meter.TimeLeft(TimeSpan.FromSeconds(90)));
        Assert.Equal(0.7, meter.ShareLeft(TimeSpan.FromSeconds(90)), 6);
        Assert.Equal(0.25, meter.ShareLeft(TimeSpan.FromSeconds(150)), 6);
        Assert.Equal(TimeSpan.Zero, meter.TimeLeft(TimeSpan.FromHours(1)));
        Assert.Equal(0, meter.ShareLeft(TimeSpan.FromHours(1)));
    }

    [Fact]
    public void Without_limits_all_is_left()
    {
        var meter = new CircuitMeter(RelayLimits.None, TimeSpan.Zero);
        meter.Admit(CircuitDirection.FromSource, 1000);

        Assert.Null(meter.Left(CircuitDirection.FromSource));
        Assert.Null(meter.TimeLeft(TimeSpan.FromHours(1)));
        Assert.Equal(1, meter.ShareLeft(TimeSpan.FromHours(1)));
    }
}
