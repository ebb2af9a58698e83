using System.Net;
using NatActors.Protocols.Naming;
using Xunit;

namespace NatActors.Protocols.Tests.Naming;

public sealed class DnsCodecTests
{
    private static readonly DnsQuestion Question = Messages.Question();

    [Fact]
    public void A_chain_of_pointers_is_not_walked_to_its_end()
    {
        // A message may hold thousands of pointers, each to the one before, and as many records that begin at the last one.
        var question = Messages.Question();
        byte[] Chained(int pointers)
        {
            var first = Messages.Response(question, []).Length;
            byte[] links = [.. Enumerable.Range(0, pointers - 1).SelectMany(i => Messages.UInt16(0xc000 | (i == 0 ? 12 : RecordData(first, i - 1))))];
            return Messages.Response(question, [
                Messages.Record([0xc0, 12], 99, 60, links),
                Messages.Record(Messages.UInt16(0xc000 | RecordData(first, pointers - 2)), 1, 60, [1, 2, 3, 4])]);
        }

        static int RecordData(int record, int link) => record + 2 + 10 + (2 * link);
        Assert.Single(DnsCodec.Decode(Chained(DnsName.MaxPointers), Messages.Id, question).Response!.Addresses);
        Assert.Equal(DnsFault.Malformed, DnsCodec.Decode(Chained(DnsName.MaxPointers + 1), Messages.Id, question).Fault);
    }

    [Fact]
    public void A_question_is_written_as_the_RFC_draws_it()
    {
        var query = DnsCodec.EncodeQuery(0x1234, Messages.Question("Ab.example."), extended: false);

        Assert.Equal(
            "12340100000100000000000002616207" + "6578616D706C65" + "0000010001",
            Convert.ToHexString(query));
    }

    [Fact]
    public void An_extended_question_offers_1232_bytes()
    {
        var plain = DnsCodec.EncodeQuery(7, Question, extended: false);
        var extended = DnsCodec.EncodeQuery(7, Question, extended: true);

        Assert.Equal(1, extended[11]);
        Assert.Equal("00002904D0000000000000", Convert.ToHexString(extended[plain.Length..]));
    }

    [Fact]
    public void Addresses_are_read_from_compressed_records()
    {
        // The owner is a pointer to the question's name at byte 12, as every server writes it.
        var message = Messages.Response(Question, [Messages.Record([0xc0, 12], 1, 60, [192, 0, 2, 1]), Messages.A("EXAMPLE.org", "192.0.2.2", 30)]);

        var response = Decode(message);

        Assert.Equal(["192.0.2.1", "192.0.2.2"], response.Addresses.Select(a => a.ToString()));
        Assert.Equal(TimeSpan.FromSeconds(30), response.TimeToLive);
        Assert.False(response.Truncated);
    }

    [Fact]
    public void A_message_inside_a_larger_buffer_reads_the_same()
    {
        var message = Messages.Response(Question, [Messages.A("example.org", "192.0.2.1")]);
        byte[] larger = [1, 2, 3, .. message, 4, 5];

        Assert.Single(DnsCodec.Decode(larger.AsSpan(3, message.Length), Messages.Id, Question).Response!.Addresses);
    }

    [Fact]
    public void IPv6_addresses_are_read()
    {
        var question = Messages.Question(type: DnsType.Aaaa);

        var response = Decode(Messages.Response(question, [Messages.Aaaa("example.org", "2001:db8::1")]), question);

        Assert.Equal([IPAddress.Parse("2001:db8::1")], response.Addresses);
    }

    [Fact]
    public void The_strings_of_one_text_record_are_one_text()
    {
        var question = Messages.Question("_dnsaddr.example.org", DnsType.Txt);

        var response = Decode(
            Messages.Response(question, [Messages.Txt("_dnsaddr.example.org", "dnsaddr=/ip4/", "192.0.2.1"), Messages.Txt("_dnsaddr.example.org", "")]),
            question);

        Assert.Equal(["dnsaddr=/ip4/192.0.2.1", ""], response.Texts);
    }

    [Fact]
    public void Aliases_are_followed_whatever_the_order_of_the_records()
    {
        var response = Decode(Messages.Response(
            Question,
            [
                Messages.A("c.example", "192.0.2.7", 100), Messages.Cname("b.example", "c.example", 20), Messages.Cname("example.org", "b.example"),
                Messages.A("other.example", "192.0.2.9"),
            ]));

        Assert.Equal([IPAddress.Parse("192.0.2.7")], response.Addresses);
        Assert.Equal(TimeSpan.FromSeconds(20), response.TimeToLive);
    }

