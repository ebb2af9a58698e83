using System.Runtime.CompilerServices;

namespace NatActors.Node.Muxing;

/// <summary>
/// Waits for the conduit as its loop does, and wakes a reader on the thread that the loop leaves by that: the loop goes on elsewhere whatever the
/// reader does, and the bytes of a small message reach it without a switch of threads. Allocates nothing.
/// </summary>
/// <param name="waiting">What the loop waits for.</param>
/// <param name="reader">Whose turn it is then; null for nobody's.</param>
internal readonly struct ThenOnThisThread(ValueTask<int> waiting, YamuxLinkStream? reader) : ICriticalNotifyCompletion
{
    private readonly ValueTaskAwaiter<int> _waiting = waiting.GetAwaiter();

    // Even where the wait is over by now: the reader is to be woken.
    public bool IsCompleted => false;

    public ThenOnThisThread GetAwaiter() => this;

    public void OnCompleted(Action continuation)
    {
        _waiting.OnCompleted(continuation);
        reader?.CompleteRead(inline: true);
    }

    public void UnsafeOnCompleted(Action continuation)
    {
        _waiting.UnsafeOnCompleted(continuation);
        reader?.CompleteRead(inline: true);
    }

    public int GetResult() => _waiting.GetResult();
}
