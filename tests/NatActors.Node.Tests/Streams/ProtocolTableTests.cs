using Akka.Actor;
using NatActors.Node.Streams;

namespace NatActors.Node.Tests.Streams;

public sealed class ProtocolTableTests
{
    private readonly ProtocolTable _table = new();

    [Fact]
    public void A_protocol_is_served_by_one_at_a_time()
    {
        var first = _table.Register("/a", ActorRefs.Nobody, allowLimited: false);
        Assert.Throws<InvalidOperationException>(() => _table.Register("/a", ActorRefs.Nobody, allowLimited: true));

        first.Dispose();

        _table.Register("/a", ActorRefs.Nobody, allowLimited: true);
        Assert.Equal(["/a"], _table.Protocols);
    }

    [Fact]
    public void An_old_registration_disposed_late_does_not_end_the_new_one()
    {
        var old = _table.Register("/a", ActorRefs.Nobody, allowLimited: false);
        old.Dispose();
        _table.Register("/a", ActorRefs.Nobody, allowLimited: false);

        old.Dispose();

        Assert.NotNull(_table.Find("/a", limited: false));
    }

    [Fact]
    public void On_a_limited_connection_only_those_that_allow_it_are_found()
    {
        _table.Register("/limited", ActorRefs.Nobody, allowLimited: true);
        _table.Register("/direct", ActorRefs.Nobody, allowLimited: false);

        Assert.NotNull(_table.Find("/limited", limited: true));
        Assert.Null(_table.Find("/direct", limited: true));
        Assert.NotNull(_table.Find("/direct", limited: false));
    }

    [Fact]
    public void Each_change_is_told_once()
    {
        var changes = 0;
        _table.Changed += () => changes++;

        var registration = _table.Register("/a", ActorRefs.Nobody, allowLimited: false);
        registration.Dispose();
        registration.Dispose();

        Assert.Equal(2, changes);
    }
}
