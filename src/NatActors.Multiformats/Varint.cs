namespace NatActors.Multiformats;

/// <summary>
/// Unsigned LEB128 numbers as multiformats restricts them (multiformats/unsigned-varint): at most nine bytes (63 bits), minimal form only.
/// </summary>
public static class Varint
{
    /// <summary>The longest encoding, in bytes (unsigned-varint, "Practical maximum of 9 bytes").</summary>
    public const int MaxLength = 9;

    /// <summary>The largest number that can be written: 2^63 - 1.</summary>
    public const ulong MaxValue = long.MaxValue;

    private const int BitsPerByte = 7;
    private const byte ContinuationBit = 0x80;
    private const byte ValueBits = 0x7f;

    /// <summary>Reads one number from the start of a buffer, however little of it has arrived.</summary>
    /// <param name="source">The bytes; what follows the number is not looked at.</param>
    /// <param name="value">The number; 0 unless done.</param>
    /// <param name="bytesRead">How many bytes it took; 0 unless done.</param>
    /// <param name="failure">Why it is invalid: <see cref="DecodeFailure.NonMinimal"/> or <see cref="DecodeFailure.Overflow"/>.</param>
    public static DecodeStatus TryRead(ReadOnlySpan<byte> source, out ulong value, out int bytesRead, out DecodeFailure failure)
    {
        ulong read = 0;
        value = 0;
        bytesRead = 0;
        failure = DecodeFailure.None;
        for (var i = 0; i < source.Length; i++)
        {
            var current = source[i];
            read |= (ulong)(current & ValueBits) << (BitsPerByte * i);
            if ((current & ContinuationBit) == 0)
            {
                // unsigned-varint: a last byte of zero adds nothing, so the number had a shorter form.
                if (current == 0 && i > 0)
                {
                    failure = DecodeFailure.NonMinimal;
                    return DecodeStatus.Invalid;
                }

                value = read;
                bytesRead = i + 1;
                return DecodeStatus.Done;
            }

            if (i == MaxLength - 1)
            {
                failure = DecodeFailure.Overflow;
                return DecodeStatus.Invalid;
            }
        }

        return DecodeStatus.NeedMoreData;
    }

    /// <summary>Writes a number in its shortest form and returns how many bytes that took.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is over <see cref="MaxValue"/>.</exception>
    /// <exception cref="ArgumentException">The destination is shorter than <see cref="Length"/> says.</exception>
    public static int Write(Span<byte> destination, ulong value)
    {
        var length = Length(value);
        if (destination.Length < length)
        {
            throw new ArgumentException($"The number {value} takes {length} bytes; the destination has {destination.Length}.", nameof(destination));
        }

        for (var i = 0; i < length - 1; i++)
        {
            destination[i] = (byte)(value | ContinuationBit);
            value >>= BitsPerByte;
        }

        destination[length - 1] = (byte)value;
        return length;
    }

    /// <summary>How many bytes the number takes: 1 to <see cref="MaxLength"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is over <see cref="MaxValue"/>.</exception>
    public static int Length(ulong value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxValue);
        var length = 1;
        while ((value >>= BitsPerByte) != 0)
        {
            length++;
        }

        return length;
    }
}
