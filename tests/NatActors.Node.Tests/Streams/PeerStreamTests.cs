using NatActors.Multiformats;
using NatActors.Node.Muxing;
using NatActors.Node.Negotiation;
using NatActors.Node.Streams;
using NatActors.Node.Tests.Muxing;
using NatActors.Testing;
using NatActors.Transports.Muxing;
using NatActors.Wire.Framing;
using NatActors.Wire.Negotiation;

namespace NatActors.Node.Tests.Streams;

public sealed class PeerStreamTests
{
    private static readonly PeerId Peer = PeerId.FromPublicKey(PrivateKey.GenerateEd25519(new SeededRandomSource()).PublicKey);

    [Fact]
    public async Task Reads_and_writes_like_a_stream_and_counts()
    {
        await using var pair = new LinkPair();
        var (near, far) = await OpenAsync(pair);
        await near.WriteAsync(new byte[] { 1, 2, 3 });
        await near.CompleteWritesAsync();
        var copy = new MemoryStream();
        await far.CopyToAsync(copy).WaitAsync(LinkPair.Patience);
        Assert.Equal([1, 2, 3], copy.ToArray());
        Assert.Equal((3, 3), (near.BytesWritten, far.BytesRead));
        Assert.Equal(0, await far.ReadAsync(new byte[1]));
        Assert.False(near.CanWrite);
    }

    [Fact]
    public async Task Leftover_comes_first()
    {
        await using var pair = new LinkPair();
        var (rawNear, rawFar) = await pair.OpenAsync();
        var stream = new PeerStream(rawFar, Peer, "/a", false, null, false, new byte[] { 1, 2 });
        await rawNear.WriteAsync(new byte[] { 3 });
        var buffer = new byte[3];
        await stream.ReadExactlyAsync(buffer);
        Assert.Equal([1, 2, 3], buffer);
    }

    [Fact]
    public async Task A_read_into_no_buffer_waits_and_takes_nothing()
    {
        await using var pair = new LinkPair();
        var (rawNear, rawFar) = await pair.OpenAsync();
        var stream = new PeerStream(rawFar, Peer, "/a", false, null, false, new byte[] { 1 });
        var buffer = new byte[2];
        Assert.Equal(0, await stream.ReadAsync(Memory<byte>.Empty));
        Assert.Equal(1, await stream.ReadAsync(buffer));

        var waiting = stream.ReadAsync(Memory<byte>.Empty).AsTask();
        Assert.False(waiting.IsCompleted);
        await rawNear.WriteAsync(new byte[] { 2 });
        Assert.Equal(0, await waiting.WaitAsync(LinkPair.Patience));
        Assert.Equal(1, await stream.ReadAsync(buffer));
        Assert.Equal(2, stream.BytesRead);
    }

    [Fact]
    public async Task A_lazy_stream_sends_its_proposal_with_the_first_payload_in_one_frame()
    {
        await using var pair = new LinkPair();
        var stream = Lazy(pair, "/a");
        await stream.WriteAsync("hi"u8.ToArray());
        var raw = await pair.Listener.AcceptAsync();
        var buffer = new byte[100];
        var length = await raw.ReadAsync(buffer);
        Assert.Equal("\u0013/multistream/1.0.0\n\u0003/a\nhi"u8.ToArray(), buffer[..length]);
        Assert.Equal(2, stream.BytesWritten);
    }

    [Fact]
    public async Task A_lazy_stream_converses_as_any_other()
    {
        await using var pair = new LinkPair();
        var stream = Lazy(pair, "/a");
        await stream.WriteAsync("hi"u8.ToArray());
        var far = await AcceptAsync(pair, _ => true);
        var buffer = new byte[2];
        await far.ReadExactlyAsync(buffer);
        await far.WriteAsync(buffer);
        await stream.ReadExactlyAsync(buffer).AsTask().WaitAsync(LinkPair.Patience);
        Assert.Equal("hi"u8.ToArray(), buffer);
        Assert.Equal(2, stream.BytesRead);
    }

    [Fact]
    public async Task A_lazy_stream_that_only_reads_sends_its_proposal()
    {
        await using var pair = new LinkPair();
        var stream = Lazy(pair, "/a");
        var reading = stream.ReadAsync(new byte[4]).AsTask();
        var far = await AcceptAsync(pair, _ => true);
        await far.WriteAsync(new byte[] { 1, 2 });
        Assert.Equal(2, await reading.WaitAsync(LinkPair.Patience));
    }

    [Fact]
    public async Task A_refusal_shows_when_a_lazy_stream_is_read()
    {
        await using var pair = new LinkPair();
        var stream = Lazy(pair, "/a");
        await stream.WriteAsync("hi"u8.ToArray());
        var answering = StreamNegotiation.AnswerAsync(await pair.Listener.AcceptAsync(), _ => false, CancellationToken.None);
        var refused = await Assert.ThrowsAsync<StreamNegotiationException>(() => stream.ReadExactlyAsync(new byte[1]).AsTask());
        Assert.Equal(NegotiationFailure.NoCommonProtocol, refused.Reason);
        await Assert.ThrowsAnyAsync<Exception>(() => answering);
    }

