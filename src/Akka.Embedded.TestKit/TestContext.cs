using Akka.Actor;

namespace Akka.TestKit;

/// <summary>Makes the test actor the sender of what a test tells, behind awaits too.</summary>
internal static class TestContext
{
    public static void Enter(IActorRef testActor)
    {
        var cell = ((LocalRef)testActor).Cell;
        ActorCell.Current = cell;
        SynchronizationContext.SetSynchronizationContext(new CellContext(cell));
    }

    public static void Leave()
    {
        ActorCell.Current = null;
        if (SynchronizationContext.Current is CellContext)
        {
            SynchronizationContext.SetSynchronizationContext(null);
        }
    }

    private sealed class CellContext(ActorCell cell) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) =>
            ThreadPool.QueueUserWorkItem(_ => Send(d, state), null);

        public override void Send(SendOrPostCallback d, object? state)
        {
            var (outerCell, outerContext) = (ActorCell.Current, Current);
            ActorCell.Current = cell;
            SetSynchronizationContext(this);
            try
            {
                d(state);
            }
            finally
            {
                ActorCell.Current = outerCell;
                SetSynchronizationContext(outerContext);
            }
        }

        public override SynchronizationContext CreateCopy() => this;
    }
}
