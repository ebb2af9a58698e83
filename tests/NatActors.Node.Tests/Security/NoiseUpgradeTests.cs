using System.Buffers;
using NatActors.Multiformats;
using NatActors.Node.Resources;
using NatActors.Node.Security;
using NatActors.Node.Tests.Muxing;
using NatActors.Protocols.Resources;
using NatActors.Testing;
using NatActors.Transports;
using NatActors.Transports.Security;
using NatActors.Wire.Muxing;
using NatActors.Wire.Security;

namespace NatActors.Node.Tests.Security;

public sealed class NoiseUpgradeTests
{
    private static readonly SeededRandomSource Random = new();
    private static readonly PrivateKey Alice = PrivateKey.GenerateEd25519(Random);
    private static readonly PrivateKey Bob = PrivateKey.GenerateEd25519(Random);

    [Fact]
    public async Task Both_learn_who_the_other_is_and_agree_on_yamux()
    {
        var (near, far) = await UpgradeAsync(MemoryConduit.CreatePair());
        Assert.Equal(PeerId.FromPublicKey(Bob.PublicKey), near.RemotePeer);
        Assert.Equal(PeerId.FromPublicKey(Alice.PublicKey), far.RemotePeer);
        Assert.Equal((YamuxSession.ProtocolId, YamuxSession.ProtocolId), (near.EarlyMuxer, far.EarlyMuxer));
    }

    [Fact]
    public async Task Another_peer_than_expected_fails_in_words()
    {
        var (near, far) = MemoryConduit.CreatePair();
        var dialing = new NoiseUpgrade(Alice, Random)
            .UpgradeAsync(near, ConnectionRole.Dialer, PeerId.FromPublicKey(Alice.PublicKey), CancellationToken.None);
        var listening = new NoiseUpgrade(Bob, Random).UpgradeAsync(far, ConnectionRole.Listener, null, CancellationToken.None).AsTask();
        Assert.Contains("Expected", (await dialing).Failure);
        await near.CompleteWritesAsync();
        Assert.NotNull((await listening).Failure);
    }

    [Theory]
    [InlineData(1, 100)]
    [InlineData(NoiseCipher.MaxPlaintextLength, NoiseCipher.MaxPlaintextLength)]
    [InlineData(NoiseCipher.MaxPlaintextLength + 1, 1000)]
    [InlineData(1_000_000, NoiseCipher.MaxPlaintextLength)]
    [InlineData(1_000_000, 300_000)]
    public async Task Bytes_pass_whatever_the_sizes_of_writes_and_reads(int size, int readSize)
    {
        var (near, far) = await UpgradeAsync(MemoryConduit.CreatePair());
        var bytes = StreamTestExtensions.Pattern(size, 1);
        var reading = ReadToEndAsync(far.Conduit!, readSize);
        await near.Conduit!.WriteAsync(bytes).AsTask().WaitAsync(LinkPair.Patience);
        await near.Conduit.CompleteWritesAsync();
        var received = await reading.WaitAsync(LinkPair.Patience);
        Assert.True(bytes.AsSpan().SequenceEqual(received));
    }

    [Fact]
    public async Task Frames_survive_a_conduit_that_returns_single_bytes()
    {
        var (near, far) = await UpgradeAsync(MemoryConduit.CreatePair(maxRead: 1));
        var bytes = StreamTestExtensions.Pattern(3000, 1);
        await near.Conduit!.WriteAsync(bytes);
        await near.Conduit.WriteAsync(bytes);
        await near.Conduit.CompleteWritesAsync();
        byte[] expected = [.. bytes, .. bytes];
        Assert.Equal(expected, await ReadToEndAsync(far.Conduit!, 500));
    }

    [Fact]
    public async Task Bytes_that_follow_the_handshake_at_once_are_kept()
    {
        var (near, far) = MemoryConduit.CreatePair();
        var listening = new NoiseUpgrade(Bob, Random).UpgradeAsync(far, ConnectionRole.Listener, null, CancellationToken.None);
        var dialed = await new NoiseUpgrade(Alice, Random).UpgradeAsync(near, ConnectionRole.Dialer, null, CancellationToken.None);
        await dialed.Conduit!.WriteAsync(new byte[] { 1, 2, 3 });
        await dialed.Conduit.CompleteWritesAsync();
        var received = await ReadToEndAsync((await listening).Conduit!, 10);
        Assert.Equal([1, 2, 3], received);
    }

