using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NatActors.Multiformats;
using NatActors.Node.Tests.BadInput;
using NatActors.Wire.Muxing;

namespace NatActors.Benchmarks.Hostile;

/// <summary>One attack under way: whom, how fast, until when, and how much was done.</summary>
internal sealed class AttackRun(Multiaddr target, int rate, CancellationToken stop)
{
    /// <summary>Where the attacker comes from: a network of its own in the eyes of a node that counts loopback addresses.</summary>
    public static readonly IPAddress Host = IPAddress.Parse("127.0.0.66");

    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(10);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private long _done;

    public Multiaddr Target => target;

    /// <summary>What was done so far, each as the attack counts it.</summary>
    public long Done => Interlocked.Read(ref _done);

    /// <summary>Calls the batch with as many as are due, a hundred times a second, until it is over.</summary>
    public async Task PaceAsync(Func<int, Task> batch, double share = 1)
    {
        using var timer = new PeriodicTimer(Beat);
        var began = _clock.Elapsed;
        var called = 0L;
        while (await WaitAsync(timer))
        {
            var due = (int)(((_clock.Elapsed - began).TotalSeconds * rate * share) - called);
            if (due > 0)
            {
                called += due;
                await batch(due).WaitAsync(stop);
                Interlocked.Add(ref _done, due);
            }
        }
    }

    /// <summary>The batch over a secured connection; another one is made when the node has cut it.</summary>
    public async Task OverConnectionAsync(Func<AttackLink, int, Task> batch, double share = 1)
    {
        using var timer = new PeriodicTimer(Beat);
        while (await WaitAsync(timer))
        {
            try
            {
                await using var bad = await BadPeer.SecuredAsync(target, from: Host);
                var reading = DropAsync(bad);
                var link = new AttackLink(bad);
                await PaceAsync(count => batch(link, count), share);
                bad.Secured.Abort();
                await reading;
            }
            catch (Exception e) when (e is IOException or SocketException or TimeoutException or ObjectDisposedException)
            {
                // Cut, or not let in: once more, at the next beat.
            }
        }
    }

    /// <summary>Waits until it is over.</summary>
    public async Task UntilStoppedAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromHours(1));
        await WaitAsync(timer);
    }

    private async Task<bool> WaitAsync(PeriodicTimer timer)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stop);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task DropAsync(BadPeer bad)
    {
        var buffer = new byte[65_536];
        try
        {
            while (await bad.Secured.ReadAsync(buffer) > 0)
            {
                // What the node says does not matter.
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Cut, by either side.
        }
    }
}

/// <summary>The attacker's end of a secured connection: frames in one write, stream ids of its own.</summary>
internal sealed class AttackLink(BadPeer peer)
{
    private readonly List<byte> _frames = [];
    private uint _next = 1;

    /// <summary>The id of the next stream.</summary>
    public uint NextStream()
    {
        var id = _next;
        _next += 2;
        return id;
    }

    public AttackLink Add(YamuxHeader header, ReadOnlySpan<byte> payload = default)
    {
        Span<byte> bytes = stackalloc byte[YamuxHeader.Size];
        header.Write(bytes);
        _frames.AddRange(bytes);
        _frames.AddRange(payload);
        return this;
    }

    /// <summary>A whole stream in two frames: opened, said, finished.</summary>
    public AttackLink AddStream(ReadOnlySpan<byte> said)
    {
        var id = NextStream();
        return Add(new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.Syn, id, 0))
            .Add(new YamuxHeader(YamuxFrameType.Data, YamuxFlags.Fin, id, (uint)said.Length), said);
    }

    public async Task SendAsync()
    {
        var bytes = _frames.ToArray();
        _frames.Clear();
        await peer.Secured.WriteAsync(bytes);
    }
}
