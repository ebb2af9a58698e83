using System.Threading.Tasks.Sources;

namespace NatActors.Node.Muxing;

/// <summary>
/// Wakes the one waiter of a loop. Used in turns: the waiter arms it under the link's lock, somebody sets it once, the waiter goes on.
/// Allocates nothing.
/// </summary>
internal sealed class WakeUp : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _core;

    /// <summary>Makes it ready to be waited for and set once.</summary>
    public void Arm() => _core.Reset();

    /// <summary>Completes when set.</summary>
    public ValueTask WaitAsync() => new(this, _core.Version);

    /// <summary>
    /// Wakes the waiter. Inline runs it on the calling thread until it has to wait: no switch of threads for work that is ready; the caller
    /// must hold no lock.
    /// </summary>
    public void Set(bool inline)
    {
        _core.RunContinuationsAsynchronously = !inline;
        _core.SetResult(true);
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