    [Fact]
    public async Task A_read_into_no_buffer_waits_for_a_whole_frame_and_takes_nothing_of_it()
    {
        var conduits = MemoryConduit.CreatePair();
        var (near, far) = await UpgradeAsync(conduits);
        await near.Conduit!.WriteAsync(new byte[] { 5, 6 });
        var frame = new byte[100];
        var length = await conduits.Listener.ReadAsync(frame);
        var waiting = far.Conduit!.ReadAsync(Memory<byte>.Empty).AsTask();
        for (var i = 0; i < length; i++)
        {
            Assert.False(waiting.IsCompleted);
            await conduits.Dialer.WriteAsync(frame.AsMemory(i, 1));
        }

        Assert.Equal(0, await waiting.WaitAsync(LinkPair.Patience));
        Assert.Equal(0, await far.Conduit.ReadAsync(Memory<byte>.Empty));
        var buffer = new byte[1];
        Assert.Equal(1, await far.Conduit.ReadAsync(buffer));
        Assert.Equal(5, buffer[0]);

        // The rest of an opened frame counts as well.
        Assert.Equal(0, await far.Conduit.ReadAsync(Memory<byte>.Empty));
        Assert.Equal(1, await far.Conduit.ReadAsync(buffer));
        Assert.Equal(6, buffer[0]);
    }

    [Fact]
    public async Task A_frame_that_is_not_whole_is_charged_until_it_is()
    {
        var resources = new NodeResources(new ResourceLimits());
        var connection = resources.OpenConnection(1, inbound: true, out _)!;
        connection.KnowPeer(PeerId.FromPublicKey(Alice.PublicKey));
        var conduits = MemoryConduit.CreatePair();
        var (near, far) = await UpgradeAsync(conduits);
        ((IChargedConduit)far.Conduit!).ChargeTo(connection);
        await near.Conduit!.WriteAsync(new byte[] { 5 });
        var frame = new byte[100];
        var length = await conduits.Listener.ReadAsync(frame);

        var waiting = far.Conduit!.ReadAsync(new byte[10]).AsTask();
        Assert.Equal(0, resources.Usage.Memory);
        await conduits.Dialer.WriteAsync(frame.AsMemory(0, 3));
        await HeldAsync(resources, NoiseCipher.MaxFrameLength);
        Assert.False(waiting.IsCompleted);
        await conduits.Dialer.WriteAsync(frame.AsMemory(3, length - 3));

        Assert.Equal(1, await waiting.WaitAsync(LinkPair.Patience));
        Assert.Equal(0, resources.Usage.Memory);
    }

    [Fact]
    public async Task A_frame_that_there_is_no_memory_to_wait_for_ends_the_conduit_with_the_reason()
    {
        var resources = new NodeResources(new ResourceLimits { Peer = new ScopeLimits { Memory = NoiseCipher.MaxFrameLength - 1 } });
        var connection = resources.OpenConnection(1, inbound: true, out _)!;
        connection.KnowPeer(PeerId.FromPublicKey(Alice.PublicKey));
        var conduits = MemoryConduit.CreatePair();
        var (_, far) = await UpgradeAsync(conduits);
        ((IChargedConduit)far.Conduit!).ChargeTo(connection);

        await conduits.Dialer.WriteAsync(new byte[] { 255, 0, 0 });
        var cut = await Assert.ThrowsAsync<IOException>(() => far.Conduit!.ReadAsync(new byte[10]).AsTask().WaitAsync(LinkPair.Patience));
        Assert.Contains("Resources.Peer.MaxMemory", cut.Message, StringComparison.Ordinal);
    }

