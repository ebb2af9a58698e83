using System.Buffers;
using Google.Protobuf;
using NatActors.Multiformats;
using NatActors.Protocols.Identify;
using NatActors.Protocols.Identify.Proto;
using NatActors.Protocols.Tests.Connections;
using static NatActors.Protocols.Tests.Connections.Peers;

namespace NatActors.Protocols.Tests.Identify;

public sealed class IdentifyCodecTests
{
    private static readonly IdentifySelf Self = new(
        new byte[] { 1, 2, 3 },
        "natactors/test",
        [Address("/ip4/192.0.1.1/tcp/4001"), Address("/ip6/2a00::1/tcp/4001")],
        ["/ipfs/id/1.0.0", "/ipfs/ping/1.0.0"],
        Address("/ip4/192.0.3.1/tcp/5001"),
        new byte[] { 9, 8, 7 });

    [Fact]
    public void What_is_written_is_read_back_split_at_every_offset()
    {
        var bytes = Write(Self);
        for (var split = 0; split <= bytes.Length; split++)
        {
            var decoder = new IdentifyDecoder();
            Assert.True(decoder.OnBytes(bytes.AsSpan(0, split)));
            Assert.True(decoder.OnBytes(bytes.AsSpan(split)));

            AssertIsSelf(decoder.OnEnd());
        }
    }

    [Fact]
    public void What_is_written_is_read_back_byte_by_byte()
    {
        var decoder = new IdentifyDecoder();
        foreach (var b in Write(Self))
        {
            Assert.True(decoder.OnBytes([b]));
        }

        AssertIsSelf(decoder.OnEnd());
        Assert.Equal(1, decoder.MessageCount);
    }

    [Fact]
    public void Every_true_prefix_is_refused_as_truncated_or_empty()
    {
        var bytes = Write(Self);
        for (var length = 0; length < bytes.Length; length++)
        {
            var decoder = new IdentifyDecoder();
            decoder.OnBytes(bytes.AsSpan(0, length));

            Assert.Null(decoder.OnEnd());
            Assert.Equal(length == 0 ? IdentifyFailure.Empty : IdentifyFailure.Truncated, decoder.Failure);
        }
    }

    [Fact]
    public void Several_messages_are_merged()
    {
        var update = Read(
            new IdentifyMessage { AgentVersion = "old", Protocols = { "/a" } },
            new IdentifyMessage { AgentVersion = "new", Protocols = { "/b" } },
            new IdentifyMessage { SignedPeerRecord = ByteString.CopyFrom(5) });

        Assert.Equal("new", update!.AgentVersion);
        Assert.Equal(["/a", "/b"], update.Protocols);
        Assert.Equal([5], update.SignedPeerRecord!.Value.ToArray());
    }

    [Fact]
    public void Absent_fields_are_told_from_present_ones()
    {
        var update = Read(new IdentifyMessage { AgentVersion = "" })!;

        Assert.Equal("", update.AgentVersion);
        Assert.Null(update.ProtocolVersion);
        Assert.Null(update.ListenAddresses);
        Assert.Null(update.Protocols);
        Assert.Null(update.ObservedAddress);
        Assert.Null(update.PublicKey);
        Assert.Null(update.SignedPeerRecord);
    }

    [Fact]
    public void Addresses_that_do_not_decode_are_left_out_one_by_one()
    {
        var good = Address("/ip4/192.0.1.1/tcp/4001");
        var message = new IdentifyMessage { ObservedAddr = ByteString.CopyFrom(0xff, 0xff) };
        byte[][] addresses = [[], [4, 1], [0xfe, 0x7f, 1], good.ToByteArray(), [.. good.ToByteArray(), 0], good.ToByteArray()];
        foreach (var bytes in addresses)
        {
            message.ListenAddrs.Add(ByteString.CopyFrom(bytes));
        }

        var update = Read(message)!;

        Assert.Equal([good], update.ListenAddresses);
        Assert.Null(update.ObservedAddress);
    }

