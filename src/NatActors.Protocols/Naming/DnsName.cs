using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace NatActors.Protocols.Naming;

/// <summary>
/// A domain name (RFC 1035 section 3.1), absolute. Compared without regard to the case of ASCII letters (RFC 4343); kept in lower case,
/// without the dot at the end.
/// </summary>
public sealed record DnsName
{
    /// <summary>The longest label, in bytes (RFC 1035 section 2.3.4).</summary>
    public const int MaxLabelLength = 63;

    /// <summary>The longest name on the wire, in bytes, length bytes and root included (RFC 1035 section 2.3.4).</summary>
    public const int MaxWireLength = 255;

    /// <summary>
    /// Pointers followed in one name. A server compresses a name by one; more than labels fit in a name is an attack: a chain of them through the
    /// message, walked for each of its records, would cost a thousand steps a byte.
    /// </summary>
    public const int MaxPointers = MaxWireLength / 2;

    // Label lengths have the two top bits clear; with both set it is a pointer (RFC 1035 section 4.1.4), the rest is unused.
    private const int PointerBits = 0xc0;

    private DnsName(string text) => Text = text;

    /// <summary>The name as text; <c>.</c> for the root.</summary>
    public string Text { get; }

    /// <summary>Reads a name from text; a dot at the end is dropped.</summary>
    /// <param name="text">ASCII; a name in other letters has to be given in its <c>xn--</c> form.</param>
    /// <param name="name">The name.</param>
    /// <param name="error">One line for a person: what is wrong.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out DnsName? name, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        name = null;
        error = null;
        var plain = text.EndsWith('.') ? text[..^1] : text;
        if (plain.Length + 2 > MaxWireLength)
        {
            error = "the name is longer than 253 characters";
        }
        else if (plain.Any(c => c is <= ' ' or >= '\x7f' or '\\'))
        {
            error = $"'{Shown(plain)}' holds letters that are no ASCII; write the name in its xn-- form";
        }
        else if (plain.Split('.').Any(label => label.Length is 0 or > MaxLabelLength))
        {
            error = $"'{plain}' is no domain name: each part between two dots has 1 to {MaxLabelLength} letters";
        }

        if (error is null)
        {
            name = new DnsName(plain.ToLowerInvariant());
        }

        return error is null;
    }

    /// <inheritdoc />
    public override string ToString() => Text;

    internal void Write(List<byte> bytes)
    {
        foreach (var label in Text.Split('.'))
        {
            bytes.Add((byte)label.Length);
            bytes.AddRange(Encoding.ASCII.GetBytes(label));
        }

        bytes.Add(0);
    }

    /// <summary>Reads a name out of a message; null when it breaks the grammar. <paramref name="position"/> goes behind it.</summary>
    internal static DnsName? Read(ReadOnlySpan<byte> message, ref int position)
    {
        var text = new StringBuilder();
        var (at, end, length) = (position, -1, 0);

        // RFC 1035 section 4.1.4: a pointer names a prior occurrence. Each has to lead before where this one began, so there is no loop.
        var begin = position;
        var pointers = 0;
        while (true)
        {
            if (at >= message.Length)
            {
                return null;
            }

            var head = message[at];
            if ((head & PointerBits) == PointerBits)
            {
                if (at + 1 >= message.Length)
                {
                    return null;
                }

                end = end < 0 ? at + 2 : end;
                at = ((head & ~PointerBits) << 8) | message[at + 1];
                if (at >= begin || ++pointers > MaxPointers)
                {
                    return null;
                }

                begin = at;
                continue;
            }

            length += head + 1;
            if ((head & PointerBits) != 0 || at + head >= message.Length || length > MaxWireLength)
            {
                return null;
            }

            if (head == 0)
            {
                position = end < 0 ? at + 1 : end;
                return new DnsName(text.Length == 0 ? "." : text.ToString());
            }

            Append(text, message.Slice(at + 1, head));
            at += head + 1;
        }
    }

    // What is no plain letter is written as \DDD (RFC 1035 section 5.1), so that no two names read alike.
    private static void Append(StringBuilder text, ReadOnlySpan<byte> label)
    {
        if (text.Length > 0)
        {
            text.Append('.');
        }

        foreach (var b in label)
        {
            if (b is <= (byte)' ' or >= 0x7f or (byte)'.' or (byte)'\\')
            {
                text.Append('\\').Append(b.ToString("000", CultureInfo.InvariantCulture));
            }
            else
            {
                text.Append(char.ToLowerInvariant((char)b));
            }
        }
    }

    private static string Shown(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