    [Fact]
    public async Task A_lazy_stream_reads_the_answer_before_it_finishes_writing()
    {
        await using var pair = new LinkPair();
        var stream = Lazy(pair, "/a");
        var completing = stream.CompleteWritesAsync().AsTask();
        var far = await AcceptAsync(pair, _ => true);
        await completing.WaitAsync(LinkPair.Patience);
        Assert.Equal(0, await far.ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task Reading_and_finishing_may_both_wait_for_the_answer()
    {
        await using var pair = new LinkPair();
        var stream = Lazy(pair, "/a");
        var reading = stream.ReadAsync(new byte[4]).AsTask();
        var completing = stream.CompleteWritesAsync().AsTask();
        var far = await AcceptAsync(pair, _ => true);
        await far.WriteAsync(new byte[] { 1, 2 });
        await completing.WaitAsync(LinkPair.Patience);
        Assert.Equal(2, await reading.WaitAsync(LinkPair.Patience));
    }

    [Fact]
    public async Task A_payload_waits_for_the_proposal_that_a_reader_is_sending()
    {
        var raw = new SlowStream();
        var stream = new PeerStream(raw, Peer, "/a", false, null, lazy: true, default);
        var reading = stream.ReadAsync(new byte[1]).AsTask();
        var writing = stream.WriteAsync("hi"u8.ToArray()).AsTask();
        Assert.Equal(1, raw.Writes);

        raw.Go();

        await writing.WaitAsync(LinkPair.Patience);
        Assert.Equal("\u0013/multistream/1.0.0\n\u0003/a\nhi"u8.ToArray(), raw.Written);
        await Assert.ThrowsAsync<StreamNegotiationException>(() => reading.WaitAsync(LinkPair.Patience));
    }

    [Fact]
    public async Task A_reader_does_not_wait_for_a_writer_that_is_sending_the_proposal()
    {
        var raw = new SlowStream();
        var stream = new PeerStream(raw, Peer, "/a", false, null, lazy: true, default);
        var writing = stream.WriteAsync("hi"u8.ToArray()).AsTask();

        var reading = stream.ReadAsync(new byte[1]).AsTask();

        await Assert.ThrowsAsync<StreamNegotiationException>(() => reading.WaitAsync(LinkPair.Patience));
        Assert.False(writing.IsCompleted);
        raw.Go();
        await writing.WaitAsync(LinkPair.Patience);
    }

    [Fact]
    public async Task A_first_write_that_was_given_up_may_break_later_without_anybody_looking()
    {
        using var unobserved = new UnobservedTasks(nameof(LazyNegotiation));
        await GiveUpAndBreakAsync();
        Assert.Empty(unobserved.Collect());

        static async Task GiveUpAndBreakAsync()
        {
            var raw = new SlowStream();
            using var cancel = new CancellationTokenSource();
            var writing = new PeerStream(raw, Peer, "/a", false, null, lazy: true, default).WriteAsync("hi"u8.ToArray(), cancel.Token).AsTask();
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing.WaitAsync(LinkPair.Patience));
            raw.Break();
        }
    }

    [Fact]
    public async Task Dispose_async_closes_in_order_and_loses_nothing()
    {
        await using var pair = new LinkPair();
        var (near, far) = await OpenAsync(pair);
        await near.WriteAsync(new byte[100_000]);
        await near.DisposeAsync();
        await near.DisposeAsync();
        var copy = new MemoryStream();
        await far.CopyToAsync(copy).WaitAsync(LinkPair.Patience);
        Assert.Equal(100_000, copy.Length);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await near.WriteAsync(new byte[1]));
        await far.DisposeAsync();
        Assert.Equal(StreamEnd.Completed, await pair.Dialer.EndOfAsync(3));
    }

    [Fact]
    public async Task Dispose_async_of_a_lazy_stream_waits_for_the_answer_before_the_fin()
    {
        await using var pair = new LinkPair();
        var stream = Lazy(pair, "/a");
        await stream.WriteAsync("hi"u8.ToArray());
        var closing = stream.DisposeAsync().AsTask();
        var far = await AcceptAsync(pair, _ => true);
        await closing.WaitAsync(LinkPair.Patience);
        var copy = new MemoryStream();
        await far.CopyToAsync(copy).WaitAsync(LinkPair.Patience);
        Assert.Equal("hi"u8.ToArray(), copy.ToArray());
    }

