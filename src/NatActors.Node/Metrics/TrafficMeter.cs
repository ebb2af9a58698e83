namespace NatActors.Node.Metrics;

/// <summary>
/// Bytes of one kind of path, counted on the data path: one interlocked addition for a read or a batch of frames, and nothing on the heap.
/// </summary>
public sealed class TrafficMeter
{
    private long _sent;
    private long _received;

    /// <summary>Bytes sent so far.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Bytes received so far.</summary>
    public long Received => Interlocked.Read(ref _received);

    /// <summary>That many bytes were sent.</summary>
    public void OnSent(int bytes) => Interlocked.Add(ref _sent, bytes);

    /// <summary>That many bytes were received.</summary>
    public void OnReceived(int bytes) => Interlocked.Add(ref _received, bytes);
}
