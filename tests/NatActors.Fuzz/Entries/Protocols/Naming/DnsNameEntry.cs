using System.Net;
using System.Text;
using NatActors.Fuzz.Engine;
using NatActors.Protocols.Naming;

namespace NatActors.Fuzz.Entries.Protocols.Naming;

/// <summary>Names in text, and what this machine knows of them without asking.</summary>
public sealed class DnsNameEntry : FuzzEntry
{
    private static readonly Dictionary<string,
        IReadOnlyList<IPAddress>> Hosts = new(StringComparer.Ordinal) { ["printer"] = [Samples.Hosts[5], Samples.Hosts[19]] };

    /// <inheritdoc />
    public override string Name => "protocols.naming.name";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.Text;

    /// <inheritdoc />
    public override FuzzBounds Bounds => new(AllocatedPerByte: 256, AllocatedConstant: 8 * 1024, StepsPerByte: 128, StepsConstant: 4096);

    /// <inheritdoc />
    public override int MaxLength => 600;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
        [.. new[] { "example.org", "a.b.", "_dnsaddr.bootstrap.libp2p.io", "localhost", "x.localhost", "printer", "11.0.0.1", "::1",
            "xn--bcher-kva.example" }.Select(Encoding.UTF8.GetBytes)];

    /// <inheritdoc />
    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var text = Encoding.UTF8.GetString(input);
        var good = DnsName.TryParse(text, out var name, out var error);
        Require.That(good == (error is null) && good == (name is not null), "a name and an error at once, or neither");
        var digest = default(FuzzDigest);
        digest.Add(error);
        if (name is null)
        {
            Require.That(Samples.IsPrintable(error!), "an error has control characters");
            return new FuzzOutcome(false, digest.Value);
        }

        Require.That(DnsName.TryParse(name.Text, out var again, out _) && again == name, "a name is read otherwise than it was written");
        foreach (var type in (DnsType[])[DnsType.A, DnsType.Aaaa, DnsType.Txt])
        {
            var question = new DnsQuestion(name, type);
            var query = DnsCodec.EncodeQuery(7, question, extended: true);
            Require.That(query.Length <= 12 + DnsName.MaxWireLength + 4 + 11, "a question is too long");

            // The question itself, sent back as an answer with no records, is one to it.
            query[2] |= 0x80;
            var decoded = DnsCodec.Decode(query, 7, question);
            Require.That(decoded.Response is { Addresses.Count: 0 }, "a name is written otherwise than it is read");
            var known = LocalNames.Find(question, Hosts);
            Require.That(known is null || type != DnsType.Txt, "text is known without asking");
            Require.That(
                known is null || known.Addresses.All(a => a.GetAddressBytes().Length == (type == DnsType.A ? 4 : 16)),
                "an address of another family");
            digest.Add(known?.Addresses.Count ?? -1);
        }

        return FuzzOutcome.Taken(digest);
    }
}
