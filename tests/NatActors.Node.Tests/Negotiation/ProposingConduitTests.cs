using NatActors.Node.Connections;
using NatActors.Node.Negotiation;
using NatActors.Testing;
using NatActors.Transports.Security;
using NatActors.Wire.Negotiation;
using static NatActors.Node.Tests.Connections.ConnectionHarness;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Negotiation;

public sealed class ProposingConduitTests
{
    private const string Proposed = "\u0013/multistream/1.0.0\n\u0003/a\n";

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(int.MaxValue)]
    public async Task The_first_write_carries_the_proposal_and_the_answer_comes_off_the_first_read(int maxRead)
    {
        var (near, far) = MemoryConduit.CreatePair(maxRead: maxRead);
        var conduit = new ProposingConduit(near, "/a");

        await conduit.WriteAsync("hi"u8.ToArray());
        await conduit.WriteAsync("!"u8.ToArray());

        Assert.Equal($"{Proposed}hi!", await ReadTextAsync(far.ReadAsync, Proposed.Length + 3));
        await far.WriteAsync(System.Text.Encoding.UTF8.GetBytes($"{Proposed}payload"));
        Assert.Equal("payload", await ReadTextAsync(conduit.ReadAsync, 7));
        await far.WriteAsync("more"u8.ToArray());
        Assert.Equal("more", await ReadTextAsync(conduit.ReadAsync, 4));
        Assert.Equal(NegotiationFailure.None, conduit.Failure);
    }

    [Theory]
    [InlineData("\u0013/multistream/1.0.0\n\u0003na\n", NegotiationFailure.NoCommonProtocol)]
    [InlineData("\u0013/multistream/1.0.0\n\u0003/b\n", NegotiationFailure.UnexpectedAnswer)]
    [InlineData("\u0005http\n", NegotiationFailure.NotMultistream)]
    [InlineData("\u0013/multistream/1.0.0\n", NegotiationFailure.EndedEarly)]
    public async Task What_is_not_agreed_reads_as_the_end_and_has_its_reason(string answer, NegotiationFailure reason)
    {
        var (near, far) = MemoryConduit.CreatePair(maxRead: 3);
        var conduit = new ProposingConduit(near, "/a");
        await conduit.WriteAsync("hi"u8.ToArray());
        await far.WriteAsync(System.Text.Encoding.UTF8.GetBytes(answer));
        await far.CompleteWritesAsync();

        Assert.Equal(0, await conduit.ReadAsync(new byte[8]).AsTask().WaitAsync(Patience));
        Assert.Equal(reason, conduit.Failure);
    }

    [Fact]
    public async Task A_dialer_does_not_wait_for_the_security_protocol_to_be_agreed()
    {
        // Header, "/noise" and Noise's first message, which is an ephemeral key behind its length.
        const int FirstFlight = 20 + 8 + 2 + 32;
        var (near, far) = MemoryConduit.CreatePair();
        var dialing = Upgrade(MakeSecuredNode(1), near);

        Assert.StartsWith("\u0013/multistream/1.0.0\n\u0007/noise\n\0\u0020", await ReadTextAsync(far.ReadAsync, FirstFlight), StringComparison.Ordinal);

        await far.WriteAsync("\u0013/multistream/1.0.0\n\u0003na\n"u8.ToArray());
        var done = await dialing.WaitAsync(Patience);
        Assert.Null(done.Result);
        Assert.Contains("no security protocol agreed: the two sides have no protocol in common", done.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_dialers_that_meet_see_that_they_crossed()
    {
        var (near, far) = MemoryConduit.CreatePair();
        var (one, other) = (Upgrade(MakeSecuredNode(1), near), Upgrade(MakeSecuredNode(2), far));
        Assert.True((await one.WaitAsync(Patience)).Crossed);
        Assert.True((await other.WaitAsync(Patience)).Crossed);
    }

    private static Task<ConnectionMessages.UpgradeDone> Upgrade(NodeContext node, MemoryConduit conduit)
    {
        var seed = new ConnectionSeed { Id = 1, Conduit = conduit, Role = ConnectionRole.Dialer, Direction = ConnectionDirection.Outbound };
        return ConnectionUpgrade.RunAsync(node, seed, () => TimeSpan.Zero, Task.CompletedTask, CancellationToken.None);
    }

    private static async Task<string> ReadTextAsync(Func<Memory<byte>, CancellationToken, ValueTask<int>> read, int length)
    {
        var buffer = new byte[length];
        for (var have = 0; have < length;)
        {
            var count = await read(buffer.AsMemory(have), CancellationToken.None).AsTask().WaitAsync(Patience);
            Assert.NotEqual(0, count);
            have += count;
        }

        return System.Text.Encoding.UTF8.GetString(buffer);
    }
}