    private static async Task HeldAsync(NodeResources resources, long bytes)
    {
        using var guard = new CancellationTokenSource(LinkPair.Patience);
        while (resources.Usage.Memory != bytes)
        {
            guard.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    [Fact]
    public async Task A_read_into_no_buffer_is_not_woken_by_frames_that_carry_nothing()
    {
        var conduits = MemoryConduit.CreatePair();
        using var dialer = new NoiseHandshake(true, Alice, Random, null, []);
        using var listener = new NoiseHandshake(false, Bob, Random, null, []);
        var (there, back) = (new ArrayBufferWriter<byte>(), new ArrayBufferWriter<byte>());
        dialer.Start(there);
        listener.Start(back);
        listener.Read(there.WrittenSpan, back, out _);
        there.Clear();
        dialer.Read(back.WrittenSpan, there, out _);
        listener.Read(there.WrittenSpan, back, out _);
        await using var far = new NoiseConduit(conduits.Listener, listener.Session!, []);
        var frames = new byte[100];
        var length = dialer.Session!.Sender.Encrypt([], frames);
        length += dialer.Session.Sender.Encrypt([], frames.AsSpan(length));
        await conduits.Dialer.WriteAsync(frames.AsMemory(0, length));

        var waiting = far.ReadAsync(Memory<byte>.Empty).AsTask();
        Assert.False(waiting.IsCompleted);
        length = dialer.Session.Sender.Encrypt([7], frames);
        await conduits.Dialer.WriteAsync(frames.AsMemory(0, length));

        Assert.Equal(0, await waiting.WaitAsync(LinkPair.Patience));
        Assert.Equal(1, await far.ReadAsync(new byte[10]));
    }

    [Fact]
    public async Task A_read_into_no_buffer_ends_with_the_other_sides_writing()
    {
        var (near, far) = await UpgradeAsync(MemoryConduit.CreatePair());
        var waiting = far.Conduit!.ReadAsync(Memory<byte>.Empty).AsTask();
        await near.Conduit!.CompleteWritesAsync();
        Assert.Equal(0, await waiting.WaitAsync(LinkPair.Patience));
        Assert.Equal(0, await far.Conduit.ReadAsync(new byte[1]));
    }

    public static TheoryData<byte[], SecuredConduitFailure> BrokenFrames => new()
    {
        { [0, 15, .. new byte[15]], SecuredConduitFailure.FrameTooShort },
        { [0, 0], SecuredConduitFailure.FrameTooShort },
        { [0, 20, .. new byte[20]], SecuredConduitFailure.Forged },
        { [0xff, 0xff, .. new byte[65_535]], SecuredConduitFailure.Forged },
        { [0], SecuredConduitFailure.Truncated },
        { [0, 20, .. new byte[19]], SecuredConduitFailure.Truncated },
    };

    [Theory]
    [MemberData(nameof(BrokenFrames))]
    public async Task Broken_frames_are_named(byte[] bytes, SecuredConduitFailure expected)
    {
        var conduits = MemoryConduit.CreatePair(capacity: 128 * 1024);
        var (_, far) = await UpgradeAsync(conduits);
        await conduits.Dialer.WriteAsync(bytes);
        await conduits.Dialer.CompleteWritesAsync();
        var broken = await Assert.ThrowsAsync<SecuredConduitException>(async () => await far.Conduit!.ReadAsync(new byte[100]));
        Assert.Equal(expected, broken.Failure);
    }

    [Fact]
    public async Task A_repeated_frame_is_a_forgery()
    {
        var conduits = MemoryConduit.CreatePair();
        var (near, far) = await UpgradeAsync(conduits);
        await near.Conduit!.WriteAsync(new byte[] { 5 });
        var frame = new byte[100];
        var length = await conduits.Listener.ReadAsync(frame);
        await conduits.Dialer.WriteAsync(frame.AsMemory(0, length));
        await conduits.Dialer.WriteAsync(frame.AsMemory(0, length));
        var buffer = new byte[1];
        Assert.Equal(1, await far.Conduit!.ReadAsync(buffer));
        Assert.Equal(5, buffer[0]);
        var broken = await Assert.ThrowsAsync<SecuredConduitException>(async () => await far.Conduit.ReadAsync(buffer));
        Assert.Equal(SecuredConduitFailure.Forged, broken.Failure);
    }

    [Fact]
    public async Task Frames_are_filled()
    {
        var conduits = MemoryConduit.CreatePair(capacity: 1024 * 1024);
        var (near, _) = await UpgradeAsync(conduits);
        await near.Conduit!.WriteAsync(new byte[3 * NoiseCipher.MaxPlaintextLength]);
        Assert.Equal(3 * NoiseCipher.MaxFrameLength, conduits.Listener.Unread);
    }

    [Fact]
    public async Task Steady_traffic_allocates_no_buffers()
    {
        var (near, far) = await UpgradeAsync(MemoryConduit.CreatePair(capacity: 1024 * 1024));
        var bytes = new byte[200_000];
        var target = new byte[NoiseCipher.MaxPlaintextLength];
        Transfer(3);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Transfer(200);

        // In a debug build the state of an async method is an object, about 100 bytes a call; a single frame's buffer would be 65 KB.
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 200, 0, 2000);

        // The pipe holds a whole round, so that nothing waits and everything runs on this thread.
        void Transfer(int rounds)
        {
            for (var i = 0; i < rounds; i++)
            {
                var writing = near.Conduit!.WriteAsync(bytes);
                Assert.True(writing.IsCompletedSuccessfully);
                writing.GetAwaiter().GetResult();
                for (var left = bytes.Length; left > 0;)
                {
                    var reading = far.Conduit!.ReadAsync(target);
                    Assert.True(reading.IsCompletedSuccessfully);
                    left -= reading.GetAwaiter().GetResult();
                }
            }
        }
    }

    private static async Task<(SecurityResult Near, SecurityResult Far)> UpgradeAsync(
        (MemoryConduit Dialer, MemoryConduit Listener) conduits)
    {
        var listening = new NoiseUpgrade(Bob, Random)
            .UpgradeAsync(conduits.Listener, ConnectionRole.Listener, null, CancellationToken.None).AsTask();
        var near = await new NoiseUpgrade(Alice, Random)
            .UpgradeAsync(conduits.Dialer, ConnectionRole.Dialer, PeerId.FromPublicKey(Bob.PublicKey), CancellationToken.None);
        var far = await listening.WaitAsync(LinkPair.Patience);
        Assert.Null(near.Failure ?? far.Failure);
        return (near, far);
    }

    private static async Task<byte[]> ReadToEndAsync(IConduit conduit, int bufferSize)
    {
        var all = new MemoryStream();
        var buffer = new byte[bufferSize];
        while (await conduit.ReadAsync(buffer) is var read and > 0)
        {
            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }
}
