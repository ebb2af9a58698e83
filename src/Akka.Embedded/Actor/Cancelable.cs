namespace Akka.Actor;

/// <summary>Calls scheduled work off. Its token is made only when asked for.</summary>
public class Cancelable : ICancelable, IDisposable
{
    private readonly IActionScheduler _scheduler;
    private CancellationTokenSource? _source;
    private TimerHeap.Entry? _entry;
    private volatile bool _cancelled;

    public Cancelable(IActionScheduler scheduler) => _scheduler = scheduler;

    public Cancelable(IScheduler scheduler)
        : this(scheduler.Advanced)
    {
    }

    /// <summary>Cancels itself after <paramref name="delay"/>.</summary>
    public Cancelable(IActionScheduler scheduler, TimeSpan delay)
        : this(scheduler) => CancelAfter(delay);

    public Cancelable(IScheduler scheduler, TimeSpan delay)
        : this(scheduler.Advanced, delay)
    {
    }

    public Cancelable(IScheduler scheduler, int millisecondsDelay)
        : this(scheduler.Advanced, TimeSpan.FromMilliseconds(millisecondsDelay))
    {
    }

    public bool IsCancellationRequested => _cancelled;

    public bool IsDisposed { get; private set; }

    public CancellationToken Token
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsDisposed, this);
            if (_source is null && Interlocked.CompareExchange(ref _source, new CancellationTokenSource(), null) is null && _cancelled)
            {
                _source.Cancel();
            }

            return _source!.Token;
        }
    }

    /// <summary>One that is cancelled already.</summary>
    public static ICancelable CreateCanceled() => new Cancelable(NoScheduler.Instance) { _cancelled = true };

    /// <summary>One that is cancelled when any of the others is.</summary>
    public static ICancelable CreateLinkedCancelable(IActionScheduler scheduler, params ICancelable[] cancelables) =>
        CreateLinkedCancelable(scheduler, [.. cancelables.Select(c => c.Token)]);

    public static ICancelable CreateLinkedCancelable(IScheduler scheduler, params ICancelable[] cancelables) =>
        CreateLinkedCancelable(scheduler.Advanced, cancelables);

    public static ICancelable CreateLinkedCancelable(IScheduler scheduler, params CancellationToken[] cancellationTokens) =>
        CreateLinkedCancelable(scheduler.Advanced, cancellationTokens);

    public static ICancelable CreateLinkedCancelable(IActionScheduler scheduler, params CancellationToken[] cancellationTokens)
    {
        var cancelable = new Cancelable(scheduler);
        foreach (var token in cancellationTokens)
        {
            token.UnsafeRegister(static state => ((Cancelable)state!).Cancel(), cancelable);
        }

        return cancelable;
    }

    public void Cancel() => Cancel(false);

    public void Cancel(bool throwOnFirstException)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        _cancelled = true;
        Interlocked.Exchange(ref _entry, null)?.Remove();
        Volatile.Read(ref _source)?.Cancel(throwOnFirstException);
    }

    public void CancelAfter(TimeSpan delay)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        _scheduler.ScheduleOnce(delay, Cancel);
    }

    public void CancelAfter(int millisecondsDelay) => CancelAfter(TimeSpan.FromMilliseconds(millisecondsDelay));

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        IsDisposed = true;
        _source?.Dispose();
    }

    /// <summary>Lets a cancellation take the entry out of the heap instead of leaving it there until it is due.</summary>
    internal void Bind(TimerHeap.Entry entry)
    {
        Volatile.Write(ref _entry, entry);
        if (_cancelled)
        {
            Interlocked.Exchange(ref _entry, null)?.Remove();
        }
    }

    private sealed class NoScheduler : IActionScheduler
    {
        public static readonly NoScheduler Instance = new();

        public void ScheduleOnce(TimeSpan delay, Action action)
        {
        }

        public void ScheduleOnce(TimeSpan delay, Action action, ICancelable? cancelable)
        {
        }

        public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action)
        {
        }

        public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable? cancelable)
        {
        }
    }
}