    [Theory]
    [InlineData(8, DnsFault.None)]
    [InlineData(9, DnsFault.TooManyAliases)]
    public void Eight_aliases_are_followed_and_no_more(int aliases, DnsFault fault)
    {
        var names = Enumerable.Range(0, aliases + 1).Select(i => i == 0 ? "example.org" : $"n{i}.example").ToArray();
        byte[][] records =
        [
            .. Enumerable.Range(0, aliases).Select(i => Messages.Cname(names[i], names[i + 1])), Messages.A(names[aliases], "192.0.2.1"),
        ];

        var decoded = DnsCodec.Decode(Messages.Response(Question, records), Messages.Id, Question);

        Assert.Equal(fault, decoded.Fault);
        Assert.Equal(fault == DnsFault.None ? 1 : null, decoded.Response?.Addresses.Count);
    }

    [Fact]
    public void A_circle_of_aliases_is_refused()
    {
        var message = Messages.Response(Question, [Messages.Cname("example.org", "a.example"), Messages.Cname("a.example", "example.org")]);

        Assert.Equal(DnsFault.TooManyAliases, DnsCodec.Decode(message, Messages.Id, Question).Fault);
    }

    [Fact]
    public void Nothing_found_is_kept_as_long_as_the_zone_says()
    {
        var message = Messages.Response(Question, [], [Messages.Soa("org", 900, 120)], flags: 0x8183);

        var response = Decode(message);

        Assert.Equal(DnsCode.NxDomain, response.Code);
        Assert.Empty(response.Addresses);
        Assert.Equal(TimeSpan.FromSeconds(120), response.TimeToLive);
    }

    [Fact]
    public void A_time_to_live_with_the_top_bit_set_is_zero()
    {
        var response = Decode(Messages.Response(Question, [Messages.A("example.org", "192.0.2.1", 0x8000_0001)]));

        Assert.Equal(TimeSpan.Zero, response.TimeToLive);
    }

    [Fact]
    public void A_truncated_answer_says_so_even_when_it_ends_inside_a_record()
    {
        var message = Messages.Response(Question, [Messages.A("example.org", "192.0.2.1")], flags: 0x8380);

        Assert.True(Decode(message[..^2]).Truncated);
    }

    [Fact]
    public void Records_of_another_class_or_kind_are_passed_over()
    {
        var message = Messages.Response(
            Question, [Messages.Record(Messages.Encode("example.org"), 1, 9, [1, 2], kind: 3), Messages.Record([0], 99, 9, [1]), Messages.A("example.org", "192.0.2.1")]);

        Assert.Single(Decode(message).Addresses);
    }

    [Fact]
    public void More_values_than_the_limit_are_left_out()
    {
        byte[][] records = [.. Enumerable.Range(0, 300).Select(i => Messages.A("example.org", $"192.0.{i / 250}.{i % 250}"))];

        Assert.Equal(DnsCodec.MaxValues, Decode(Messages.Response(Question, records)).Addresses.Count);
    }

    [Fact]
    public void A_server_that_cannot_read_the_question_need_not_repeat_it()
    {
        byte[] message = [0x12, 0x34, 0x80, 0x01, 0, 0, 0, 0, 0, 0, 0, 0];

        Assert.Equal(DnsCode.FormErr, Decode(message).Code);
    }

    [Fact]
    public void An_answer_cut_anywhere_is_refused()
    {
        var message = Messages.Response(Question, [Messages.Cname("example.org", "b.example"), Messages.A("b.example", "192.0.2.1")], [Messages.Soa("org", 1, 1)]);
        for (var length = 0; length < message.Length; length++)
        {
            var decoded = DnsCodec.Decode(message.AsSpan(0, length), Messages.Id, Question);

            Assert.Null(decoded.Response);
            Assert.NotEqual(DnsFault.None, decoded.Fault);
        }
    }

