namespace Akka.Actor;

/// <summary>
/// What the runtime keeps for a thread, in one object because each look-up of a thread's own field costs as much as a tell: whose turn
/// runs, and nodes for messages. Surplus nodes travel between sending and receiving threads in whole batches, so that telling allocates
/// nothing once warm.
/// </summary>
internal sealed class RuntimeThread
{
    // What two threads hand over at once; a thread keeps at most two batches (2 x 128 x 48 bytes, about 12 KiB).
    private const int BatchSize = 128;

    // Batches that no thread wants are left to the collector beyond this number.
    private const int MaxSharedBatches = 64;

    private static readonly Lock SharedLock = new();
    private static readonly Stack<MailNode[]> FullBatches = new();
    private static readonly Stack<MailNode[]> EmptyBatches = new();

    [ThreadStatic]
    private static RuntimeThread? _mine;

    private MailNode[] _nodes = new MailNode[BatchSize];
    private MailNode[]? _spare;
    private MailNode[]? _empty;
    private int _count;

    /// <summary>That of the thread that asks.</summary>
    public static RuntimeThread Mine => _mine ??= new RuntimeThread();

    /// <summary>The cell whose turn runs on this thread.</summary>
    public ActorCell? Current { get; set; }

    public MailNode Rent()
    {
        if (_count == 0 && !Refill())
        {
            return new MailNode();
        }

        // The place keeps its node: it is written over by the next return, and clearing it would be one more write.
        return _nodes[--_count];
    }

    public void Return(MailNode node)
    {
        node.Message = null!;
        node.Sender = null;
        node.Next = null;
        if (_count == BatchSize)
        {
            Spill();
        }

        _nodes[_count++] = node;
    }

    private bool Refill()
    {
        if (_spare is { } spare)
        {
            // The empty array is for the next spill: who goes back and forth over the edge of a batch would make one each time.
            (_empty, _nodes, _spare) = (_nodes, spare, null);
            _count = BatchSize;
            return true;
        }

        lock (SharedLock)
        {
            if (!FullBatches.TryPop(out var full))
            {
                return false;
            }

            EmptyBatches.Push(_nodes);
            _nodes = full;
        }

        _count = BatchSize;
        return true;
    }

    private void Spill()
    {
        var surplus = _spare;
        _spare = _nodes;
        _count = 0;
        MailNode[]? empty = null;
        if (surplus is not null)
        {
            lock (SharedLock)
            {
                if (FullBatches.Count == MaxSharedBatches)
                {
                    // Nobody wants it: the nodes fall to the collector as they are written over, the array serves on.
                    empty = surplus;
                }
                else
                {
                    FullBatches.Push(surplus);
                    EmptyBatches.TryPop(out empty);
                }
            }
        }

        _nodes = empty ?? _empty ?? new MailNode[BatchSize];
        if (empty is null)
        {
            _empty = null;
        }
    }
}
