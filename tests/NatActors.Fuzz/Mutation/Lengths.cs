namespace NatActors.Fuzz.Mutation;

/// <summary>Varints as the mutations read and write them: any, also those that decoders refuse.</summary>
internal static class Lengths
{
    private const int MaxLength = 10;

    public static bool TryTakeNumber(ref ReadOnlySpan<byte> rest, out ulong value, out byte[] bytes)
    {
        value = 0;
        for (var i = 0; i < rest.Length && i < MaxLength; i++)
        {
            value |= (ulong)(rest[i] & 0x7f) << (7 * i);
            if (rest[i] < 0x80)
            {
                bytes = rest[..(i + 1)].ToArray();
                rest = rest[(i + 1)..];
                return true;
            }
        }

        bytes = [];
        return false;
    }

    public static byte[] Number(ulong value)
    {
        var bytes = new List<byte>(2);
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        bytes.Add((byte)value);
        return [.. bytes];
    }
}
