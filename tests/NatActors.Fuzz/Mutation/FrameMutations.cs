using NatActors.Fuzz.Engine;

namespace NatActors.Fuzz.Mutation;

/// <summary>Changes of messages with a varint length in front.</summary>
internal static class FrameMutations
{
    private const int Kinds = 10;

    /// <summary>One change.</summary>
    public static void Apply(MutationBuffer buffer, FuzzRandom random, ReadOnlySpan<byte> donor, IReadOnlyList<byte[]> words)
    {
        var frames = Split(buffer.Span, out var rest);
        if (frames.Count == 0)
        {
            ByteMutations.Apply(buffer, random, donor, words);
            return;
        }

        var index = random.Below(frames.Count);
        var frame = frames[index];
        switch (random.Below(Kinds))
        {
            case 0:
                frames.RemoveAt(index);
                break;
            case 1:
                frames.InsertRange(index, Enumerable.Repeat(frame, random.OneIn(16) ? 1 + random.Below(80) : 1));
                break;
            case 2:
                frames.RemoveAt(index);
                frames.Insert(random.Below(frames.Count + 1), frame);
                break;
            case 3:
                frames[index] = (ByteMutations.Number(random), frame.Content);
                break;
            case 4 when Split(donor, out _) is { Count: > 0 } others:
                frames.Insert(index, others[random.Below(others.Count)]);
                break;
            case 5:
                rest = [.. rest, .. ByteMutations.Random(random, 1 + random.Below(20))];
                break;
            case 6:
                var plain = new MutationBuffer(frame.Content.Length + 512);
                plain.Set(frame.Content);
                TextMutations.Apply(plain, random, donor, words);
                frames[index] = Framed(plain.Span.ToArray());
                break;
            case 7 when words.Count > 0:
                frames.Insert(index, Framed(words[random.Below(words.Count)]));
                break;
            default:
                frames[index] = Framed(ProtobufMutations.Mutate(frame.Content, random, donor, words, 0));
                break;
        }

        buffer.Set([.. frames.SelectMany(one => one.Length.Concat(one.Content)), .. rest]);
    }

    private static (byte[] Length, byte[] Content) Framed(byte[] content) => (Lengths.Number((ulong)content.Length), content);

    private static List<(byte[] Length, byte[] Content)> Split(ReadOnlySpan<byte> bytes, out byte[] rest)
    {
        var frames = new List<(byte[] Length, byte[] Content)>();
        var left = bytes;
        while (!left.IsEmpty)
        {
            var from = left;
            if (!Lengths.TryTakeNumber(ref from, out var count, out var length) || count > (ulong)from.Length)
            {
                break;
            }

            frames.Add((length, from[..(int)count].ToArray()));
            left = from[(int)count..];
        }

        rest = left.ToArray();
        return frames;
    }
}
