using System.Buffers.Binary;

namespace NatActors.Fuzz.Engine;

/// <summary>One event inside an input of a machine. The last one may be cut short.</summary>
public readonly ref struct EventRecord
{
    /// <summary>Kind, time, length.</summary>
    public const int HeaderLength = 3;

    private EventRecord(ReadOnlySpan<byte> whole, ReadOnlySpan<byte> arguments)
    {
        Whole = whole;
        Kind = whole[0];
        Time = whole.Length > 1 ? whole[1] : (byte)0;
        Arguments = arguments;
    }

    /// <summary>All bytes of the event.</summary>
    public ReadOnlySpan<byte> Whole { get; }

    /// <summary>What happens.</summary>
    public byte Kind { get; }

    /// <summary>How much later than the event before, see <see cref="EventClock"/>.</summary>
    public byte Time { get; }

    /// <summary>What it carries.</summary>
    public ReadOnlySpan<byte> Arguments { get; }

    /// <summary>Takes the next event off.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> rest, out EventRecord record)
    {
        record = default;
        if (rest.IsEmpty)
        {
            return false;
        }

        var header = Math.Min(HeaderLength, rest.Length);
        var arguments = header < HeaderLength ? 0 : Math.Min(rest[2], rest.Length - header);
        record = new EventRecord(rest[..(header + arguments)], rest.Slice(header, arguments));
        rest = rest[(header + arguments)..];
        return true;
    }
}

/// <summary>Time in one byte: fine steps and great jumps.</summary>
public static class EventClock
{
    private const int Range = 64;

    private static readonly TimeSpan[] Jumps =
    [
        TimeSpan.FromTicks(1), TimeSpan.FromHours(1), TimeSpan.FromHours(6), TimeSpan.FromDays(1), TimeSpan.FromDays(30),
            TimeSpan.FromDays(3650),
    ];

    /// <summary>
    /// 0 to 63: milliseconds; then tenths of a second, seconds, minutes; the last six are a tick, and an hour to ten years.
    /// </summary>
    public static TimeSpan Passed(byte code) => (code / Range, code % Range) switch
    {
        (0, var count) => TimeSpan.FromMilliseconds(count),
        (1, var count) => TimeSpan.FromMilliseconds(100 * count),
        (2, var count) => TimeSpan.FromSeconds(count),
        (_, var count) when count < Range - Jumps.Length => TimeSpan.FromMinutes(count),
        (_, var count) => Jumps[count - (Range - Jumps.Length)],
    };

    /// <summary>The code of milliseconds, 0 to 63.</summary>
    public static byte Milliseconds(int count) => Code(0, count);

    /// <summary>The code of tenths of a second, 0 to 63.</summary>
    public static byte Tenths(int count) => Code(1, count);

    /// <summary>The code of seconds, 0 to 63.</summary>
    public static byte Seconds(int count) => Code(2, count);

    /// <summary>The code of minutes, 0 to 57.</summary>
    public static byte Minutes(int count) => Code(3, count);

    private static byte Code(int unit, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(unit == 3 ? Range - Jumps.Length - 1 : Range - 1));
        return (byte)((unit * Range) + count);
    }
}

/// <summary>Reads what an event carries. Never fails: behind the end there are zeros.</summary>
public ref struct EventArguments(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>What has not been read.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>The next byte.</summary>
    public byte Byte()
    {
        if (_rest.IsEmpty)
        {
            return 0;
        }

        var value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    /// <summary>A truth value: one byte.</summary>
    public bool Flag() => (Byte() & 1) != 0;

    /// <summary>A number below the bound (at least 1): one byte for bounds up to 256, else four.</summary>
    public int Below(int bound) => (int)((bound <= 256 ? Byte() : UInt32()) % (uint)bound);

    /// <summary>Two bytes, big-endian.</summary>
    public ushort UInt16() => (ushort)((Byte() << 8) | Byte());

    /// <summary>Four bytes, big-endian.</summary>
    public uint UInt32() => ((uint)UInt16() << 16) | UInt16();

    /// <summary>Eight bytes, big-endian.</summary>
    public ulong UInt64() => ((ulong)UInt32() << 32) | UInt32();

    /// <summary>One of them: one byte.</summary>
    public T Pick<T>(IReadOnlyList<T> choices) => choices[Below(choices.Count)];

    /// <summary>A length byte and that many bytes, or what is left of them.</summary>
    public ReadOnlySpan<byte> Bytes()
    {
        var length = Math.Min(Byte(), _rest.Length);
        var bytes = _rest[..length];
        _rest = _rest[length..];
        return bytes;
    }

    /// <summary>All that is left.</summary>
    public ReadOnlySpan<byte> Remaining()
    {
        var bytes = _rest;
        _rest = [];
        return bytes;
    }

    /// <summary>A duration: one byte, see <see cref="EventClock"/>.</summary>
    public TimeSpan Duration() => EventClock.Passed(Byte());
}

/// <summary>Writes the events of a seed.</summary>
public sealed class EventScript
{
    private readonly List<byte> _bytes = [];

    /// <summary>An event at the time of the one before.</summary>
    public EventScript On(int kind, params ReadOnlySpan<byte> arguments) => After(0, kind, arguments);

    /// <summary>An event later than the one before, by a code of <see cref="EventClock"/>; at most 255 bytes of arguments.</summary>
    public EventScript After(byte time, int kind, params ReadOnlySpan<byte> arguments)
    {
        _bytes.Add((byte)kind);
        _bytes.Add(time);
        _bytes.Add(checked((byte)arguments.Length));
        _bytes.AddRange(arguments);
        return this;
    }

    /// <summary>The input.</summary>
    public byte[] ToArray() => [.. _bytes];

    /// <summary>Four bytes, big-endian, as <see cref="EventArguments.UInt32"/> reads them.</summary>
    public static byte[] UInt32(uint value)
    {
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }
}
