using System.Net.Sockets;
using NatActors.Transports.Port;

namespace NatActors.Transports.Tests.Port;

public sealed class TcpConduitTests : TcpTestBase
{
    [Fact]
    public async Task Finishing_writes_ends_the_other_sides_reading_and_leaves_the_way_back_open()
    {
        var (a, b) = await Pair();
        await a.WriteAsync(new byte[] { 7 });
        await a.CompleteWritesAsync();

        Assert.Equal([7], await ReadExactly(b, 1));
        Assert.Equal(0, await b.ReadAsync(new byte[1]).AsTask().WaitAsync(Guard));
        await b.WriteAsync(new byte[] { 8 });
        Assert.Equal([8], await ReadExactly(a, 1));
    }

    [Fact]
    public async Task Closing_in_order_still_delivers_all_that_was_written()
    {
        var (a, b) = await Pair();
        var sent = new byte[200_000];
        new Random(1).NextBytes(sent);
        var receiving = ReadExactly(b, sent.Length);

        await a.WriteAsync(sent);
        await a.DisposeAsync();

        Assert.Equal(sent, await receiving.WaitAsync(Guard));
        Assert.Equal(0, await b.ReadAsync(new byte[1]).AsTask().WaitAsync(Guard));
    }

    [Fact]
    public async Task Abort_fails_pending_and_later_reads_and_writes_on_both_sides()
    {
        var (a, b) = await Pair();
        var pendingHere = a.ReadAsync(new byte[1]).AsTask();
        var pendingThere = b.ReadAsync(new byte[1]).AsTask();

        Parallel.For(0, 8, _ => a.Abort());

        await Assert.ThrowsAsync<IOException>(() => pendingHere.WaitAsync(Guard));
        await Assert.ThrowsAsync<IOException>(() => pendingThere.WaitAsync(Guard));
        await Assert.ThrowsAsync<IOException>(() => a.ReadAsync(new byte[1]).AsTask());
        await Assert.ThrowsAsync<IOException>(() => a.WriteAsync(new byte[1]).AsTask());
        await Assert.ThrowsAsync<IOException>(() => a.CompleteWritesAsync().AsTask());
        await a.DisposeAsync();
    }

    [Fact]
    public async Task Abort_fails_a_write_that_waits_for_the_other_side()
    {
        var (a, _) = await Pair();
        var blocked = a.WriteAsync(new byte[64 << 20]).AsTask();
        Assert.False(blocked.IsCompleted);

        a.Abort();

        await Assert.ThrowsAsync<IOException>(() => blocked.WaitAsync(Guard));
    }

    [Fact]
    public async Task A_cancelled_read_says_so()
    {
        var (a, _) = await Pair();
        using var cancellation = new CancellationTokenSource();
        var read = a.ReadAsync(new byte[1], cancellation.Token).AsTask();

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(Guard));
    }

    [Fact]
    public async Task An_aborted_connection_frees_its_four_tuple_for_the_next_dial()
    {
        var a = Bind("/ip4/127.0.0.1/tcp/0");
        var b = Bind("/ip4/127.0.0.1/tcp/0");
        for (var i = 0; i < 5; i++)
        {
            var conduit = await Connect(a, b.LocalEndPoint);
            var accepted = await Accept(b);
            conduit.Abort();
            await Assert.ThrowsAsync<IOException>(() => accepted.ReadAsync(new byte[1]).AsTask().WaitAsync(Guard));
        }
    }

    [Fact]
    public async Task Connected_sockets_send_small_writes_at_once_and_are_kept_alive()
    {
        var a = Bind("/ip4/127.0.0.1/tcp/0");
        var b = Bind("/ip4/127.0.0.1/tcp/0");
        foreach (var conduit in new[] { await Connect(a, b.LocalEndPoint), await Accept(b) })
        {
            var socket = ((TcpConduit)conduit).Socket;
            Assert.True(socket.NoDelay);
            Assert.Equal(1, socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
            Assert.Equal(300, socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime));
            Assert.False(socket.LingerState?.Enabled);
        }
    }

    [Fact]
    public async Task Reads_and_writes_allocate_nothing_once_warm()
    {
        var (a, b) = await Pair();
        PingPong(a, b, 200);
        var before = GC.GetAllocatedBytesForCurrentThread();

        PingPong(a, b, 2000);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2000);
    }

    [Fact]
    public async Task A_read_into_no_buffer_waits_for_bytes_and_takes_none()
    {
        var (a, b) = await Pair();
        var waiting = b.ReadAsync(Memory<byte>.Empty).AsTask();
        Assert.False(waiting.IsCompleted);

        await a.WriteAsync(new byte[] { 7 });

        Assert.Equal(0, await waiting.WaitAsync(Guard));
        Assert.Equal([7], await ReadExactly(b, 1));
    }

    [Fact]
    public async Task A_read_into_no_buffer_ends_when_the_other_side_finishes_and_when_this_side_aborts()
    {
        var (a, b) = await Pair();
        var there = b.ReadAsync(Memory<byte>.Empty).AsTask();
        var here = a.ReadAsync(Memory<byte>.Empty).AsTask();

        await a.CompleteWritesAsync();
        Assert.Equal(0, await there.WaitAsync(Guard));
        Assert.Equal(0, await b.ReadAsync(new byte[1]));

        a.Abort();
        await Assert.ThrowsAsync<IOException>(() => here.WaitAsync(Guard));
        await Assert.ThrowsAsync<IOException>(() => a.ReadAsync(Memory<byte>.Empty).AsTask());
    }

    [Fact]
    public async Task A_read_into_no_buffer_never_ends_for_bytes_that_were_read_before()
    {
        var (a, b) = await Pair();
        var one = new byte[1];
        for (var round = 0; round < 500; round++)
        {
            await a.WriteAsync(one);
            await ReadExactly(b, 1);
            var waiting = b.ReadAsync(Memory<byte>.Empty).AsTask();
            await a.WriteAsync(one);
            await waiting.WaitAsync(Guard);

            // At once, for the byte is there.
            Assert.True(b.ReadAsync(one).IsCompletedSuccessfully);
        }
    }

    // Without async, so that what is counted is the conduit's own, on one thread.
    private static void PingPong(IConduit a, IConduit b, int rounds)
    {
        var sent = new byte[64];
        var received = new byte[64];
        for (var round = 0; round < rounds; round++)
        {
            var reading = b.ReadAsync(received);
            a.WriteAsync(sent).GetAwaiter().GetResult();
            var spin = default(SpinWait);
            while (!reading.IsCompleted)
            {
                spin.SpinOnce();
            }

            // Not Assert.Equal: that allocates.
            Assert.True(reading.GetAwaiter().GetResult() == sent.Length);
        }
    }

    private async Task<(IConduit Dialed, IConduit Accepted)> Pair()
    {
        var b = Bind("/ip4/127.0.0.1/tcp/0");
        var dialed = await Connect(Bind("/ip4/127.0.0.1/tcp/0"), b.LocalEndPoint);
        return (dialed, await Accept(b));
    }
}
