using Akka.Actor;

namespace Akka.TestKit;

/// <summary>
/// Makes the test actor the sender of what a test tells, behind awaits too. A thread keeps its mark when a test leaves it for good, so a
/// mark counts only where the flow of its test runs.
/// </summary>
internal static class TestContext
{
    private static readonly AsyncLocal<ActorCell?> OfFlow = new();

    [ThreadStatic]
    private static ActorCell? _ofThread;

    private static ActorCell? Cell => _ofThread is { } cell && ReferenceEquals(OfFlow.Value, cell) ? cell : null;

    public static void Enter(IActorRef testActor)
    {
        var cell = ((LocalRef)testActor).Cell;
        ActorCell.OfTest = static () => Cell;
        OfFlow.Value = cell;
        _ofThread = cell;
        SynchronizationContext.SetSynchronizationContext(new CellContext(cell));
    }

    public static void Leave()
    {
        _ofThread = null;
        OfFlow.Value = null;
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
            var (outerCell, outerContext) = (_ofThread, Current);
            _ofThread = cell;
            SetSynchronizationContext(this);
            try
            {
                d(state);
            }
            finally
            {
                _ofThread = outerCell;
                SetSynchronizationContext(outerContext);
            }
        }

        public override SynchronizationContext CreateCopy() => this;
    }
}