    [Fact]
    public void What_is_no_response_to_this_question_is_refused()
    {
        var good = Messages.Response(Question, [Messages.A("example.org", "192.0.2.1")]);

        Assert.Equal(DnsFault.OtherId, DnsCodec.Decode(good, 0x1235, Question).Fault);
        Assert.Equal(DnsFault.OtherQuestion, DnsCodec.Decode(good, Messages.Id, Messages.Question("example.net")).Fault);
        Assert.Equal(DnsFault.OtherQuestion, DnsCodec.Decode(good, Messages.Id, Messages.Question(type: DnsType.Aaaa)).Fault);
        Assert.Equal(DnsFault.NotAResponse, DnsCodec.Decode(Messages.Response(Question, [], flags: 0x0100), Messages.Id, Question).Fault);
        Assert.Equal(DnsFault.NotAResponse, DnsCodec.Decode(Messages.Response(Question, [], flags: 0x8900), Messages.Id, Question).Fault);
    }

    public static TheoryData<string, byte[]> BadRecords => new()
    {
        { "an address of three bytes", Messages.Record([0xc0, 12], 1, 60, [1, 2, 3]) },
        { "a pointer to itself", Messages.Record([0xc0, 29], 1, 60, [1, 2, 3, 4]) },
        { "a pointer forwards", Messages.Record([0xc0, 40], 1, 60, [1, 2, 3, 4]) },
        { "a pointer that comes back to its label", Messages.Record([1, (byte)'a', 0xc0, 29], 1, 60, [1, 2, 3, 4]) },
        { "a label of an unknown kind", Messages.Record([0x80, 0], 1, 60, [1, 2, 3, 4]) },
        { "a label longer than 63", Messages.Record([64, .. new byte[64], 0], 1, 60, [1, 2, 3, 4]) },
        { "a name longer than 255", Messages.Record([.. Enumerable.Repeat((byte[])[60, .. new byte[60]], 5).SelectMany(l => l), 0], 1, 60, [1, 2, 3, 4]) },
        { "an alias longer than its data", Messages.Record([0xc0, 12], 5, 60, [3, (byte)'a']) },
        { "an alias shorter than its data", Messages.Record([0xc0, 12], 5, 60, [0xc0, 12, 0]) },
    };

    [Theory]
    [MemberData(nameof(BadRecords))]
    public void A_record_that_breaks_the_grammar_is_refused(string what, byte[] record)
    {
        var decoded = DnsCodec.Decode(Messages.Response(Question, [record]), Messages.Id, Question);

        Assert.True(decoded.Response is null, what);
        Assert.Equal(DnsFault.Malformed, decoded.Fault);
    }

    [Fact]
    public void A_text_that_leaves_its_record_is_refused()
    {
        var question = Messages.Question(type: DnsType.Txt);
        var message = Messages.Response(question, [Messages.Record([0xc0, 12], 16, 60, [5, (byte)'a'])]);

        Assert.Equal(DnsFault.Malformed, DnsCodec.Decode(message, Messages.Id, question).Fault);
    }

    [Fact]
    public void A_count_of_records_that_are_not_there_is_refused()
    {
        var message = Messages.Response(Question, []);
        message[6] = 0xff;
        message[7] = 0xff;

        Assert.NotEqual(DnsFault.None, DnsCodec.Decode(message, Messages.Id, Question).Fault);
    }

    [Fact]
    public void Random_bytes_are_refused_without_a_fault_of_ours()
    {
        var random = new NatActors.Protocols.Tests.Port.SequenceRandom(7);
        var head = Messages.Response(Question, []);
        for (var i = 0; i < 20_000; i++)
        {
            var tail = new byte[random.NextInt(80)];
            random.Fill(tail);
            byte[] message = [.. head, .. tail];
            message[7] = (byte)(1 + random.NextInt(4));
            message[9] = (byte)random.NextInt(3);

            var decoded = DnsCodec.Decode(message, Messages.Id, Question);

            Assert.NotEqual(decoded.Response is null, decoded.Fault == DnsFault.None);
        }
    }

    [Fact]
    public void Only_a_response_with_the_same_id_is_looked_at()
    {
        var query = DnsCodec.EncodeQuery(Messages.Id, Question, extended: true);

        Assert.True(DnsCodec.MayAnswer(query, Messages.Response(Question, [])));
        Assert.False(DnsCodec.MayAnswer(query, Messages.Response(Question, [], id: 1)));
        Assert.False(DnsCodec.MayAnswer(query, query));
        Assert.False(DnsCodec.MayAnswer(query, [0x12, 0x34, 0x80]));
    }

    private static DnsResponse Decode(byte[] message, DnsQuestion? question = null)
    {
        var decoded = DnsCodec.Decode(message, Messages.Id, question ?? Question);
        Assert.Equal(DnsFault.None, decoded.Fault);
        return decoded.Response!;
    }
}
