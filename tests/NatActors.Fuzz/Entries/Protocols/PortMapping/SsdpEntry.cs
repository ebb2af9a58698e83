using System.Text;
using NatActors.Fuzz.Engine;
using NatActors.Protocols.PortMapping;

namespace NatActors.Fuzz.Entries.Protocols.PortMapping;

/// <summary>Answers and notices of UPnP devices, and the place that they name: only plain HTTP to the device itself is ever
/// asked.</summary>
public sealed class SsdpEntry : FuzzEntry
{
    private static readonly GatewayLink Link = new(Samples.Hosts[5], Samples.Hosts[6]);

    /// <inheritdoc />
    public override string Name => "protocols.portmapping.ssdp";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.Text;

    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 64, AllocatedConstant: 32 * 1024, StepsPerByte: 64, StepsConstant: 16 * 1024);

    /// <inheritdoc />
    public override int Cost => 5;

    /// <inheritdoc />
    public override IReadOnlyList<byte[]> Words { get; } =
        [.. new[] { "LOCATION: http://192.168.1.1:5000/d.xml\r\n", "http://[fe80::1%252]/", "http://192.168.1.1@evil/", "%0d%0a",
            "ssdp:byebye", "http://0xC0A80101/", "?a=\u0085b#c" }.Select(Encoding.UTF8.GetBytes)];

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        .. new[]
        {
            "HTTP/1.1 200 OK\r\nLOCATION: http://192.168.1.1:5000/rootDesc.xml\r\nST: upnp:rootdevice\r\nSERVER: Linux UPnP/1.1 MiniUPnPd/2.3\r\n\r\n",
            "HTTP/1.1 200 OK\r\nlocation: http://192.168.1.9/a%20b/c?d=e\r\n\r\n",
            "NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\nLOCATION: http://192.168.1.1:5000/d.xml\r\n\r\n",
            "NOTIFY * HTTP/1.1\r\nNTS: ssdp:byebye\r\n\r\n",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    /// <inheritdoc />
    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var (answer, notice) = (SsdpCodec.Parse(input), SsdpCodec.ParseNotice(input));
        var digest = default(FuzzDigest);
        digest.Add(notice?.IsGoing ?? false);
        Require.That(answer is null || notice is null, "one datagram is an answer and a notice");
        Require.That(answer is null || Samples.IsPrintable(answer.Server), "a product's name has control characters");
        if ((answer?.Location ?? notice?.Location) is not { } location)
        {
            return new FuzzOutcome(false, digest.Value);
        }

        Hold(GatewayUrl.OfLocation(location, Samples.Hosts[5], Link), ref digest);
        var start = new GatewayUrl(new System.Net.IPEndPoint(Samples.Hosts[5], 5000), "192.168.1.1:5000", "/d.xml");
        Hold(start.Resolve(location, null), ref digest);
        Hold(start.Resolve("/ctl", location), ref digest);
        return FuzzOutcome.Taken(digest);
    }

    private static void Hold(GatewayUrl? url, ref FuzzDigest digest)
    {
        if (url is null)
        {
            return;
        }

        Require.That(
            url.EndPoint.Address.Equals(Samples.Hosts[5]) && url.EndPoint.Port is > 0 and <= 65_535,
            "another host than the device is asked");
        Require.That(url.Path.StartsWith('/') && url.Path.All(c => c is > ' ' and < '\x7f'), "a path breaks the request line");
        Require.That(url.Host.All(c => c is > ' ' and < '\x7f' and not '/' and not '@'), "a host breaks the header");
        digest.Add(url.Path);
    }
}