    [Fact]
    public async Task Dispose_async_of_a_lazy_stream_never_used_sends_nothing()
    {
        await using var pair = new LinkPair();
        await Lazy(pair, "/a").DisposeAsync();
        Assert.Equal(0, pair.Dialer.Link.StreamCount);
        var (_, far) = await pair.OpenAsync();
        Assert.Equal(3, far.Id);
    }

    [Fact]
    public async Task Reset_frees_a_lazy_stream_from_waiting_for_an_answer()
    {
        await using var pair = new LinkPair();
        var stream = Lazy(pair, "/a");
        await stream.WriteAsync("hi"u8.ToArray());
        var closing = stream.DisposeAsync().AsTask();
        Assert.False(closing.IsCompleted);
        stream.Reset();
        await closing.WaitAsync(LinkPair.Patience);
    }

    [Fact]
    public async Task Dispose_resets_what_is_not_finished()
    {
        await using var pair = new LinkPair();
        var (near, far) = await OpenAsync(pair);
        near.Dispose();
        await Assert.ThrowsAnyAsync<IOException>(() => far.ReadExactlyAsync(new byte[1]).AsTask());
    }

    [Fact]
    public async Task Messages_and_raw_bytes_share_a_stream_without_loss()
    {
        await using var pair = new LinkPair();
        var (near, far) = await OpenAsync(pair);
        byte[] together = [.. MessageWriter.Frame([1, 2, 3]), .. MessageWriter.Frame([]), 7, 8, 9];
        await near.WriteAsync(together);
        var messages = new MessageStream(far);
        Assert.Equal([1, 2, 3], (await messages.ReadMessageAsync(10, CancellationToken.None)).Message!.Value.ToArray());
        Assert.Equal(0, (await messages.ReadMessageAsync(10, CancellationToken.None)).Message!.Value.Length);
        var raw = messages.Release();
        var buffer = new byte[3];
        await raw.ReadExactlyAsync(buffer);
        Assert.Equal([7, 8, 9], buffer);
    }

    [Fact]
    public async Task The_end_between_messages_is_no_failure_and_inside_one_it_is()
    {
        await using var pair = new LinkPair();
        var (near, far) = await OpenAsync(pair);
        var sender = new MessageStream(near);
        await sender.WriteMessageAsync(new byte[] { 1 }, CancellationToken.None);
        await near.WriteAsync(new byte[] { 5, 1 });
        await near.CompleteWritesAsync();
        var messages = new MessageStream(far);
        Assert.False((await messages.ReadMessageAsync(10, CancellationToken.None)).IsEnd);
        Assert.Equal(FramingFailure.Truncated, (await messages.ReadMessageAsync(10, CancellationToken.None)).Failure);

        await far.CompleteWritesAsync();
        Assert.True((await new MessageStream(near).ReadMessageAsync(10, CancellationToken.None)).IsEnd);
    }

    [Fact]
    public async Task A_message_larger_than_allowed_is_a_value()
    {
        await using var pair = new LinkPair();
        var (near, far) = await OpenAsync(pair);
        await near.WriteAsync(new byte[] { 11 });
        var read = await new MessageStream(far).ReadMessageAsync(10, CancellationToken.None);
        Assert.Equal(FramingFailure.MessageTooLarge, read.Failure);
        Assert.Null(read.Message);
        Assert.False(read.IsEnd);
    }

    private static PeerStream Lazy(LinkPair pair, string protocol) =>
        new(pair.Dialer.Link.TryOpenStream()!, Peer, protocol, false, null, lazy: true, default);

    private static async Task<PeerStream> AcceptAsync(LinkPair pair, Func<string, bool> supports)
    {
        var raw = await pair.Listener.AcceptAsync();
        var result = await StreamNegotiation.AnswerAsync(raw, supports, CancellationToken.None);
        return new PeerStream(raw, Peer, result.Protocol!, false, null, false, result.Leftover);
    }

    private static async Task<(PeerStream Near, PeerStream Far)> OpenAsync(LinkPair pair)
    {
        await pair.OpenAsync();
        var (near, far) = await pair.OpenAsync();
        return (Wrap(near), Wrap(far));
    }

    private static PeerStream Wrap(IMuxedStream raw) => new(raw, Peer, "/a", false, null, false, default);

    /// <summary>Holds every write until it may go, and has nothing to read.</summary>
    private sealed class SlowStream : IMuxedStream
    {
        private readonly TaskCompletionSource _go = new();

        public long Id => 1;

        public int Writes { get; private set; }

        public byte[] Written { get; private set; } = [];

        public void Go() => _go.SetResult();

        public void Break() => _go.SetException(new MuxedStreamException(StreamEnd.ResetLocally));

        public async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Writes++;
            await _go.Task.WaitAsync(cancellationToken);
            Written = [.. Written, .. buffer.Span];
        }

        public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(0);

        public ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default) => default;

        public void Reset(uint errorCode = 0)
        {
        }
    }
}
