using NatActors.Node.Relay;

namespace NatActors.Node.Tests.Relay;

public sealed class WriteWatchTests
{
    private readonly WriteWatch _watch = new();

    [Fact]
    public void Only_the_same_write_seen_twice_hangs()
    {
        Assert.False(_watch.HangsStill());
        _watch.Begin();
        Assert.False(_watch.HangsStill());
        Assert.True(_watch.HangsStill());
        _watch.End();
        Assert.False(_watch.HangsStill());
    }

    [Fact]
    public void A_write_after_another_is_a_new_one()
    {
        _watch.Begin();
        Assert.False(_watch.HangsStill());
        _watch.End();
        _watch.Begin();
        Assert.False(_watch.HangsStill());
        Assert.True(_watch.HangsStill());
    }
}
