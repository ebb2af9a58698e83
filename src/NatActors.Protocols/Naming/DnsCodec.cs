using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace NatActors.Protocols.Naming;

/// <summary>Questions to name servers, and their answers (RFC 1035 section 4; RFC 6891 for larger answers over UDP).</summary>
public static class DnsCodec
{
    /// <summary>
    /// The largest answer asked for over UDP, in bytes: what passes every path unfragmented (DNS flag day 2020).
    /// </summary>
    public const int MaxUdpSize = 1232;

    /// <summary>The largest message, in bytes: a length over TCP has 16 bits (RFC 1035 section 4.2.2).</summary>
    public const int MaxMessageSize = ushort.MaxValue;

    /// <summary>Aliases followed. Ours; RFC 1034 section 5.2.2 wants loops and long chains to be an error.</summary>
    public const int MaxAliases = 8;

    /// <summary>Values taken from one answer; more are left out. Ours: a peer may own the zone.</summary>
    public const int MaxValues = 128;

    private const int HeaderLength = 12;
    private const int RecordFixedLength = 10;
    private const int ClassIn = 1;
    private const int TypeCname = 5;
    private const int TypeSoa = 6;
    private const int TypeOpt = 41;
    private const int SoaNumbersLength = 20;

    // Header flags, RFC 1035 section 4.1.1.
    private const int Response = 0x8000;
    private const int OpcodeMask = 0x7800;
    private const int TruncatedFlag = 0x0200;
    private const int RecursionDesired = 0x0100;
    private const int CodeMask = 0x000f;

    /// <summary>The bytes of a question.</summary>
    /// <param name="id">A random number.</param>
    /// <param name="question">The question.</param>
    /// <param name="extended">True to allow answers of <see cref="MaxUdpSize"/> bytes; some old servers refuse that.</param>
    public static byte[] EncodeQuery(ushort id, DnsQuestion question, bool extended)
    {
        ArgumentNullException.ThrowIfNull(question);
        var bytes = new List<byte>(HeaderLength + DnsName.MaxWireLength);
        AddUInt16(bytes, id);
        AddUInt16(bytes, RecursionDesired);
        AddUInt16(bytes, 1);
        AddUInt16(bytes, 0);
        AddUInt16(bytes, 0);
        AddUInt16(bytes, extended ? 1 : 0);
        question.Name.Write(bytes);
        AddUInt16(bytes, (int)question.Type);
        AddUInt16(bytes, ClassIn);
        if (extended)
        {
            // RFC 6891 section 6.1.2: the root, OPT, the size, no extended code, version 0, no flags, no options.
            bytes.Add(0);
            AddUInt16(bytes, TypeOpt);
            AddUInt16(bytes, MaxUdpSize);
            AddUInt16(bytes, 0);
            AddUInt16(bytes, 0);
            AddUInt16(bytes, 0);
        }

        return [.. bytes];
    }

    /// <summary>True when a message may be the answer: the response to a question with that id. Anything else is not even looked at.</summary>
    public static bool MayAnswer(ReadOnlySpan<byte> query, ReadOnlySpan<byte> message) =>
        message.Length >= HeaderLength
        && query.Length >= HeaderLength
        && message[..2].SequenceEqual(query[..2])
        && (BinaryPrimitives.ReadUInt16BigEndian(message[2..]) & Response) != 0;

    /// <summary>Reads the answer to a question.</summary>
    public static DnsDecoded Decode(ReadOnlySpan<byte> message, ushort id, DnsQuestion question)
    {
        ArgumentNullException.ThrowIfNull(question);
        if (message.Length < HeaderLength)
        {
            return new(null, DnsFault.Truncated);
        }

        var flags = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        if ((flags & (Response | OpcodeMask)) != Response)
        {
            return new(null, DnsFault.NotAResponse);
        }

        if (BinaryPrimitives.ReadUInt16BigEndian(message) != id)
        {
            return new(null, DnsFault.OtherId);
        }

        var code = (DnsCode)(flags & CodeMask);
        var truncated = (flags & TruncatedFlag) != 0;
        var questions = BinaryPrimitives.ReadUInt16BigEndian(message[4..]);
        if (questions == 0 && code != DnsCode.NoError)
        {
            // A server that cannot read the question need not repeat it.
            return new(new DnsResponse(code, truncated, [], [], null), DnsFault.None);
        }

        var position = HeaderLength;
        if (questions != 1 || !IsQuestion(message, ref position, question))
        {
            return new(null, DnsFault.OtherQuestion);
        }

        var reader = new AnswerReader(question);
        if (ReadSections(message, position, reader) is var fault && fault != DnsFault.None && !truncated)
        {
            return new(null, fault);
        }

        return reader.ToResponse(code, truncated);
    }

