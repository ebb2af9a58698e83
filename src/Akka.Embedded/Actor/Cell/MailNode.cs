namespace Akka.Actor;

/// <summary>
/// A message in a mailbox. Nodes are reused: each thread keeps some, and surplus travels between sending and receiving threads in
/// whole batches, so that telling allocates nothing once warm.
/// </summary>
internal sealed class MailNode
{
    // A batch is what two threads hand over at once; a thread keeps at most two of them (2 x 128 x 40 bytes, about 10 KiB).
    private const int BatchSize = 128;

    // Batches that no thread wants are left to the collector beyond this number.
    private const int MaxSharedBatches = 64;

    private static readonly Lock SharedLock = new();
    private static readonly Stack<MailNode> SharedBatches = new();

    [ThreadStatic]
    private static MailNode? _own;

    [ThreadStatic]
    private static int _ownCount;

    [ThreadStatic]
    private static MailNode? _spare;

    public object Message = null!;
    public IActorRef? Sender;
    public MailNode? Next;

    public static MailNode Rent(object message, IActorRef? sender)
    {
        var node = _own;
        if (node is null)
        {
            node = Refill();
        }
        else
        {
            _own = node.Next;
            _ownCount--;
        }

        node.Message = message;
        node.Sender = sender;
        node.Next = null;
        return node;
    }

    public static void Return(MailNode node)
    {
        node.Message = null!;
        node.Sender = null;
        if (_ownCount == BatchSize)
        {
            Spill();
        }

        node.Next = _own;
        _own = node;
        _ownCount++;
    }

    private static MailNode Refill()
    {
        var batch = _spare;
        _spare = null;
        if (batch is null)
        {
            lock (SharedLock)
            {
                SharedBatches.TryPop(out batch);
            }
        }

        if (batch is null)
        {
            return new MailNode();
        }

        _own = batch.Next;
        _ownCount = BatchSize - 1;
        return batch;
    }

    private static void Spill()
    {
        var full = _own!;
        _own = null;
        _ownCount = 0;
        if (_spare is null)
        {
            _spare = full;
            return;
        }

        lock (SharedLock)
        {
            if (SharedBatches.Count < MaxSharedBatches)
            {
                SharedBatches.Push(full);
            }
        }
    }
}
