using NatActors.Wire.Framing;

namespace NatActors.Wire.Tests.Framing;

public sealed class MessageScannerTests
{
    private static readonly byte[] ShortMessage = [1, 2, 3];

    public static TheoryData<int> Sizes => [0, 1, 127, 128, 300, 16_383, 16_384];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Reads_what_the_writer_wrote(int size)
    {
        var message = Pattern(size);
        var framed = MessageWriter.Frame(message);
        Assert.Equal(MessageWriter.FramedSize(size), framed.Length);

        var scanner = new MessageScanner(size);
        Assert.Equal(ScanStatus.Message, scanner.Read(framed, out var consumed));
        Assert.Equal(framed.Length, consumed);
        Assert.Equal(message, scanner.Message.ToArray());
    }

    [Fact]
    public void Reads_a_message_split_at_every_offset()
    {
        var message = Pattern(300);
        var framed = MessageWriter.Frame(message);
        for (var split = 0; split <= framed.Length; split++)
        {
            var scanner = new MessageScanner(300);
            var first = scanner.Read(framed.AsSpan(0, split), out var taken);
            Assert.Equal(split, taken);
            Assert.Equal(split == framed.Length ? ScanStatus.Message : ScanStatus.NeedMoreData, first);
            if (split < framed.Length)
            {
                Assert.Equal(ScanStatus.Message, scanner.Read(framed.AsSpan(split), out _));
            }

            Assert.Equal(message, scanner.Message.ToArray());
        }
    }

    [Fact]
    public void Reads_messages_byte_by_byte()
    {
        byte[] input = [.. MessageWriter.Frame(Pattern(200)), .. MessageWriter.Frame(ShortMessage)];
        var scanner = new MessageScanner(200);
        var found = new List<byte[]>();
        foreach (var value in input)
        {
            if (scanner.Read([value], out _) == ScanStatus.Message)
            {
                found.Add(scanner.Message.ToArray());
            }
        }

        Assert.Equal([Pattern(200), ShortMessage], found);
        Assert.False(scanner.IsInsideMessage);
    }

    [Fact]
    public void Leaves_the_bytes_behind_a_message_alone()
    {
        byte[] input = [.. MessageWriter.Frame(ShortMessage), 9, 9];
        var scanner = new MessageScanner(10);
        Assert.Equal(ScanStatus.Message, scanner.Read(input, out var consumed));
        Assert.Equal(input.Length - 2, consumed);
    }

    [Fact]
    public void Knows_that_it_is_inside_a_message()
    {
        var scanner = new MessageScanner(10);
        scanner.Read([3, 1], out _);
        Assert.True(scanner.IsInsideMessage);
    }

    [Theory]
    [InlineData(new byte[] { 0x80, 0x00 }, FramingFailure.LengthNotMinimal)]
    [InlineData(new byte[] { 0x83, 0x80, 0x00 }, FramingFailure.LengthNotMinimal)]
    [InlineData(new byte[] { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01 }, FramingFailure.LengthTooLong)]
    [InlineData(new byte[] { 0x0b }, FramingFailure.MessageTooLarge)]
    [InlineData(new byte[] { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f }, FramingFailure.MessageTooLarge)]
    public void Refuses_bad_lengths_at_every_split(byte[] input, FramingFailure expected)
    {
        for (var split = 0; split <= input.Length; split++)
        {
            var scanner = new MessageScanner(10);
            scanner.Read(input.AsSpan(0, split), out _);
            Assert.Equal(ScanStatus.Failed, scanner.Read(input.AsSpan(split), out _));
            Assert.Equal(expected, scanner.Failure);
        }
    }

    [Fact]
    public void Stays_failed()
    {
        var scanner = new MessageScanner(1);
        scanner.Read([2], out _);
        Assert.Equal(ScanStatus.Failed, scanner.Read([1, 1], out var consumed));
        Assert.Equal(0, consumed);
    }

    private static byte[] Pattern(int size) => [.. Enumerable.Range(0, size).Select(i => (byte)(i * 7))];
}
