using NatActors.Fuzz.Engine;

namespace NatActors.Fuzz.Mutation;

/// <summary>Makes new inputs of old ones, by the shape of the entry.</summary>
public sealed class Mutator(FuzzEntry entry)
{
    private const int MaxChanges = 6;

    private readonly MutationBuffer _buffer = new(entry.MaxLength);

    /// <summary>A changed copy.</summary>
    /// <param name="parent">What is changed.</param>
    /// <param name="donor">What pieces are taken from.</param>
    /// <param name="random">Decides everything.</param>
    public byte[] Mutate(byte[] parent, byte[] donor, FuzzRandom random)
    {
        _buffer.Set(parent);
        for (var changes = 1 + random.Below(random.OneIn(2) ? MaxChanges : 1); changes > 0; changes--)
        {
            Change(random, donor);
        }

        return _buffer.Span.ToArray();
    }

    private void Change(FuzzRandom random, byte[] donor)
    {
        // Now and then the structure itself is broken.
        switch (random.OneIn(12) ? InputShape.Bytes : entry.Shape)
        {
            case InputShape.Text:
                TextMutations.Apply(_buffer, random, donor, entry.Words);
                break;
            case InputShape.Protobuf:
                ProtobufMutations.Apply(_buffer, random, donor, entry.Words);
                break;
            case InputShape.LengthPrefixed:
                FrameMutations.Apply(_buffer, random, donor, entry.Words);
                break;
            case InputShape.Events:
                EventMutations.Apply(_buffer, random, donor, entry.Words);
                break;
            default:
                ByteMutations.Apply(_buffer, random, donor, entry.Words);
                break;
        }
    }
}