    [Fact]
    public void The_peer_id_that_js_appends_to_the_observed_address_is_stripped()
    {
        var observed = Address($"/ip4/192.0.1.1/tcp/4001/p2p/{Numbered(1)}");

        var update = Read(new IdentifyMessage { ObservedAddr = ByteString.CopyFrom(observed.Bytes.Span) })!;

        Assert.Equal(Address("/ip4/192.0.1.1/tcp/4001"), update.ObservedAddress);
    }

    [Fact]
    public void Versions_are_cleaned_for_display_and_cut()
    {
        var update = Read(new IdentifyMessage { AgentVersion = "a\u001b[31m\nb", ProtocolVersion = new string('x', 500) })!;

        Assert.Equal("a?[31m?b", update.AgentVersion);
        Assert.Equal(IdentifyProtocol.MaxVersionLength, update.ProtocolVersion!.Length);
    }

    [Fact]
    public void A_protocol_with_control_characters_is_left_out()
    {
        var message = new IdentifyMessage();
        message.Protocols.AddRange(["/good", "/bad\u001b[2J", "/two\nlines"]);
        Assert.Equal(["/good"], Read(message)!.Protocols!);
    }

    [Fact]
    public void Overlong_and_empty_protocols_are_left_out_and_their_number_is_bounded()
    {
        var message = new IdentifyMessage { Protocols = { "", new string('x', IdentifyProtocol.MaxProtocolLength + 1), "/a", "/a" } };
        Assert.Equal(["/a"], Read(message)!.Protocols);

        var many = Enumerable.Range(0, 1100).Select(i => $"/{i}").Chunk(600)
            .Select(chunk => new IdentifyMessage { Protocols = { chunk } });
        Assert.Equal(IdentifyProtocol.MaxProtocols, Read([.. many])!.Protocols!.Count);
    }

    [Fact]
    public void The_number_of_addresses_is_bounded()
    {
        var messages = Enumerable.Range(1, 600).Chunk(300).Select(chunk =>
        {
            var message = new IdentifyMessage();
            message.ListenAddrs.AddRange(chunk.Select(i => ByteString.CopyFrom(Address($"/ip4/192.0.1.1/tcp/{i}").Bytes.Span)));
            return message;
        });

        Assert.Equal(IdentifyProtocol.MaxAddresses, Read([.. messages])!.ListenAddresses!.Count);
    }

    [Theory]
    [InlineData(new byte[] { 0x80, 0x00 }, IdentifyFailure.BadLength)]
    [InlineData(new byte[] { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01 }, IdentifyFailure.BadLength)]
    [InlineData(new byte[] { 0x81, 0x40 }, IdentifyFailure.MessageTooLarge)]
    [InlineData(new byte[] { 0x02, 0x0a, 0x05 }, IdentifyFailure.Malformed)]
    [InlineData(new byte[] { 0x01, 0x07 }, IdentifyFailure.Malformed)]
    public void Bad_bytes_are_refused_by_name_whole_and_byte_by_byte(byte[] bytes, IdentifyFailure expected)
    {
        var whole = new IdentifyDecoder();
        Assert.False(whole.OnBytes(bytes));
        Assert.Equal(expected, whole.Failure);
        Assert.Null(whole.OnEnd());

        var slow = new IdentifyDecoder();
        Assert.False(bytes.All(b => slow.OnBytes([b])));
        Assert.Equal(expected, slow.Failure);
    }

    [Fact]
    public void An_eleventh_message_is_refused()
    {
        var decoder = new IdentifyDecoder();
        Assert.True(decoder.OnBytes(new byte[IdentifyProtocol.MaxMessages]));

        Assert.False(decoder.OnBytes([0]));

        Assert.Equal(IdentifyFailure.TooManyMessages, decoder.Failure);
    }

