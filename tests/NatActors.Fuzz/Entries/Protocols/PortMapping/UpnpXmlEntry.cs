using System.Text;
using NatActors.Fuzz.Engine;
using NatActors.Protocols.PortMapping;

namespace NatActors.Fuzz.Entries.Protocols.PortMapping;

/// <summary>XML of routers: descriptions of devices, and answers to SOAP. The same bytes are read as both.</summary>
public sealed class UpnpXmlEntry : FuzzEntry
{
    private const string Action = "GetExternalIPAddress";

    /// <inheritdoc />
    public override string Name => "protocols.portmapping.xml";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.Text;

    // A reader has buffers of some 20 KiB, whatever it reads.
    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 128, AllocatedConstant: 192 * 1024, StepsPerByte: 64, StepsConstant: 16 * 1024);

    /// <inheritdoc />
    public override int Cost => 50;

    /// <inheritdoc />
    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. new[]
        {
            "<!DOCTYPE a [<!ENTITY b \"c\">]>", "&b;", "<![CDATA[", "]]>", "<?xml version=\"1.0\" encoding=\"utf-7\"?>",
                "encoding=\"utf-16\"", "&#x0a;",
            "<service>", "</service>", "<serviceType>", "<a xmlns=\"b\" ", "<!--", "-->", "urn:schemas-upnp-org:service:WANIPConnection:2",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        .. new[]
        {
            "<?xml version=\"1.0\"?><root><URLBase>http://192.168.1.1/</URLBase><device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1"
            + "</deviceType><friendlyName>My &lt;Router&gt;</friendlyName><serviceList><service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:2"
            + "</serviceType><controlURL>/ctl</controlURL></service></serviceList></device></root>",
            $"<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><u:{Action}Response xmlns:u=\"x\">"
            + $"<NewExternalIPAddress>29.0.1.2</NewExternalIPAddress></u:{Action}Response></s:Body></s:Envelope>",
            "<s:Envelope xmlns:s=\"e\"><s:Body><s:Fault><detail><UPnPError><errorCode>718</errorCode><errorDescription>Conflict</errorDescription>"
            + "</UPnPError></detail></s:Fault></s:Body></s:Envelope>",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    /// <inheritdoc />
    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var bytes = input.ToArray();
        var digest = default(FuzzDigest);
        var (description, failure) = DeviceDescription.Parse(bytes);
        Require.That(description is null != failure is null, "a description and a failure at once, or neither");
        Require.That(failure is null || Samples.IsPrintable(failure), "a failure has control characters");
        if (description is not null)
        {
            Require.That(
                Samples.IsPrintable(description.Name) && Samples.IsPrintable(description.DeviceType),
                "a name has control characters");
            foreach (var service in description.ConnectionServices.Concat(description.FirewallServices))
            {
                var header = SoapCodec.Header(service.Type, Action);
                Require.That(
                    header.All(c => c is >= ' ' and < '\x7f') && header.Count(c => c == '"') == 2,
                    "a service's type breaks the header of requests to it");
                digest.Add(header);
            }
        }

        var answer = SoapCodec.Parse(new GatewayReply(200, bytes, null), Action);
        Require.That(Samples.IsPrintable(SoapCodec.Describe(answer)), "a refusal has control characters");
        if (answer is SoapAnswer.Done done)
        {
            Require.That(
                done.Values.Count <= 32 && done.Values.Values.All(v => v.Length <= BoundedXml.MaxText),
                "more values are kept than allowed");
        }

        digest.Add(answer.GetType().Name);
        return new FuzzOutcome(description is not null || answer is not SoapAnswer.Unreadable, digest.Value);
    }
}
