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
}
