using System.Xml;

namespace NatActors.Protocols.PortMapping;

/// <summary>A service that a device offers.</summary>
/// <param name="Type">Its type, e.g. <c>urn:schemas-upnp-org:service:WANIPConnection:1</c>.</param>
/// <param name="ControlUrl">Where requests to it go, as the description says.</param>
public sealed record UpnpService(string Type, string ControlUrl)
{
    /// <summary>The service that maps IPv4 ports of a plain connection.</summary>
    public const string IpConnection = "urn:schemas-upnp-org:service:WANIPConnection:";

    /// <summary>The service that maps IPv4 ports of a dialled-up connection.</summary>
    public const string PppConnection = "urn:schemas-upnp-org:service:WANPPPConnection:";

    /// <summary>The service that opens a firewall for IPv6.</summary>
    public const string Ip6Firewall = "urn:schemas-upnp-org:service:WANIPv6FirewallControl:";

    /// <summary>True from version 2 of the service that maps ports: it finds a free port by itself.</summary>
    public bool FindsFreePort => Type.StartsWith(IpConnection, StringComparison.Ordinal) && Version >= 2;

    /// <summary>The version at the end of the type; 1 when none can be read there.</summary>
    public int Version => int.TryParse(Type.AsSpan(Type.LastIndexOf(':') + 1), out var version) ? version : 1;
}

/// <summary>What a device's description says (UPnP Device Architecture 1.1 section 2.3). Read from a stranger's bytes, within bounds.</summary>
/// <param name="Name">What the device calls itself, cleaned.</param>
/// <param name="DeviceType">The type of the outermost device.</param>
/// <param name="BaseUrl">What relative addresses are relative to, or null.</param>
/// <param name="Services">Every service, in the order of the text; bounded.</param>
public sealed record DeviceDescription(string Name, string DeviceType, string? BaseUrl, IReadOnlyList<UpnpService> Services)
{
    private const int MaxServices = 64;

    /// <summary>Root, device, list, device, list, device, list, service, element, and as much again.</summary>
    private const int MaxDepth = 20;

    /// <summary>The services that map IPv4 ports, the best first: a plain connection, the newer version first, then dialled-up ones.</summary>
    public IReadOnlyList<UpnpService> ConnectionServices =>
    [
        .. Services.Where(s => s.Type.StartsWith(UpnpService.IpConnection, StringComparison.Ordinal)).OrderByDescending(s => s.Version),
        .. Services.Where(s => s.Type.StartsWith(UpnpService.PppConnection, StringComparison.Ordinal)),
    ];

    /// <summary>The services that open the firewall for IPv6.</summary>
    public IReadOnlyList<UpnpService> FirewallServices =>
        [.. Services.Where(s => s.Type.StartsWith(UpnpService.Ip6Firewall, StringComparison.Ordinal))];

    /// <summary>The name of the protocol in events.</summary>
    public string Protocol => DeviceType.EndsWith("InternetGatewayDevice:2", StringComparison.Ordinal)
        || Services.Any(s => s.FindsFreePort) ? "upnp-igd2" : "upnp-igd1";

    /// <summary>Reads a description.</summary>
    /// <returns>The description, or why there is none, in words. Exactly one is set.</returns>
    public static (DeviceDescription? Description, string? Failure) Parse(ReadOnlyMemory<byte> xml)
    {
        try
        {
            using var reader = BoundedXml.Open(xml);
            var builder = new Builder();
            return builder.Read(reader) is { } failure ? (null, failure) : (builder.Build(), null);
        }
        catch (XmlException refusal)
        {
            return (null, $"the device's description is no XML: {GatewayText.Clean(refusal.Message)}");
        }
    }

    private sealed class Builder
    {
        private readonly List<UpnpService> _services = [];
        private string? _element, _friendlyName, _model, _deviceType, _baseUrl, _serviceType, _controlUrl;

        public string? Read(XmlReader reader)
        {
            while (reader.Read())
            {
                if (reader.Depth > MaxDepth)
                {
                    return "the device's description is nested too deeply";
                }

                if (reader.NodeType == XmlNodeType.EndElement && reader.LocalName == "service" && !AddService())
                {
                    return "the device's description lists too many services";
                }

                if (reader.NodeType == XmlNodeType.Element)
                {
                    _element = reader.LocalName;
                }
                else if (BoundedXml.IsText(reader))
                {
                    Take(BoundedXml.Text(reader));
                }
            }

            return _deviceType is null ? "the device's description has no device" : null;
        }

        public DeviceDescription Build()
        {
            var name = GatewayText.Clean(_friendlyName);
            var model = GatewayText.Clean(_model);
            return new DeviceDescription(
                name.Length == 0 ? model : name, GatewayText.Clean(_deviceType), _baseUrl, _services);
        }

        private void Take(string text)
        {
            switch (_element)
            {
                case "URLBase": _baseUrl ??= text; break;
                case "deviceType": _deviceType ??= text; break;
                case "friendlyName": _friendlyName ??= text; break;
                case "modelName": _model ??= text; break;
                case "serviceType": _serviceType = text; break;
                case "controlURL": _controlUrl = text; break;
            }
        }

        /// <summary>
        /// A type is a URN (UPnP Device Architecture, section 2.3), and stands in quotes in a header of every request to the service: a quote or
        /// a line's end in it would write headers of the device's choice.
        /// </summary>
        private static bool IsPlain(string type) => type.All(c => char.IsAsciiLetterOrDigit(c) || c is ':' or '-' or '.' or '_');

        private bool AddService()
        {
            if (_serviceType is not null && _controlUrl is not null && IsPlain(_serviceType))
            {
                if (_services.Count == MaxServices)
                {
                    return false;
                }

                _services.Add(new UpnpService(_serviceType, _controlUrl));
            }

            _serviceType = _controlUrl = null;
            return true;
        }
    }
}
