using NatActors.Fuzz.Engine;

namespace NatActors.Fuzz.Mutation;

/// <summary>Changes of a list of events.</summary>
internal static class EventMutations
{
    private const int Kinds = 12;
    private const int MaxArguments = 48;
    private const int MaxRepeats = 100;

    /// <summary>One change.</summary>
    public static void Apply(MutationBuffer buffer, FuzzRandom random, ReadOnlySpan<byte> donor, IReadOnlyList<byte[]> words)
    {
        var events = Split(buffer.Span);
        if (events.Count == 0)
        {
            buffer.Set(Made(random, words));
            return;
        }

        var index = random.Below(events.Count);
        var one = events[index];
        switch (random.Below(Kinds))
        {
            case 0:
                events.RemoveRange(index, 1 + random.Below(random.OneIn(4) ? events.Count - index : 1));
                break;
            case 1:
                events.InsertRange(index, Enumerable.Repeat(one, random.OneIn(8) ? 1 + random.Below(MaxRepeats) : 1));
                break;
            case 2:
                events.RemoveAt(index);
                events.Insert(random.Below(events.Count + 1), one);
                break;
            case 3 or 4:
                events.Insert(index, Made(random, words));
                break;
            case 5:
                events[index] = With(one, 0, (byte)random.Next());
                break;
            case 6:
                events[index] = With(one, 1, random.OneIn(2) ? (byte)random.Next() : (byte)random.Below(4));
                break;
            case 7 when Split(donor) is { Count: > 0 } others:
                var from = random.Below(others.Count);
                events.InsertRange(index, others.Skip(from).Take(1 + random.Below(8)));
                break;
            case 8:
                events.Add(Made(random, words));
                break;
            case 9:
                var piece = events.GetRange(index, 1 + random.Below(Math.Min(8, events.Count - index)));
                events.InsertRange(index, piece);
                break;
            default:
                events[index] = ChangeArguments(one, random, donor, words);
                break;
        }

        buffer.Set([.. events.SelectMany(bytes => bytes)]);
    }

    private static List<byte[]> Split(ReadOnlySpan<byte> bytes)
    {
        var events = new List<byte[]>();
        for (var rest = bytes; EventRecord.TryTake(ref rest, out var record);)
        {
            events.Add(record.Whole.ToArray());
        }

        return events;
    }

    private static byte[] Made(FuzzRandom random, IReadOnlyList<byte[]> words)
    {
        var arguments = words.Count > 0 && random.OneIn(4)
            ? words[random.Below(words.Count)]
            : ByteMutations.Random(random, random.Below(random.OneIn(4) ? MaxArguments : 8));
        return Event((byte)random.Next(), random.OneIn(3) ? (byte)random.Next() : (byte)random.Below(8), arguments);
    }

    private static byte[] ChangeArguments(byte[] one, FuzzRandom random, ReadOnlySpan<byte> donor, IReadOnlyList<byte[]> words)
    {
        var buffer = new MutationBuffer(byte.MaxValue);
        buffer.Set(one.Length > EventRecord.HeaderLength ? one.AsSpan(EventRecord.HeaderLength) : []);
        ByteMutations.Apply(buffer, random, donor, words);
        return Event(one[0], one.Length > 1 ? one[1] : (byte)0, buffer.Span);
    }

    private static byte[] Event(byte kind, byte time, ReadOnlySpan<byte> arguments)
    {
        var count = Math.Min(arguments.Length, byte.MaxValue);
        return [kind, time, (byte)count, .. arguments[..count]];
    }

    private static byte[] With(byte[] one, int at, byte value)
    {
        var changed = (byte[])one.Clone();
        if (at < changed.Length)
        {
            changed[at] = value;
        }

        return changed;
    }
}