    [Fact]
    public void Messages_that_are_too_long_together_are_refused()
    {
        var decoder = new IdentifyDecoder();
        byte[] message = Framed(new IdentifyMessage { PublicKey = ByteString.CopyFrom(new byte[8000]) });
        for (var i = 0; i < IdentifyProtocol.MaxTotalLength / 8000; i++)
        {
            Assert.True(decoder.OnBytes(message));
        }

        Assert.False(decoder.OnBytes(message));
        Assert.Equal(IdentifyFailure.TooLarge, decoder.Failure);
    }

    [Fact]
    public void No_message_written_is_over_four_kibibytes_and_nothing_but_addresses_is_lost()
    {
        var self = Self with
        {
            ListenAddresses = [.. Enumerable.Range(1, 400).Select(i => Address($"/ip4/192.0.1.1/tcp/{i}"))],
            Protocols = [.. Enumerable.Range(1, 300).Select(i => $"/a/long/protocol/name/{i}")],
            SignedPeerRecord = new byte[2000],
        };

        var update = Read(Write(self), out var lengths);

        Assert.True(lengths.Count > 1);
        Assert.All(lengths, length => Assert.InRange(length, 1, IdentifyProtocol.MaxSentMessageLength));
        Assert.Equal(self.Protocols.Order(), update!.Protocols!.Order());
        Assert.Equal(2000, update.SignedPeerRecord!.Value.Length);
        Assert.Equal(IdentifyEncoder.Fit(self.ListenAddresses), update.ListenAddresses);
        Assert.Equal(self.ListenAddresses.Take(update.ListenAddresses!.Count), update.ListenAddresses);
    }

    [Fact]
    public void The_usual_answer_is_one_message()
    {
        Read(Write(Self with { SignedPeerRecord = new byte[600] }), out var lengths);

        Assert.Single(lengths);
    }

    [Fact]
    public void Without_a_record_or_an_observed_address_the_fields_are_absent()
    {
        var update = Read(Write(Self with { SignedPeerRecord = default, ObservedAddress = null }), out _)!;

        Assert.Null(update.SignedPeerRecord);
        Assert.Null(update.ObservedAddress);
    }

    private static void AssertIsSelf(IdentifyUpdate? update)
    {
        Assert.NotNull(update);
        Assert.Equal([1, 2, 3], update.PublicKey!.Value.ToArray());
        Assert.Equal("natactors/test", update.AgentVersion);
        Assert.Equal("ipfs/0.1.0", update.ProtocolVersion);
        Assert.Equal(Self.ListenAddresses, update.ListenAddresses);
        Assert.Equal(Self.Protocols, update.Protocols);
        Assert.Equal(Self.ObservedAddress, update.ObservedAddress);
        Assert.Equal([9, 8, 7], update.SignedPeerRecord!.Value.ToArray());
    }

    private static byte[] Write(IdentifySelf self)
    {
        var output = new ArrayBufferWriter<byte>();
        IdentifyEncoder.Write(self, output);
        return output.WrittenSpan.ToArray();
    }

    private static IdentifyUpdate? Read(params IdentifyMessage[] messages)
    {
        var decoder = new IdentifyDecoder();
        Assert.All(messages, m => Assert.True(decoder.OnBytes(Framed(m))));
        return decoder.OnEnd();
    }

    private static IdentifyUpdate? Read(ReadOnlySpan<byte> bytes, out List<int> lengths)
    {
        var decoder = new IdentifyDecoder();
        Assert.True(decoder.OnBytes(bytes));
        lengths = [];
        while (!bytes.IsEmpty)
        {
            Assert.Equal(DecodeStatus.Done, Varint.TryRead(bytes, out var length, out var read, out _));
            lengths.Add((int)length);
            bytes = bytes[(read + (int)length)..];
        }

        return decoder.OnEnd();
    }

    private static byte[] Framed(IdentifyMessage message)
    {
        var body = message.ToByteArray();
        var framed = new byte[Varint.Length((ulong)body.Length) + body.Length];
        body.CopyTo(framed, Varint.Write(framed, (ulong)body.Length));
        return framed;
    }
}
