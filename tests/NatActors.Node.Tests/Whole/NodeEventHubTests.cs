namespace NatActors.Node.Tests.Whole;

public sealed class NodeEventHubTests
{
    private readonly NodeEventHub _hub = new(TimeProvider.System);

    [Fact]
    public void A_subscriber_that_throws_is_dropped_and_the_others_lose_nothing()
    {
        var heard = new List<NodeEvent>();
        var calls = 0;
        _hub.Subscribe(_ =>
        {
            calls++;
            throw new InvalidOperationException("mine");
        });
        _hub.Subscribe(heard.Add);

        _hub.Publish(new NodeEvents.Error("first"));
        _hub.Publish(new NodeEvents.Error("second"));

        Assert.Equal((1, 2), (calls, heard.Count));
    }

    [Fact]
    public void A_subscriber_that_throws_at_the_end_does_not_keep_it_from_the_others()
    {
        var completed = 0;
        _hub.Subscribe(new Observer(() => throw new InvalidOperationException("mine")));
        _hub.Subscribe(new Observer(() => completed++));

        _hub.Complete();

        Assert.Equal(1, completed);
    }

    [Fact]
    public void An_observer_that_subscribed_twice_keeps_one_subscription_when_the_other_is_disposed_twice()
    {
        var heard = 0;
        var observer = new Observer(() => { }, () => heard++);
        var first = _hub.Subscribe(observer);
        _hub.Subscribe(observer);

        first.Dispose();
        first.Dispose();
        _hub.Publish(new NodeEvents.Error("any"));

        Assert.Equal(1, heard);
    }

    private sealed class Observer(Action completed, Action? next = null) : IObserver<NodeEvent>
    {
        public void OnCompleted() => completed();

        public void OnError(Exception error)
        {
        }

        public void OnNext(NodeEvent value) => next?.Invoke();
    }
}
