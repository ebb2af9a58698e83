using NatActors.Node.Muxing;

namespace NatActors.Node.Tests.Muxing;

public sealed class ReceiveBufferTests
{
    [Theory]
    [InlineData(1, 3)]
    [InlineData(70_000, 65_536)]
    [InlineData(65_536, 65_536)]
    [InlineData(1000, 200_000)]
    public void Gives_back_what_was_put_in(int put, int take)
    {
        var bytes = StreamTestExtensions.Pattern(300_000, 1);
        var buffer = new ReceiveBuffer();
        var isPaid = false;
        var read = new List<byte>();
        var target = new byte[take];
        for (var offset = 0; offset < bytes.Length; offset += put)
        {
            buffer.Append(bytes.AsSpan(offset, Math.Min(put, bytes.Length - offset)), ref isPaid);
            if (offset % 3 == 0)
            {
                read.AddRange(target.AsSpan(0, buffer.Read(target)));
            }
        }

        while (buffer.Read(target) is var length and > 0)
        {
            read.AddRange(target.AsSpan(0, length));
        }

        Assert.True(bytes.AsSpan().SequenceEqual(read.ToArray()));
        Assert.Equal(0, buffer.Length);
    }

    [Fact]
    public void Clear_drops_everything()
    {
        var buffer = new ReceiveBuffer();
        var isPaid = false;
        buffer.Append(new byte[200_000], ref isPaid);
        buffer.Clear();
        Assert.Equal(0, buffer.Length);
        Assert.Equal(0, buffer.Read(new byte[10]));
    }
}
