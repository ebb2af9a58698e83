using System.Buffers;
using System.Text;
using NatActors.Wire.Framing;
using NatActors.Wire.Negotiation;

namespace NatActors.Wire.Tests.Negotiation;

public sealed class MultistreamTests
{
    private const string HeaderBytes = "\u0013/multistream/1.0.0\n";

    [Fact]
    public void Dialer_sends_header_and_first_proposal_together()
    {
        var output = new ArrayBufferWriter<byte>();
        new MultistreamDialer(["/noise", "/tls/1.0.0"]).Start(output);
        Assert.Equal(HeaderBytes + "\u0007/noise\n", Text(output));
    }

    [Fact]
    public void Both_agree_on_the_first_proposal_supported()
    {
        var (dialer, listener) = Run(["/a", "/b", "/c"], ["/c", "/b"]);
        Assert.Equal("/b", dialer.Protocol);
        Assert.Equal("/b", listener.Protocol);
    }

    [Fact]
    public void Nothing_in_common_ends_the_dialer()
    {
        var (dialer, listener) = Run(["/a", "/b"], ["/c"]);
        Assert.Equal(NegotiationFailure.NoCommonProtocol, dialer.Failure);
        listener.OnEnd();
        Assert.Equal(NegotiationFailure.NoCommonProtocol, listener.Failure);
    }

    [Fact]
    public void Listener_answers_na_to_ls()
    {
        var (listener, output) = Listen("ls", "/a");
        Assert.Equal("/a", listener.Protocol);
        Assert.Equal(HeaderBytes + "\u0003na\n\u0003/a\n", Text(output));
    }

    [Fact]
    public void Listener_keeps_its_header_until_it_has_an_answer_unless_told_to_start()
    {
        var output = new ArrayBufferWriter<byte>();
        var listener = new MultistreamListener(_ => true);
        listener.Start(output);
        Assert.Equal(HeaderBytes, Text(output));
        listener.OnBytes(Message(Multistream.Header), output, out _);
        Assert.Equal(HeaderBytes, Text(output));
    }

    [Fact]
    public void Bytes_behind_the_negotiation_stay_the_callers_at_every_split()
    {
        byte[] payload = [1, 2, 3, 4, 5];
        byte[] input = [.. Message(Multistream.Header), .. Message("/x"), .. Message("/a"), .. payload];
        for (var split = 0; split <= input.Length; split++)
        {
            var listener = new MultistreamListener(id => id == "/a");
            var output = new ArrayBufferWriter<byte>();
            var left = new List<byte>();
            foreach (var part in new[] { input[..split], input[split..] })
            {
                listener.OnBytes(part, output, out var consumed);
                left.AddRange(part[consumed..]);
            }

            Assert.Equal("/a", listener.Protocol);
            Assert.Equal(payload, left);
            Assert.Equal(HeaderBytes + "\u0003na\n\u0003/a\n", Text(output));
        }
    }

    [Fact]
    public void Dialer_takes_the_answer_byte_by_byte()
    {
        var dialer = new MultistreamDialer(["/a", "/b"]);
        var output = new ArrayBufferWriter<byte>();
        dialer.Start(output);
        var status = NegotiationStatus.NeedMoreData;
        foreach (var value in (byte[])[.. Message(Multistream.Header), .. Message("na"), .. Message("/b")])
        {
            Assert.Equal(NegotiationStatus.NeedMoreData, status);
            status = dialer.OnBytes([value], output, out _);
        }

        Assert.Equal(NegotiationStatus.Agreed, status);
        Assert.Equal("/b", dialer.Protocol);
    }

    [Theory]
    [InlineData("/multistream/2.0.0", NegotiationFailure.NotMultistream)]
    [InlineData("GET / HTTP/1.1", NegotiationFailure.NotMultistream)]
    public void Another_header_is_refused_by_both(string header, NegotiationFailure expected)
    {
        var dialer = new MultistreamDialer(["/a"]);
        Assert.Equal(NegotiationStatus.Failed, dialer.OnBytes(Message(header), new ArrayBufferWriter<byte>(), out _));
        Assert.Equal(expected, dialer.Failure);
        var listener = new MultistreamListener(_ => true);
        Assert.Equal(NegotiationStatus.Failed, listener.OnBytes(Message(header), new ArrayBufferWriter<byte>(), out _));
        Assert.Equal(expected, listener.Failure);
    }