    private static DnsFault ReadSections(ReadOnlySpan<byte> message, int position, AnswerReader reader)
    {
        var answers = BinaryPrimitives.ReadUInt16BigEndian(message[6..]);
        var authorities = BinaryPrimitives.ReadUInt16BigEndian(message[8..]);
        for (var i = 0; i < answers + authorities; i++)
        {
            // RFC 1035 section 4.1.3: a name, then type, class, TTL, length and data.
            if (DnsName.Read(message, ref position) is not { } owner)
            {
                return DnsFault.Malformed;
            }

            if (position + RecordFixedLength > message.Length)
            {
                return DnsFault.Truncated;
            }

            var head = message.Slice(position, RecordFixedLength);
            var record = new RecordHead(
                owner,
                BinaryPrimitives.ReadUInt16BigEndian(head),
                BinaryPrimitives.ReadUInt16BigEndian(head[2..]),
                BinaryPrimitives.ReadUInt32BigEndian(head[4..]),
                position + RecordFixedLength,
                BinaryPrimitives.ReadUInt16BigEndian(head[8..]));
            position = record.Data + record.Length;
            if (position > message.Length)
            {
                return DnsFault.Truncated;
            }

            if (record.Class == ClassIn && !(i < answers ? reader.TryAnswer(message, record) : reader.TryAuthority(message, record)))
            {
                return DnsFault.Malformed;
            }
        }

        return DnsFault.None;
    }

    private static bool IsQuestion(ReadOnlySpan<byte> message, ref int position, DnsQuestion question)
    {
        if (DnsName.Read(message, ref position) is not { } name || position + 4 > message.Length)
        {
            return false;
        }

        var type = BinaryPrimitives.ReadUInt16BigEndian(message[position..]);
        var kind = BinaryPrimitives.ReadUInt16BigEndian(message[(position + 2)..]);
        position += 4;
        return name == question.Name && type == (int)question.Type && kind == ClassIn;
    }

    private static void AddUInt16(List<byte> bytes, int value)
    {
        bytes.Add((byte)(value >> 8));
        bytes.Add((byte)value);
    }

    private readonly record struct RecordHead(DnsName Owner, int Type, int Class, uint TimeToLive, int Data, int Length);

    /// <summary>Collects the records of a response: aliases, values of the asked type, the zone's negative time to live.</summary>
    private sealed class AnswerReader(DnsQuestion question)
    {
        private readonly Dictionary<DnsName, (DnsName Target, TimeSpan TimeToLive)> _aliases = [];
        private readonly List<(DnsName Owner, object Value, TimeSpan TimeToLive)> _values = [];
        private TimeSpan? _negative;

        public bool TryAnswer(ReadOnlySpan<byte> message, RecordHead record)
        {
            var data = message.Slice(record.Data, record.Length);
            if (record.Type == TypeCname)
            {
                var position = record.Data;
                if (DnsName.Read(message, ref position) is not { } target || position != record.Data + record.Length)
                {
                    return false;
                }

                // More aliases than may be followed are not kept either; what is missing then is told below.
                if (_aliases.Count <= MaxAliases)
                {
                    _aliases.TryAdd(record.Owner, (target, Seconds(record.TimeToLive)));
                }

                return true;
            }

            if (record.Type != (int)question.Type)
            {
                return true;
            }

            object? value = question.Type switch
            {
                DnsType.A => data.Length == 4 ? new IPAddress(data) : null,
                DnsType.Aaaa => data.Length == 16 ? new IPAddress(data) : null,
                _ => TextOf(data),
            };
            if (value is not null && _values.Count < MaxValues)
            {
                _values.Add((record.Owner, value, Seconds(record.TimeToLive)));
            }

            return value is not null;
        }

        public bool TryAuthority(ReadOnlySpan<byte> message, RecordHead record)
        {
            if (record.Type != TypeSoa)
            {
                return true;
            }

            var position = record.Data;
            if (DnsName.Read(message, ref position) is null
                || DnsName.Read(message, ref position) is null
                || position + SoaNumbersLength != record.Data + record.Length)
            {
                return false;
            }

            // RFC 2308 section 5: the lesser of the record's own time and its last field, MINIMUM.
            var minimum = BinaryPrimitives.ReadUInt32BigEndian(message[(position + 16)..]);
            _negative ??= Seconds(Math.Min(minimum, record.TimeToLive));
            return true;
        }

        public DnsDecoded ToResponse(DnsCode code, bool truncated)
        {
            var name = question.Name;
            TimeSpan? timeToLive = null;
            for (var hops = 0; _aliases.TryGetValue(name, out var alias); hops++)
            {
                if (hops == MaxAliases)
                {
                    return new(null, DnsFault.TooManyAliases);
                }

                name = alias.Target;
                timeToLive = Lesser(timeToLive, alias.TimeToLive);
            }

            var values = _values.FindAll(v => v.Owner == name);
            timeToLive = values.Aggregate(timeToLive, (least, value) => Lesser(least, value.TimeToLive));
            return new(
                new DnsResponse(
                    code,
                    truncated,
                    [.. values.Select(v => v.Value).OfType<IPAddress>()],
                    [.. values.Select(v => v.Value).OfType<string>()],
                    values.Count == 0 ? _negative : timeToLive),
                DnsFault.None);
        }

        private static TimeSpan Lesser(TimeSpan? a, TimeSpan b) => a < b ? a.Value : b;

        // RFC 2181 section 8: a time to live with the top bit set is zero.
        private static TimeSpan Seconds(uint timeToLive) => TimeSpan.FromSeconds(timeToLive > int.MaxValue ? 0 : (int)timeToLive);

        // RFC 1035 section 3.3.14: strings, each behind a byte that says its length. Together they are one text.
        private static string? TextOf(ReadOnlySpan<byte> data)
        {
            var text = new StringBuilder();
            while (data.Length > 0)
            {
                var length = data[0];
                if (length >= data.Length)
                {
                    return null;
                }

                text.Append(Encoding.Latin1.GetString(data.Slice(1, length)));
                data = data[(length + 1)..];
            }

            return text.ToString();
        }
    }
}
