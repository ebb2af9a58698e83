using System.Security;
using System.Text;
using System.Xml;

namespace NatActors.Protocols.PortMapping;

/// <summary>What a service answered to a request.</summary>
public abstract record SoapAnswer
{
    private SoapAnswer()
    {
    }

    /// <summary>It did it.</summary>
    /// <param name="Values">The values that it returned, by name; bounded.</param>
    public sealed record Done(IReadOnlyDictionary<string, string> Values) : SoapAnswer
    {
        /// <summary>A value, or empty.</summary>
        public string this[string name] => Values.GetValueOrDefault(name, "");
    }

    /// <summary>It refused, with a code of UPnP.</summary>
    /// <param name="Code">The code, see <see cref="UpnpFault"/>.</param>
    /// <param name="Detail">What it says, cleaned.</param>
    public sealed record Fault(int Code, string Detail) : SoapAnswer;

    /// <summary>It said nothing that can be understood.</summary>
    /// <param name="Detail">Why, in words for a person.</param>
    public sealed record Unreadable(string Detail) : SoapAnswer;
}

/// <summary>Codes of refusals (UPnP Device Architecture 1.1 section 3.2.2; WANIPConnection:2 section 2.5; WANIPv6FirewallControl:1 section 2.5).</summary>
public static class UpnpFault
{
    /// <summary>Arguments wrong; some routers mean the lease by it.</summary>
    public const int InvalidArgs = 402;

    /// <summary>It did not work; the router does not say why.</summary>
    public const int ActionFailed = 501;

    /// <summary>Not for this machine, or not for this port.</summary>
    public const int NotAuthorized = 606;

    /// <summary>Firewall: no room.</summary>
    public const int PinholeSpaceExhausted = 701;

    /// <summary>Firewall: it is off.</summary>
    public const int FirewallDisabled = 702;

    /// <summary>Firewall: openings from outside are forbidden.</summary>
    public const int InboundPinholeNotAllowed = 703;

    /// <summary>Firewall: no such opening.</summary>
    public const int NoSuchPinhole = 704;

    /// <summary>No such mapping.</summary>
    public const int NoSuchEntry = 714;

    /// <summary>The external port is another machine's.</summary>
    public const int ConflictInMappingEntry = 718;

    /// <summary>The external port has to be the internal one.</summary>
    public const int SamePortValuesRequired = 724;

    /// <summary>It knows no leases.</summary>
    public const int OnlyPermanentLeases = 725;

    /// <summary>No room.</summary>
    public const int NoPortMapsAvailable = 728;

    /// <summary>The external port is taken by something else.</summary>
    public const int ConflictWithOtherMechanisms = 729;
}

/// <summary>Requests to services and their answers (UPnP Device Architecture 1.1 section 3.2).</summary>
public static class SoapCodec
{
    private const int MaxValues = 32;
    private const int MaxDepth = 12;

    /// <summary>The body of a request.</summary>
    /// <param name="serviceType">The type of the service.</param>
    /// <param name="action">What it shall do.</param>
    /// <param name="arguments">With what, in the order of the specification; escaped here.</param>
    public static byte[] Write(string serviceType, string action, IEnumerable<(string Name, string Value)> arguments)
    {
        var body = new StringBuilder()
            .Append("<?xml version=\"1.0\"?>\r\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" ")
            .Append("s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body>")
            .Append("<u:").Append(action).Append(" xmlns:u=\"").Append(SecurityElement.Escape(serviceType)).Append("\">");
        foreach (var (name, value) in arguments)
        {
            body.Append('<').Append(name).Append('>').Append(SecurityElement.Escape(value)).Append("</").Append(name).Append('>');
        }

        return Encoding.UTF8.GetBytes(body.Append("</u:").Append(action).Append("></s:Body></s:Envelope>\r\n").ToString());
    }

    /// <summary>The value of the SOAPAction header.</summary>
    public static string Header(string serviceType, string action) => $"\"{serviceType}#{action}\"";

    /// <summary>Reads an answer.</summary>
    /// <param name="reply">What the request came to.</param>
    /// <param name="action">What was asked for.</param>
    public static SoapAnswer Parse(GatewayReply reply, string action)
    {
        if (reply.Failure is { } failure)
        {
            return new SoapAnswer.Unreadable(failure);
        }

        try
        {
            using var reader = BoundedXml.Open(reply.Body);
            return Read(reader, action) ?? new SoapAnswer.Unreadable($"HTTP {reply.Status} without an answer to {action}");
        }
        catch (XmlException)
        {
            return new SoapAnswer.Unreadable($"HTTP {reply.Status} with an answer that is no XML");
        }
    }

    /// <summary>A refusal in words for a person.</summary>
    public static string Describe(SoapAnswer answer) => answer switch
    {
        SoapAnswer.Fault fault => fault.Detail.Length == 0 ? $"refused with UPnP error {fault.Code}" : $"refused with UPnP error {fault.Code} ({fault.Detail})",
        SoapAnswer.Unreadable unreadable => unreadable.Detail,
        _ => "done",
    };

    private static SoapAnswer? Read(XmlReader reader, string action)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var (isAnswer, isFault, name) = (false, false, "");
        while (reader.Read())
        {
            if (reader.Depth > MaxDepth)
            {
                return new SoapAnswer.Unreadable("an answer that is nested too deeply");
            }

            if (reader.NodeType == XmlNodeType.Element)
            {
                name = reader.LocalName;
                isAnswer |= name == action + "Response";
                isFault |= name == "Fault";
            }
            else if (BoundedXml.IsText(reader) && (isAnswer || isFault) && values.Count < MaxValues)
            {
                values[name] = BoundedXml.Text(reader);
            }
        }

        return isFault ? ReadFault(values) : isAnswer ? new SoapAnswer.Done(values) : null;
    }

    private static SoapAnswer ReadFault(Dictionary<string, string> values) =>
        int.TryParse(values.GetValueOrDefault("errorCode"), out var code)
            ? new SoapAnswer.Fault(code, GatewayText.Clean(values.GetValueOrDefault("errorDescription")))
            : new SoapAnswer.Unreadable("a fault without a code of UPnP");
}
