using NatActors.Node.Negotiation;
using NatActors.Node.Tests.Muxing;
using NatActors.Testing;
using NatActors.Wire.Negotiation;

namespace NatActors.Node.Tests.Negotiation;

public sealed class NegotiationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public async Task Conduits_agree_and_lose_no_byte_behind_the_negotiation(int maxRead)
    {
        var (near, far) = MemoryConduit.CreatePair(maxRead: maxRead);
        var listening = ConduitNegotiation.AnswerAsync(far, id => id == "/b", CancellationToken.None);
        var dialed = await ConduitNegotiation.ProposeAsync(near, ["/a", "/b"], CancellationToken.None);
        await dialed.Conduit.WriteAsync(new byte[] { 1, 2, 3 });
        var listened = await listening.WaitAsync(LinkPair.Patience);
        Assert.Equal(("/b", "/b"), (dialed.Protocol, listened.Protocol));
        var buffer = new byte[3];
        for (var length = 0; length < 3;)
        {
            length += await listened.Conduit.ReadAsync(buffer.AsMemory(length));
        }

        Assert.Equal([1, 2, 3], buffer);
    }

    [Fact]
    public async Task Bytes_sent_together_with_the_proposal_come_out_of_the_negotiated_conduit()
    {
        var (near, far) = MemoryConduit.CreatePair();
        await near.WriteAsync("\u0013/multistream/1.0.0\n\u0003/a\nhello"u8.ToArray());
        var listened = await ConduitNegotiation.AnswerAsync(far, _ => true, CancellationToken.None);
        Assert.NotSame(far, listened.Conduit);
        var buffer = new byte[10];
        Assert.Equal(2, await listened.Conduit.ReadAsync(buffer.AsMemory(0, 2)));
        Assert.Equal(3, await listened.Conduit.ReadAsync(buffer.AsMemory(2)));
        Assert.Equal("hello"u8.ToArray(), buffer[..5]);
    }

    [Fact]
    public async Task Nothing_in_common_is_a_value()
    {
        var (near, far) = MemoryConduit.CreatePair();
        var listening = ConduitNegotiation.AnswerAsync(far, _ => false, CancellationToken.None);
        var dialed = await ConduitNegotiation.ProposeAsync(near, ["/a"], CancellationToken.None);
        Assert.Equal(NegotiationFailure.NoCommonProtocol, dialed.Reason);
        Assert.NotNull(dialed.Failure);
        await near.CompleteWritesAsync();
        Assert.Equal(NegotiationFailure.NoCommonProtocol, (await listening).Reason);
    }

    [Fact]
    public async Task Streams_agree_and_hand_on_what_came_behind()
    {
        await using var pair = new LinkPair();
        var stream = pair.Dialer.Link.TryOpenStream()!;
        await stream.WriteAsync("\u0013/multistream/1.0.0\n\u0003/a\nhello"u8.ToArray());
        var listened = await StreamNegotiation.AnswerAsync(await pair.Listener.AcceptAsync(), _ => true, CancellationToken.None);
        Assert.Equal("/a", listened.Protocol);
        Assert.Equal("hello"u8.ToArray(), listened.Leftover.ToArray());
    }

    [Fact]
    public async Task A_stream_with_nothing_in_common_is_a_value_on_both_sides()
    {
        await using var pair = new LinkPair();
        var stream = pair.Dialer.Link.TryOpenStream()!;
        var proposing = StreamNegotiation.ProposeAsync(stream, ["/a"], CancellationToken.None);
        var answering = StreamNegotiation.AnswerAsync(await pair.Listener.AcceptAsync(), _ => false, CancellationToken.None);
        Assert.Equal(NegotiationFailure.NoCommonProtocol, (await proposing.WaitAsync(LinkPair.Patience)).Reason);
        await stream.CompleteWritesAsync();
        Assert.Equal(NegotiationFailure.NoCommonProtocol, (await answering.WaitAsync(LinkPair.Patience)).Reason);
    }

    [Fact]
    public async Task A_stream_that_ends_in_the_middle_is_a_value()
    {
        await using var pair = new LinkPair();
        var stream = pair.Dialer.Link.TryOpenStream()!;
        await stream.WriteAsync("\u0013/multi"u8.ToArray());
        await stream.CompleteWritesAsync();
        var listened = await StreamNegotiation.AnswerAsync(await pair.Listener.AcceptAsync(), _ => true, CancellationToken.None);
        Assert.Null(listened.Protocol);
        Assert.Equal(NegotiationFailure.EndedEarly, listened.Reason);
    }

    [Fact]
    public async Task Cancelling_ends_a_negotiation()
    {
        await using var pair = new LinkPair();
        using var cancel = new CancellationTokenSource();
        var proposing = StreamNegotiation.ProposeAsync(pair.Dialer.Link.TryOpenStream()!, ["/a"], cancel.Token);
        await pair.Listener.AcceptAsync();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => proposing);
    }
}
