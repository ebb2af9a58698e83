using System.Threading.Channels;
using NatActors.Node.Muxing;
using NatActors.Testing;
using NatActors.Transports;
using NatActors.Transports.Muxing;
using NatActors.Transports.Security;
using NatActors.Wire.Muxing;

namespace NatActors.Node.Tests.Muxing;

/// <summary>One end of a link under test and what its owner hears.</summary>
internal sealed class LinkOwner : IMuxedLinkEvents
{
    private readonly Channel<IMuxedStream> _opened = Channel.CreateBounded<IMuxedStream>(4096);
    private readonly Channel<(long Id, StreamEnd End)> _ended = Channel.CreateBounded<(long, StreamEnd)>(4096);
    private readonly TaskCompletionSource<TimeSpan> _roundTrip = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LinkOwner(IConduit conduit, ConnectionRole role, YamuxOptions options, Func<TimeSpan> clock)
    {
        Link = new YamuxLink(conduit, role, options, clock);
        Done = Link.RunAsync(this);
    }

    public YamuxLink Link { get; }

    public Task<LinkEnd> Done { get; }

    public bool Refuses { get; set; }

    public Task<TimeSpan> RoundTrip => _roundTrip.Task;

    public async Task<IMuxedStream> AcceptAsync() => await _opened.Reader.ReadAsync().AsTask().WaitAsync(LinkPair.Patience);

    public IAsyncEnumerable<IMuxedStream> AcceptAllAsync() => _opened.Reader.ReadAllAsync();

    public void StopAccepting() => _opened.Writer.TryComplete();

    public async Task<StreamEnd> EndOfAsync(long id)
    {
        while (true)
        {
            var (ended, how) = await _ended.Reader.ReadAsync().AsTask().WaitAsync(LinkPair.Patience);
            if (ended == id)
            {
                return how;
            }
        }
    }

    public bool StreamOpened(IMuxedStream stream) => !Refuses && _opened.Writer.TryWrite(stream);

    public void StreamEnded(IMuxedStream stream, StreamEnd end) => _ended.Writer.TryWrite((stream.Id, end));

    public void RoundTripMeasured(TimeSpan roundTripTime) => _roundTrip.TrySetResult(roundTripTime);
}

/// <summary>Two links over a pair of in-memory conduits.</summary>
internal sealed class LinkPair : IAsyncDisposable
{
    /// <summary>How long a test waits for what must happen; only a failing test waits that long.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private long _now = TimeSpan.TicksPerHour;

    public LinkPair(
        YamuxOptions? dialer = null,
        YamuxOptions? listener = null,
        int capacity = MemoryConduit.DefaultCapacity,
        int maxRead = int.MaxValue)
    {
        var (near, far) = MemoryConduit.CreatePair(capacity, maxRead);
        DialerConduit = near;
        ListenerConduit = far;
        Dialer = new LinkOwner(near, ConnectionRole.Dialer, dialer ?? new YamuxOptions(), () => Now);
        Listener = new LinkOwner(far, ConnectionRole.Listener, listener ?? new YamuxOptions(), () => Now);
    }

    public MemoryConduit DialerConduit { get; }

    public MemoryConduit ListenerConduit { get; }

    public LinkOwner Dialer { get; }

    public LinkOwner Listener { get; }

    public TimeSpan Now => new(Interlocked.Read(ref _now));

    public void Wait(TimeSpan time) => Interlocked.Add(ref _now, time.Ticks);

    /// <summary>A stream with one byte through it, so that both ends know it.</summary>
    public async Task<(IMuxedStream Dialer, IMuxedStream Listener)> OpenAsync()
    {
        var stream = Dialer.Link.TryOpenStream()!;
        await stream.WriteAsync(new byte[] { 42 });
        var accepted = await Listener.AcceptAsync();
        Assert.Equal(1, await accepted.ReadAsync(new byte[1]));
        return (stream, accepted);
    }

    public async ValueTask DisposeAsync()
    {
        await Dialer.Link.DisposeAsync();
        await Listener.Link.DisposeAsync();
    }
}

/// <summary>What tests do with streams.</summary>
internal static class StreamTestExtensions
{
    public static async Task<byte[]> ReadToEndAsync(this IMuxedStream stream, int bufferSize = 64 * 1024)
    {
        var all = new MemoryStream();
        var buffer = new byte[bufferSize];
        while (await stream.ReadAsync(buffer) is var read and > 0)
        {
            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }

    public static async Task SendAsync(this IMuxedStream stream, byte[] bytes, int piece)
    {
        for (var offset = 0; offset < bytes.Length; offset += piece)
        {
            await stream.WriteAsync(bytes.AsMemory(offset, Math.Min(piece, bytes.Length - offset)));
        }

        await stream.CompleteWritesAsync();
    }

    public static byte[] Pattern(int size, int seed)
    {
        var bytes = new byte[size];
        for (var i = 0; i < size; i++)
        {
            bytes[i] = (byte)((i * 31) + (i >> 8) + seed);
        }

        return bytes;
    }
}
