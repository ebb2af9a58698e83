using NatActors.Node.Muxing;
using NatActors.Testing;
using NatActors.Transports.Muxing;
using NatActors.Transports.Security;
using NatActors.Wire.Muxing;

namespace NatActors.Node.Tests.Muxing;

public sealed class YamuxLinkTests
{
    private const int Window = YamuxOptions.InitialWindow;
    private const int Large = 16 * 1024 * 1024;

    [Theory]
    [InlineData(1024 * 1024, 64 * 1024)]
    [InlineData(64 * 1024, 1000)]
    [InlineData(4096, 100_000)]
    public async Task Sixteen_mebibytes_pass_in_both_directions_at_once(int piece, int readSize)
    {
        await using var pair = new LinkPair();
        var (near, far) = await pair.OpenAsync();
        var up = StreamTestExtensions.Pattern(Large, 1);
        var down = StreamTestExtensions.Pattern(Large, 2);
        var received = Task.WhenAll(far.ReadToEndAsync(readSize), near.ReadToEndAsync(readSize));
        await Task.WhenAll(near.SendAsync(up, piece), far.SendAsync(down, piece)).WaitAsync(LinkPair.Patience);
        var both = await received.WaitAsync(LinkPair.Patience);
        Assert.True(up.AsSpan().SequenceEqual(both[0]));
        Assert.True(down.AsSpan().SequenceEqual(both[1]));
        Assert.Equal(StreamEnd.Completed, await pair.Dialer.EndOfAsync(near.Id));
        Assert.Equal(StreamEnd.Completed, await pair.Listener.EndOfAsync(near.Id));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(11)]
    public async Task Streams_survive_a_conduit_that_splits_anywhere(int maxRead)
    {
        await using var pair = new LinkPair(maxRead: maxRead);
        var (near, far) = await pair.OpenAsync();
        var bytes = StreamTestExtensions.Pattern(5000, 3);
        var echo = Task.Run(async () => await far.SendAsync(await far.ReadToEndAsync(), 777));
        await near.SendAsync(bytes, 1234);
        Assert.Equal(bytes, await near.ReadToEndAsync().WaitAsync(LinkPair.Patience));
        await echo;
    }

    [Fact]
    public async Task A_read_into_no_buffer_waits_for_bytes_or_the_end_and_takes_none()
    {
        await using var pair = new LinkPair();
        var (near, far) = await pair.OpenAsync();
        var waiting = far.ReadAsync(Memory<byte>.Empty).AsTask();
        Assert.False(waiting.IsCompleted);
        await near.WriteAsync(new byte[] { 7 });
        Assert.Equal(0, await waiting.WaitAsync(LinkPair.Patience));
        Assert.Equal(0, await far.ReadAsync(Memory<byte>.Empty));
        var buffer = new byte[2];
        Assert.Equal(1, await far.ReadAsync(buffer));
        Assert.Equal(7, buffer[0]);

        waiting = far.ReadAsync(Memory<byte>.Empty).AsTask();
        await near.CompleteWritesAsync();
        Assert.Equal(0, await waiting.WaitAsync(LinkPair.Patience));
        Assert.Equal(0, await far.ReadAsync(buffer));
    }

    [Fact]
    public async Task A_reader_that_keeps_its_thread_holds_up_nobody_else()
    {
        await using var pair = new LinkPair();
        var (slow, slowFar) = await pair.OpenAsync();
        var (other, otherFar) = await pair.OpenAsync();
        using var release = new ManualResetEventSlim();
        var stuck = StuckAsync();
        await slow.WriteAsync(new byte[] { 1 });
        await other.WriteAsync(new byte[] { 2 });
        Assert.Equal(1, await otherFar.ReadAsync(new byte[1]).AsTask().WaitAsync(LinkPair.Patience));
        release.Set();
        await stuck;

        async Task StuckAsync()
        {
            await slowFar.ReadAsync(new byte[1]);
            Assert.True(release.Wait(LinkPair.Patience));
        }
    }

    [Fact]
    public async Task Two_hundred_streams_carry_their_own_bytes_at_once()
    {
        await using var pair = new LinkPair();
        var accepting = Task.Run(async () =>
        {
            var echoes = new List<Task>();
            for (var i = 0; i < 200; i++)
            {
                var stream = await pair.Listener.AcceptAsync();
                echoes.Add(Task.Run(async () => await stream.SendAsync(await stream.ReadToEndAsync(), 10_000)));
            }

            await Task.WhenAll(echoes);
        });
        var clients = Enumerable.Range(0, 200).Select(async i =>
        {
            var stream = pair.Dialer.Link.TryOpenStream()!;
            var bytes = StreamTestExtensions.Pattern(30_000 + i, i);
            var sent = stream.SendAsync(bytes, 7000);
            Assert.Equal(bytes, await stream.ReadToEndAsync());
            await sent;
        });
        await Task.WhenAll(clients.Append(accepting)).WaitAsync(LinkPair.Patience);
        Assert.Equal(0, pair.Dialer.Link.StreamCount);
    }

