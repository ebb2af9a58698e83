using NatActors.Fuzz.Engine;

namespace NatActors.Fuzz.Mutation;

/// <summary>Changes of a protobuf message, by its fields; lengths around a change are mended, most of the time.</summary>
internal static class ProtobufMutations
{
    private const int Kinds = 12;
    private const int MaxDepth = 6;
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Delimited = 2;
    private const int Fixed32 = 5;

    /// <summary>One change of the whole buffer.</summary>
    public static void Apply(MutationBuffer buffer, FuzzRandom random, ReadOnlySpan<byte> donor, IReadOnlyList<byte[]> words) =>
        buffer.Set(Mutate(buffer.Span, random, donor, words, 0));

    /// <summary>The same for a message that stands in something else.</summary>
    public static byte[] Mutate(ReadOnlySpan<byte> message, FuzzRandom random, ReadOnlySpan<byte> donor, IReadOnlyList<byte[]> words,
        int depth)
    {
        var fields = Split(message, out _);
        if (fields.Count == 0 || random.OneIn(24))
        {
            return Plain(message, random, donor, words);
        }

        var index = random.Below(fields.Count);
        var field = fields[index];
        switch (random.Below(Kinds))
        {
            case 0:
                fields.RemoveAt(index);
                break;
            case 1:
                fields.InsertRange(index, Enumerable.Repeat(field, random.OneIn(16) ? 1 + random.Below(64) : 1));
                break;
            case 2:
                fields.RemoveAt(index);
                fields.Insert(random.Below(fields.Count + 1), field);
                break;
            case 3:
                fields[index] = field with { Tag = ByteMutations.Number(random) };
                break;
            case 4:
                fields.Insert(index, Unknown(random));
                break;
            case 5 when Split(donor, out _) is { Count: > 0 } others:
                fields.Insert(index, others[random.Below(others.Count)]);
                break;
            case 6 when field.Length is not null:
                fields[index] = field with { Length = ByteMutations.Number(random) };
                break;
            case 7 when field.Length is not null && depth < MaxDepth:
                fields[index] = field.With([.. field.Tag, .. field.Length, .. field.Content]);
                break;
            default:
                fields[index] = Change(field, random, donor, words, depth);
                break;
        }

        return Join(fields);
    }

    private static Field Change(Field field, FuzzRandom random, ReadOnlySpan<byte> donor, IReadOnlyList<byte[]> words, int depth)
    {
        if (field.Length is null)
        {
            return field.Wire == Varint && !random.OneIn(8)
                ? field with { Content = ByteMutations.Number(random) }
                : field with { Content = Plain(field.Content, random, donor, words) };
        }

        if (random.OneIn(8))
        {
            return field.With(field.Content[..random.Below(field.Content.Length + 1)]);
        }

        var inside = depth < MaxDepth && Split(field.Content, out var whole).Count > 0 && whole && !random.OneIn(3);
        return field.With(inside ? Mutate(field.Content, random, donor, words, depth + 1) : Plain(field.Content, random, donor, words));
    }

    private static byte[] Plain(ReadOnlySpan<byte> bytes, FuzzRandom random, ReadOnlySpan<byte> donor, IReadOnlyList<byte[]> words)
    {
        var buffer = new MutationBuffer(bytes.Length + 512);
        buffer.Set(bytes);
        if (random.OneIn(4))
        {
            TextMutations.Apply(buffer, random, donor, words);
        }
        else
        {
            ByteMutations.Apply(buffer, random, donor, words);
        }

        return buffer.Span.ToArray();
    }

    private static Field Unknown(FuzzRandom random)
    {
        var wire = random.Below(8);
        byte[] tag = [(byte)((random.Below(16) << 3) | wire)];
        return wire switch
        {
            Varint => new Field(tag, wire, null, ByteMutations.Number(random)),
            Delimited => new Field(tag, wire, [], []).With(ByteMutations.Random(random, random.Below(40))),
            _ => new Field(tag, wire, null, ByteMutations.Random(random, wire == Fixed32 ? 4 : 8)),
        };
    }

    /// <summary>The fields up to the first place that is none; the rest is one field without a tag.</summary>
    private static List<Field> Split(ReadOnlySpan<byte> message, out bool whole)
    {
        var fields = new List<Field>();
        var rest = message;
        while (!rest.IsEmpty && TryTake(ref rest, out var field))
        {
            fields.Add(field);
        }

        whole = rest.IsEmpty;
        if (!whole && fields.Count > 0)
        {
            fields.Add(new Field([], Fixed64, null, rest.ToArray()));
        }

        return fields;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> rest, out Field field)
    {
        field = null!;
        var from = rest;
        if (!Lengths.TryTakeNumber(ref from, out var tag, out var tagBytes) || tag >> 3 == 0)
        {
            return false;
        }

        var wire = (int)(tag & 7);
        byte[]? length = null;
        ulong count;
        switch (wire)
        {
            case Varint:
                if (!Lengths.TryTakeNumber(ref from, out _, out var number))
                {
                    return false;
                }

                field = new Field(tagBytes, wire, null, number);
                rest = from;
                return true;
            case Fixed64 or Fixed32:
                count = wire == Fixed64 ? 8UL : 4UL;
                break;
            case Delimited:
                if (!Lengths.TryTakeNumber(ref from, out count, out length))
                {
                    return false;
                }

                break;
            default:
                return false;
        }

        if (count > (ulong)from.Length)
        {
            return false;
        }

        field = new Field(tagBytes, wire, length, from[..(int)count].ToArray());
        rest = from[(int)count..];
        return true;
    }

    private static byte[] Join(List<Field> fields)
    {
        var bytes = new List<byte>();
        foreach (var field in fields)
        {
            bytes.AddRange(field.Tag);
            bytes.AddRange(field.Length ?? []);
            bytes.AddRange(field.Content);
        }

        return [.. bytes];
    }

    private sealed record Field(byte[] Tag, int Wire, byte[]? Length, byte[] Content)
    {
        /// <summary>Other content, with its right length in front.</summary>
        public Field With(byte[] content) => this with { Length = Lengths.Number((ulong)content.Length), Content = content };
    }
}