    [Fact]
    public void An_answer_that_was_not_proposed_is_refused()
    {
        var dialer = new MultistreamDialer(["/a"]);
        dialer.OnBytes([.. Message(Multistream.Header), .. Message("/b")], new ArrayBufferWriter<byte>(), out _);
        Assert.Equal(NegotiationFailure.UnexpectedAnswer, dialer.Failure);
    }

    public static TheoryData<byte[]> MalformedMessages => new()
    {
        new byte[] { 0x00 },
        new byte[] { 0x01, (byte)'\n' },
        new byte[] { 0x02, (byte)'/', (byte)'a' },
        new byte[] { 0x81, 0x08 },
        new byte[] { 0x80, 0x00 },
    };

    [Theory]
    [MemberData(nameof(MalformedMessages))]
    public void Malformed_messages_are_refused(byte[] message)
    {
        var listener = new MultistreamListener(_ => true);
        listener.OnBytes([.. Message(Multistream.Header), .. message], new ArrayBufferWriter<byte>(), out _);
        Assert.Equal(NegotiationFailure.MalformedMessage, listener.Failure);
    }

    [Fact]
    public void The_longest_message_allowed_is_1024_bytes()
    {
        var longest = "/" + new string('a', Multistream.MaxMessageSize - 2);
        var (listener, _) = Listen(longest);
        Assert.Equal(NegotiationFailure.None, listener.Failure);
        Assert.Throws<ArgumentOutOfRangeException>(() => Multistream.WriteMessage(new ArrayBufferWriter<byte>(), longest + "a"));
    }

    [Fact]
    public void Endless_proposals_are_refused()
    {
        var proposals = Enumerable.Range(0, Multistream.MaxRounds).Select(i => $"/x/{i}").ToArray();
        var (listener, _) = Listen(proposals);
        Assert.Equal(NegotiationFailure.None, listener.Failure);
        listener.OnBytes(Message("/x/more"), new ArrayBufferWriter<byte>(), out _);
        Assert.Equal(NegotiationFailure.TooManyRounds, listener.Failure);
    }

    [Fact]
    public void An_end_in_the_middle_is_named()
    {
        var dialer = new MultistreamDialer(["/a"]);
        dialer.OnBytes(Message(Multistream.Header), new ArrayBufferWriter<byte>(), out _);
        dialer.OnEnd();
        Assert.Equal(NegotiationFailure.EndedEarly, dialer.Failure);
        var listener = new MultistreamListener(_ => false);
        listener.OnBytes([.. Message(Multistream.Header), 0x03, (byte)'/'], new ArrayBufferWriter<byte>(), out _);
        listener.OnEnd();
        Assert.Equal(NegotiationFailure.EndedEarly, listener.Failure);
    }

    private static (MultistreamListener Listener, ArrayBufferWriter<byte> Output) Listen(params string[] messages)
    {
        var output = new ArrayBufferWriter<byte>();
        var listener = new MultistreamListener(id => id == "/a");
        listener.OnBytes(Message(Multistream.Header), output, out _);
        foreach (var message in messages)
        {
            listener.OnBytes(Message(message), output, out _);
        }

        return (listener, output);
    }

    private static (MultistreamDialer Dialer, MultistreamListener Listener) Run(string[] proposals, string[] supported)
    {
        var dialer = new MultistreamDialer(proposals);
        var listener = new MultistreamListener(supported.Contains);
        var toListener = new ArrayBufferWriter<byte>();
        var toDialer = new ArrayBufferWriter<byte>();
        dialer.Start(toListener);
        while (toListener.WrittenCount > 0 || toDialer.WrittenCount > 0)
        {
            listener.OnBytes(Take(toListener), toDialer, out _);
            dialer.OnBytes(Take(toDialer), toListener, out _);
        }

        return (dialer, listener);
    }

    private static byte[] Take(ArrayBufferWriter<byte> writer)
    {
        var bytes = writer.WrittenSpan.ToArray();
        writer.ResetWrittenCount();
        return bytes;
    }

    private static byte[] Message(string text) => MessageWriter.Frame(Encoding.UTF8.GetBytes(text + "\n"));

    private static string Text(ArrayBufferWriter<byte> output) => Encoding.UTF8.GetString(output.WrittenSpan);
}
