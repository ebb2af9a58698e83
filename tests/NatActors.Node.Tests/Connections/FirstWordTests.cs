using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Testing;
using NatActors.Transports;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Connections;

public sealed class FirstWordTests
{
    private static readonly byte[] Header = "\u0013/multistream/1.0.0\n"u8.ToArray();
    private static readonly byte[] Proposal = [.. Header, .. "\u0007/noise\n"u8];

    [Theory]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public async Task A_proposal_is_the_others_word_and_none_of_it_is_lost(int maxRead)
    {
        var (near, far) = MemoryConduit.CreatePair(maxRead: maxRead);
        var word = new FirstWord(near);
        await far.WriteAsync(Proposal);

        Assert.True(await word.OtherSpeaksAsync(Never, CancellationToken.None).WaitAsync(Patience));
        Assert.Equal(Proposal, await ReadAsync(word, Proposal.Length));
    }

    [Fact]
    public async Task A_header_alone_is_no_proposal_and_is_kept_for_later()
    {
        var (near, far) = MemoryConduit.CreatePair();
        var word = new FirstWord(near);
        await far.WriteAsync(Header);

        Assert.False(await word.OtherSpeaksAsync(Task.CompletedTask, CancellationToken.None).WaitAsync(Patience));
        await far.WriteAsync(Proposal.AsMemory(Header.Length));

        Assert.Equal(Proposal, await ReadAsync(word, Proposal.Length));
    }

    [Fact]
    public async Task Silence_until_patience_is_over_makes_this_side_speak()
    {
        var (near, far) = MemoryConduit.CreatePair();
        var word = new FirstWord(near);
        var patience = new TaskCompletionSource();
        var waiting = word.OtherSpeaksAsync(patience.Task, CancellationToken.None);
        Assert.False(waiting.IsCompleted);

        patience.SetResult();

        Assert.False(await waiting.WaitAsync(Patience));
        await far.WriteAsync(Proposal);
        Assert.Equal(Proposal, await ReadAsync(word, Proposal.Length));
    }

    [Fact]
    public async Task An_end_is_a_word_too()
    {
        var (near, far) = MemoryConduit.CreatePair();
        var word = new FirstWord(near);
        await far.CompleteWritesAsync();

        Assert.True(await word.OtherSpeaksAsync(Never, CancellationToken.None).WaitAsync(Patience));
        Assert.Equal(0, await word.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task A_read_that_nobody_waits_for_any_more_may_break_without_anybody_looking()
    {
        using var unobserved = new UnobservedTasks(BreakingConduit.Cause);
        await SpeakAndBreakAsync();
        Assert.Empty(unobserved.Collect());

        static async Task SpeakAndBreakAsync()
        {
            var conduit = new BreakingConduit();
            Assert.False(await new FirstWord(conduit).OtherSpeaksAsync(Task.CompletedTask, CancellationToken.None).WaitAsync(Patience));
            conduit.Abort();
        }
    }

    private static Task Never { get; } = new TaskCompletionSource().Task;

    private static async Task<byte[]> ReadAsync(FirstWord word, int length)
    {
        var read = new byte[length];
        for (var at = 0; at < length;)
        {
            at += await word.ReadAsync(read.AsMemory(at)).AsTask().WaitAsync(Patience);
        }

        return read;
    }

    /// <summary>A conduit whose read waits until it is aborted.</summary>
    private sealed class BreakingConduit : IConduit
    {
        public const string Cause = "broken while nobody waited for the first word";

        private readonly TaskCompletionSource<int> _read = new();

        public Multiaddr LocalAddress { get; } = Multiaddr.Parse("/ip4/127.0.0.1/tcp/1");

        public Multiaddr RemoteAddress => LocalAddress;

        public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(_read.Task);

        public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => default;

        public ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default) => default;

        public void Abort() => _read.TrySetException(new IOException(Cause));

        public ValueTask DisposeAsync() => default;
    }
}
