using NatActors.Multiformats.Tests.Shared;
using NatActors.Wire.Security;

namespace NatActors.Wire.Tests.Security;

public sealed class NoiseCipherTests : IDisposable
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private readonly NoiseCipher _sender = new(Key);
    private readonly NoiseCipher _receiver = new(Key);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(0x7fff)]
    [InlineData(0x8000)]
    [InlineData(NoiseCipher.MaxPlaintextLength)]
    public void Opens_what_the_other_side_sealed_at_any_length(int length)
    {
        var plaintext = new byte[length];
        new SeededRandom(length).Fill(plaintext);
        var frame = new byte[NoiseCipher.FrameLength(length) + 3];
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(NoiseCipher.FrameLength(length), _sender.Encrypt(plaintext, frame));
            var ciphertext = frame.AsSpan(NoiseCipher.HeaderLength, NoiseCipher.ReadHeader(frame));
            Assert.Equal(length + NoiseCipher.TagLength, ciphertext.Length);
            var opened = new byte[length];
            Assert.True(_receiver.TryDecrypt(ciphertext, opened, out var written));
            Assert.Equal(length, written);
            Assert.Equal(plaintext, opened);
        }
    }

    [Fact]
    public void Works_in_place()
    {
        var frame = new byte[NoiseCipher.FrameLength(5)];
        "hello"u8.CopyTo(frame.AsSpan(NoiseCipher.HeaderLength));
        _sender.Encrypt(frame.AsSpan(NoiseCipher.HeaderLength, 5), frame);
        var body = frame.AsSpan(NoiseCipher.HeaderLength);
        Assert.True(_receiver.TryDecrypt(body, body, out var written));
        Assert.Equal("hello"u8, body[..written]);
    }

    [Fact]
    public void Refuses_a_frame_damaged_in_any_bit_and_goes_on_with_the_right_one()
    {
        var frame = new byte[NoiseCipher.FrameLength(3)];
        _sender.Encrypt([1, 2, 3], frame);
        var body = frame.AsSpan(NoiseCipher.HeaderLength);
        var opened = new byte[3];
        for (var bit = 0; bit < body.Length * 8; bit++)
        {
            body[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(_receiver.TryDecrypt(body, opened, out var written));
            Assert.Equal(0, written);
            body[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.True(_receiver.TryDecrypt(body, opened, out _));
    }

    [Fact]
    public void Refuses_a_frame_too_short_out_of_order_or_repeated()
    {
        var (first, second) = (new byte[NoiseCipher.FrameLength(1)], new byte[NoiseCipher.FrameLength(1)]);
        _sender.Encrypt([1], first);
        _sender.Encrypt([2], second);
        var opened = new byte[1];
        Assert.False(_receiver.TryDecrypt([], opened, out _));
        Assert.False(_receiver.TryDecrypt(new byte[NoiseCipher.TagLength - 1], opened, out _));
        Assert.False(_receiver.TryDecrypt(second.AsSpan(2), opened, out _));
        Assert.True(_receiver.TryDecrypt(first.AsSpan(2), opened, out _));
        Assert.False(_receiver.TryDecrypt(first.AsSpan(2), opened, out _));
        Assert.False(_receiver.TryDecrypt(second.AsSpan(2), [], out _));
        Assert.True(_receiver.TryDecrypt(second.AsSpan(2), opened, out _));
    }

    [Fact]
    public void Does_not_write_a_frame_too_long_or_into_too_little_room()
    {
        var frame = new byte[NoiseCipher.MaxFrameLength + 1];
        Assert.Throws<ArgumentOutOfRangeException>(() => _sender.Encrypt(new byte[NoiseCipher.MaxPlaintextLength + 1], frame));
        Assert.Throws<ArgumentOutOfRangeException>(() => _sender.Encrypt(new byte[10], new byte[NoiseCipher.FrameLength(10) - 1]));
    }

    /// <summary>Noise specification section 5.1: the nonce 2^64-1 is reserved.</summary>
    [Fact]
    public void The_last_nonce_is_never_used()
    {
        using var sender = new NoiseCipher(Key, ulong.MaxValue - 1);
        using var receiver = new NoiseCipher(Key, ulong.MaxValue - 1);
        var frame = new byte[NoiseCipher.FrameLength(1)];
        Assert.False(sender.IsExhausted);
        sender.Encrypt([1], frame);
        Assert.True(sender.IsExhausted);
        Assert.Throws<InvalidOperationException>(() => sender.Encrypt([1], frame));
        Assert.True(receiver.TryDecrypt(frame.AsSpan(2), new byte[1], out _));
        Assert.True(receiver.IsExhausted);
        Assert.False(receiver.TryDecrypt(frame.AsSpan(2), new byte[1], out _));
    }

    [Fact]
    public void Allocates_nothing_per_frame()
    {
        var plaintext = new byte[1000];
        var frame = new byte[NoiseCipher.FrameLength(plaintext.Length)];
        void SendAndReceive()
        {
            _sender.Encrypt(plaintext, frame);
            _receiver.TryDecrypt(frame.AsSpan(NoiseCipher.HeaderLength), plaintext, out _);
        }

        SendAndReceive();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            SendAndReceive();
        }

        // Less than the smallest object for each frame. Not exactly zero: a collection for another thread's sake moves the count a little.
        const int SmallestObject = 24;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (1000 * SmallestObject) - 1);
    }

    public void Dispose()
    {
        _sender.Dispose();
        _receiver.Dispose();
    }
}
