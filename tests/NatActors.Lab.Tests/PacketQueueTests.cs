using NatActors.Lab.Delay;

namespace NatActors.Lab.Tests;

/// <summary>The ring in which delayed packets wait.</summary>
public sealed class PacketQueueTests
{
    private const int Capacity = 1024;

    [Fact]
    public void What_goes_in_comes_out_whole_and_in_order_however_it_wraps()
    {
        using var queue = new PacketQueue(TimeSpan.Zero, Capacity);
        var random = new Random(7);
        var expected = new Queue<(long Due, byte[] Packet)>();
        var refused = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var packet = new byte[random.Next(1, 300)];
            random.NextBytes(packet);
            if (queue.TryEnqueue(i, packet))
            {
                expected.Enqueue((i, packet));
            }
            else
            {
                refused++;
            }

            for (var take = random.Next(0, 4); take > 0 && expected.Count > 0; take--)
            {
                var (due, first) = expected.Dequeue();
                Assert.Equal(due, queue.NextDue);
                Assert.True(queue.Peek().SequenceEqual(first));
                queue.Dequeue();
            }

            Assert.Equal(expected.Count == 0, queue.IsEmpty);
        }

        Assert.True(refused > 0);
    }

    [Fact]
    public void It_never_holds_more_than_its_capacity()
    {
        using var queue = new PacketQueue(TimeSpan.Zero, Capacity);
        var held = 0;
        while (queue.TryEnqueue(0, new byte[100]))
        {
            held++;
        }

        // 100 bytes take 112, and 16 more for the header.
        Assert.Equal(Capacity / 128, held);
        queue.Dequeue();
        Assert.True(queue.TryEnqueue(0, new byte[100]));
        Assert.False(queue.TryEnqueue(0, new byte[1]));
    }
}
