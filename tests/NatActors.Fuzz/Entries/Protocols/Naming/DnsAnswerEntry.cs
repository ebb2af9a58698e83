using NatActors.Fuzz.Engine;
using NatActors.Protocols.Naming;

namespace NatActors.Fuzz.Entries.Protocols.Naming;

/// <summary>Answers of name servers: compressed names, aliases, texts, negative answers. The first byte chooses the question.</summary>
public sealed class DnsAnswerEntry : FuzzEntry
{
    private const ushort Id = 0x1234;

    private static readonly DnsQuestion[] Questions =
        [.. new[] { DnsType.A, DnsType.Aaaa, DnsType.Txt }.Select(type => new DnsQuestion(NameOf("example.org"), type))];

    /// <inheritdoc />
    public override string Name => "protocols.naming.answer";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.Bytes;

    // A record of 12 bytes may name an owner of 255 by a pointer, each of its letters as four of a text.
    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 1024, AllocatedConstant: 16 * 1024, StepsPerByte: 512, StepsConstant: 16 * 1024);

    /// <inheritdoc />
    public override int Cost => 5;

    /// <inheritdoc />
    public override int MaxLength => 4096;

    /// <inheritdoc />
    public override IReadOnlyList<byte[]> Words { get; } = [[0xc0, 12], [0xc0, 0x1d], [0, 1, 0, 1], [0, 5, 0, 1], [0, 16, 0, 1],
        [0, 28, 0, 1], [0, 6, 0, 1], [0, 0, 0, 60, 0, 4]];

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds()
    {
        byte[] owner = [0xc0, 12];
        yield return [0, .. Answer(0, 2, 0,
            [.. owner, 0, 1, 0, 1, 0, 0, 1, 0, 0, 4, 11, 0, 0, 1, .. owner, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 11, 0, 0, 2])];
        yield return [1, .. Answer(1, 1, 0, [.. owner, 0, 28, 0, 1, 0, 0, 1, 0, 0, 16, .. new byte[16]])];
        yield return [2, .. Answer(2, 1, 0, [.. owner, 0, 16, 0, 1, 0, 0, 1, 0, 0, 8, 3, .. "abc"u8, 3, .. "def"u8])];
        yield return [0, .. Answer(0, 2, 0,
            [.. owner, 0, 5, 0, 1, 0, 0, 1, 0, 0, 4, 1, (byte)'x', 0xc0, 12, 1, (byte)'x', 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 11, 0,
                0, 2])];
        yield return [0, .. Answer(0, 0, 1, [.. owner, 0, 6, 0, 1, 0, 0, 1, 0, 0, 24, 0xc0, 12, 0xc0, 12, .. new byte[20]])];
    }

    /// <inheritdoc />
    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return FuzzOutcome.Refused(DnsFault.Truncated);
        }

        var question = Questions[input[0] % Questions.Length];
        var decoded = DnsCodec.Decode(input[1..], Id, question);
        Require.That(decoded.Response is null == (decoded.Fault != DnsFault.None), "a response and a fault at once, or neither");
        DnsCodec.MayAnswer(DnsCodec.EncodeQuery(Id, question, extended: true), input[1..]);
        if (decoded.Response is not { } response)
        {
            return FuzzOutcome.Refused(decoded.Fault);
        }

        Require.That(response.Addresses.Count + response.Texts.Count <= DnsCodec.MaxValues, "more values are kept than allowed");
        Require.That(response.Addresses.Count == 0 || question.Type != DnsType.Txt, "an address answers a question for text");
        Require.That(response.Texts.Sum(text => text.Length) <= input.Length, "a text is longer than its message");
        Require.That(response.TimeToLive is not { Ticks: < 0 }, "a time to live is negative");
        var digest = default(FuzzDigest);
        digest.Add((int)response.Code);
        digest.Add(response.Addresses.Count);
        foreach (var text in response.Texts)
        {
            digest.Add(text);
        }

        return FuzzOutcome.Taken(digest);
    }

    private static byte[] Answer(int question, int answers, int authorities, byte[] records)
    {
        var query = DnsCodec.EncodeQuery(Id, Questions[question], extended: false);
        (query[2], query[3], query[7], query[9]) = (0x81, 0x80, (byte)answers, (byte)authorities);
        return [.. query, .. records];
    }

    private static DnsName NameOf(string text) =>
        DnsName.TryParse(text, out var name, out var error) ? name : throw new FormatException(error);
}
