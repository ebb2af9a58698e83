using System.Net;
using System.Text;
using NatActors.Protocols.Naming;

namespace NatActors.Protocols.Tests.Naming;

/// <summary>Name server messages written by hand, byte for byte as RFC 1035 section 4 draws them.</summary>
internal static class Messages
{
    public const ushort Id = 0x1234;

    public static DnsQuestion Question(string name = "example.org", DnsType type = DnsType.A) => new(Name(name), type);

    public static DnsName Name(string text) =>
        DnsName.TryParse(text, out var name, out var error) ? name : throw new ArgumentException(error, nameof(text));

    /// <summary>A response with one question and the given records, already encoded.</summary>
    public static byte[] Response(
        DnsQuestion question, byte[][] answers, byte[][]? authorities = null, int flags = 0x8180, ushort id = Id)
    {
        byte[][] zone = authorities ?? [];
        return
        [
            .. UInt16(id), .. UInt16(flags), .. UInt16(1), .. UInt16(answers.Length), .. UInt16(zone.Length), .. UInt16(0),
            .. Encode(question.Name.Text), .. UInt16((int)question.Type), .. UInt16(1),
            .. answers.SelectMany(a => a), .. zone.SelectMany(a => a),
        ];
    }

    public static byte[] Record(byte[] owner, int type, uint timeToLive, byte[] data, int kind = 1) =>
        [.. owner, .. UInt16(type), .. UInt16(kind), .. UInt16((int)(timeToLive >> 16)), .. UInt16((int)timeToLive), .. UInt16(data.Length), .. data];

    public static byte[] A(string owner, string address, uint timeToLive = 300) =>
        Record(Encode(owner), (int)DnsType.A, timeToLive, IPAddress.Parse(address).GetAddressBytes());

    public static byte[] Aaaa(string owner, string address, uint timeToLive = 300) =>
        Record(Encode(owner), (int)DnsType.Aaaa, timeToLive, IPAddress.Parse(address).GetAddressBytes());

    public static byte[] Cname(string owner, string target, uint timeToLive = 300) =>
        Record(Encode(owner), 5, timeToLive, Encode(target));

    public static byte[] Txt(string owner, params string[] strings) =>
        Record(Encode(owner), (int)DnsType.Txt, 300, [.. strings.SelectMany(s => (byte[])[(byte)s.Length, .. Encoding.Latin1.GetBytes(s)])]);

    public static byte[] Soa(string owner, uint timeToLive, uint minimum) => Record(
        Encode(owner), 6, timeToLive,
        [.. Encode("ns.example"), .. Encode("admin.example"), .. new byte[16], .. UInt16((int)(minimum >> 16)), .. UInt16((int)minimum)]);

    public static byte[] Encode(string name) =>
        [.. name.Split('.').SelectMany(l => (byte[])[(byte)l.Length, .. Encoding.ASCII.GetBytes(l)]), 0];

    public static byte[] UInt16(int value) => [(byte)(value >> 8), (byte)value];

    public static DnsOutcome Found(params string[] addresses) => DnsOutcome.Known([.. addresses.Select(IPAddress.Parse)]);

    public static DnsOutcome Texts(params string[] texts) => new(DnsOutcomeKind.Found, [], texts, null, string.Empty);
}