    [Fact]
    public async Task A_slow_reader_bounds_what_is_sent_to_it()
    {
        await using var pair = new LinkPair();
        var (near, far) = await pair.OpenAsync();
        var bytes = StreamTestExtensions.Pattern(4 * Window, 4);
        var sending = near.SendAsync(bytes, bytes.Length);

        // Another stream passes meanwhile: everything the slow one may send has been sent.
        var (other, otherFar) = await pair.OpenAsync();
        await other.CompleteWritesAsync();
        Assert.Empty(await otherFar.ReadToEndAsync().WaitAsync(LinkPair.Patience));
        Assert.False(sending.IsCompleted);

        Assert.Equal(bytes, await far.ReadToEndAsync().WaitAsync(LinkPair.Patience));
        await sending;
    }

    [Fact]
    public async Task Half_close_leaves_the_other_direction_open()
    {
        await using var pair = new LinkPair();
        var (near, far) = await pair.OpenAsync();
        await near.CompleteWritesAsync();
        Assert.Equal(0, await far.ReadAsync(new byte[1]));
        await far.WriteAsync(new byte[] { 1, 2, 3 });
        var buffer = new byte[10];
        Assert.Equal(3, await near.ReadAsync(buffer));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await near.WriteAsync(buffer));
    }

    [Fact]
    public async Task Reset_fails_both_ends_reads_and_writes()
    {
        await using var pair = new LinkPair();
        var (near, far) = await pair.OpenAsync();
        var reading = near.ReadAsync(new byte[1]).AsTask();
        var farReading = far.ReadAsync(new byte[1]).AsTask();
        var blocked = near.WriteAsync(new byte[Window * 2]).AsTask();
        near.Reset();
        near.Reset();
        Assert.Equal(StreamEnd.ResetLocally, (await Assert.ThrowsAsync<MuxedStreamException>(() => reading)).End);
        await Assert.ThrowsAsync<MuxedStreamException>(() => blocked);
        await Assert.ThrowsAnyAsync<IOException>(async () => await near.WriteAsync(new byte[1]));
        Assert.Equal(StreamEnd.ResetLocally, await pair.Dialer.EndOfAsync(near.Id));
        Assert.Equal(StreamEnd.ResetByPeer, await pair.Listener.EndOfAsync(near.Id));
        await ThrowsOrReads(farReading);
        await Assert.ThrowsAnyAsync<IOException>(async () => await far.ReadAsync(new byte[1]));
        await Assert.ThrowsAnyAsync<IOException>(async () => await far.WriteAsync(new byte[1]));
    }

    [Fact]
    public async Task A_cancelled_read_leaves_the_stream_usable()
    {
        await using var pair = new LinkPair();
        var (near, far) = await pair.OpenAsync();
        using var cancel = new CancellationTokenSource();
        var reading = near.ReadAsync(new byte[1], cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await far.WriteAsync(new byte[] { 7 });
        var buffer = new byte[2];
        Assert.Equal(1, await near.ReadAsync(buffer));
        Assert.Equal(7, buffer[0]);
    }

    [Fact]
    public async Task A_cancelled_write_frees_its_buffer_and_leaves_the_stream_usable()
    {
        await using var pair = new LinkPair();
        var (near, far) = await pair.OpenAsync();
        using var cancel = new CancellationTokenSource();
        var writing = near.WriteAsync(new byte[Window * 2], cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
        var reading = far.ReadToEndAsync();
        await near.WriteAsync(new byte[] { 1 });
        await near.CompleteWritesAsync();
        var received = await reading.WaitAsync(LinkPair.Patience);
        Assert.InRange(received.Length, 1, (Window * 2) - 1);
        Assert.Equal(1, received[^1]);
    }

    [Fact]
    public async Task A_stream_that_only_reads_is_made_known_to_the_peer()
    {
        await using var pair = new LinkPair();
        var stream = pair.Dialer.Link.TryOpenStream()!;
        var reading = stream.ReadAsync(new byte[8]).AsTask();
        var accepted = await pair.Listener.AcceptAsync();
        await accepted.WriteAsync(new byte[] { 1, 2 });
        Assert.Equal(2, await reading.WaitAsync(LinkPair.Patience));
    }

    [Fact]
    public async Task A_reader_is_woken_once_for_all_that_came_together()
    {
        var (near, far) = MemoryConduit.CreatePair();
        var owner = new LinkOwner(far, ConnectionRole.Listener, new YamuxOptions(), () => TimeSpan.Zero);
        await near.WriteAsync(DataFrame(YamuxFlags.Syn, 1));
        var stream = await owner.AcceptAsync();
        Assert.Equal(1, await stream.ReadAsync(new byte[1]));
        var buffer = new byte[10];
        var reading = stream.ReadAsync(buffer).AsTask();
        Assert.False(reading.IsCompleted);
        await near.WriteAsync((byte[])[.. DataFrame(YamuxFlags.None, 2), .. DataFrame(YamuxFlags.None, 3), .. DataFrame(YamuxFlags.None, 4)]);
        Assert.Equal(3, await reading.WaitAsync(LinkPair.Patience));
        Assert.Equal([2, 3, 4], buffer[..3]);
        await owner.Link.DisposeAsync();
    }

    [Fact]
    public async Task A_refused_stream_is_reset_and_its_owner_hears_nothing_of_it()
    {
        await using var pair = new LinkPair();
        pair.Listener.Refuses = true;
        var stream = pair.Dialer.Link.TryOpenStream()!;
        await stream.WriteAsync(new byte[] { 1 });
        Assert.Equal(StreamEnd.ResetByPeer, await pair.Dialer.EndOfAsync(stream.Id));
        pair.Listener.Refuses = false;
        var (next, _) = await pair.OpenAsync();
        next.Reset();
        Assert.Equal(StreamEnd.ResetByPeer, await pair.Listener.EndOfAsync(next.Id));
    }

    [Fact]
    public async Task Reading_stopped_drops_bytes_and_frees_the_streams_share_of_the_budget()
    {
        var budget = new YamuxOptions { ReceiveBudget = Window };
        await using var pair = new LinkPair(listener: budget);
        var (near, far) = await pair.OpenAsync();
        await near.WriteAsync(new byte[1000]);
        await near.CompleteWritesAsync();
        await far.CompleteWritesAsync();
        Assert.Equal(StreamEnd.Completed, await pair.Listener.EndOfAsync(near.Id));
        Assert.Null(pair.Listener.Link.TryOpenStream());
        far.StopReading();
        Assert.NotNull(pair.Listener.Link.TryOpenStream());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_writes_on_to_one_that_closed_without_reading_is_reset_when_its_window_is_full(bool isFull)
    {
        await using var pair = new LinkPair();
        var (near, far) = await pair.OpenAsync();
        if (isFull)
        {
            await near.WriteAsync(new byte[Window - 1]);
        }

        await far.WriteAsync(new byte[100]);
        await far.CompleteWritesAsync();
        far.StopReading();
        var writing = near.WriteAsync(new byte[2 * Window]).AsTask();
        Assert.Equal(StreamEnd.ResetLocally, await pair.Listener.EndOfAsync(near.Id));
        Assert.Equal(StreamEnd.ResetByPeer, (await Assert.ThrowsAsync<MuxedStreamException>(() => writing.WaitAsync(LinkPair.Patience))).End);
        Assert.Equal(StreamEnd.ResetByPeer, await pair.Dialer.EndOfAsync(near.Id));
    }

    [Fact]
    public async Task What_one_that_closed_without_reading_has_written_arrives_and_the_other_may_finish_within_its_window()
    {
        await using var pair = new LinkPair();
        var (near, far) = await pair.OpenAsync();
        await far.WriteAsync(new byte[1000]);
        await far.CompleteWritesAsync();
        far.StopReading();
        await near.SendAsync(new byte[Window / 2], Window / 2);
        Assert.Equal(1000, (await near.ReadToEndAsync().WaitAsync(LinkPair.Patience)).Length);
        Assert.Equal(StreamEnd.Completed, await pair.Listener.EndOfAsync(near.Id));
    }

    [Fact]
    public async Task Streams_do_not_starve_each_other()
    {
        await using var pair = new LinkPair(capacity: 16 * 1024);
        var (bulk, bulkFar) = await pair.OpenAsync();
        var (chat, chatFar) = await pair.OpenAsync();
        var sending = bulk.SendAsync(StreamTestExtensions.Pattern(Large, 1), Large);
        var receiving = bulkFar.ReadToEndAsync();
        for (var i = 0; i < 20; i++)
        {
            await chat.WriteAsync(new byte[] { 1 });
            Assert.Equal(1, await chatFar.ReadAsync(new byte[1]).AsTask().WaitAsync(LinkPair.Patience));
        }

        Assert.Equal(Large, (await receiving.WaitAsync(LinkPair.Patience)).Length);
        await sending;
    }

    private static byte[] DataFrame(YamuxFlags flags, byte payload)
    {
        var frame = new byte[YamuxHeader.Size + 1];
        new YamuxHeader(YamuxFrameType.Data, flags, 1, 1).Write(frame);
        frame[^1] = payload;
        return frame;
    }

    private static async Task ThrowsOrReads(Task<int> reading)
    {
        try
        {
            await reading.WaitAsync(LinkPair.Patience);
        }
        catch (MuxedStreamException)
        {
            // Data sent before the reset may come first.
        }
    }
}
