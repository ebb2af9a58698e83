using System.Buffers.Binary;
using System.Net;
using System.Text;
using System.Xml.Linq;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.PortMapping;

namespace NatActors.Protocols.Tests.PortMapping;

/// <summary>A router that does what a test tells it to, in memory.</summary>
internal sealed class FakeRouter(IPAddress address)
{
    private const string Device = "/rootDesc.xml";
    private readonly Dictionary<string, byte[]> _nonces = [];
    private TimeSpan _born;
    private ushort _lastPinhole;

    public IPAddress Address { get; } = address;

    public IPAddress External { get; set; } = IPAddress.Parse("29.0.1.2");

    public bool IsOn { get; set; } = true;

    public bool SpeaksPcp { get; set; }

    public bool SpeaksNatPmp { get; set; }

    /// <summary>The versions of the UPnP services: 1, 2, or 0 for none.</summary>
    public int Upnp { get; set; }

    public bool HasFirewall { get; set; }

    public TimeSpan Lease { get; set; } = TimeSpan.FromHours(24);

    public PcpResult PcpResult { get; set; }

    public NatPmpResult NatPmpResult { get; set; }

    /// <summary>What UPnP answers to AddPortMapping instead of doing it, for an external port and a lease; 0 to do it.</summary>
    public Func<int, int, int> UpnpFault { get; set; } = (_, _) => 0;

    /// <summary>It confirms, and does nothing.</summary>
    public bool Lies { get; set; }

    /// <summary>Which of UPnP's actions it does not answer.</summary>
    public Func<string, bool> Silences { get; set; } = _ => false;

    /// <summary>Protocol and external port to internal end point.</summary>
    public Dictionary<string, string> Mappings { get; } = [];

    public List<string> Actions { get; } = [];

    public List<(byte[] Nonce, TimeSpan Lifetime)> PcpMaps { get; } = [];

    /// <summary>A device description with those services.</summary>
    public static string Describe(params (string Type, string Control)[] services) =>
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><root xmlns=\"urn:schemas-upnp-org:device-1-0\"><URLBase>http://10.0.0.1/</URLBase>"
        + "<device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><friendlyName>My &lt;Router&gt;</friendlyName>"
        + "<modelName>M1</modelName><deviceList><device><deviceType>urn:x</deviceType><serviceList>"
        + string.Concat(services.Select(s =>
            $"<service><serviceType>urn:schemas-upnp-org:service:{s.Type}</serviceType><controlURL>{s.Control}</controlURL></service>"))
        + "</serviceList></device></deviceList></device></root>";

    /// <summary>Loses its mappings and counts from zero, as after a restart.</summary>
    public void Restart(TimeSpan now)
    {
        _born = now;
        Mappings.Clear();
        _nonces.Clear();
    }

    public byte[]? OnControl(byte[] datagram, TimeSpan now)
    {
        if (!IsOn)
        {
            return null;
        }

        return datagram[0] == PcpCodec.Version
            ? SpeaksPcp ? OnPcp(datagram, now) : SpeaksNatPmp ? [0, (byte)(128 + datagram[1]), 0, 1, 0, 0, 0, 0] : null
            : SpeaksNatPmp ? OnNatPmp(datagram, now) : null;
    }

    public byte[]? OnSearch(byte[] datagram) => IsOn && Upnp > 0 && Encoding.ASCII.GetString(datagram).Contains("GatewayDevice:1", StringComparison.Ordinal)
        ? Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nLOCATION: http://{Host}:5000{Device}\r\nST: x\r\nSERVER: Fake/1\r\n\r\n")
        : null;

    public GatewayReply OnHttp(GatewayRequest request)
    {
        if (!IsOn || Upnp == 0)
        {
            return GatewayReply.Failed("connection refused");
        }

        if (request.Action is null)
        {
            (string, string)[] firewall = HasFirewall ? [("WANIPv6FirewallControl:1", "/fw")] : [];
            return new GatewayReply(200, Encoding.UTF8.GetBytes(Describe([($"WANIPConnection:{Upnp}", "/ip"), .. firewall])), null);
        }

        var action = request.Action.Trim('"').Split('#')[1];
        var arguments = XDocument.Parse(Encoding.UTF8.GetString(request.Body)).Descendants()
            .Where(e => !e.HasElements).ToDictionary(e => e.Name.LocalName, e => e.Value);
        Actions.Add(action);
        return Silences(action) ? GatewayReply.Failed("the connection was cut") : Do(action, arguments);
    }

    private string Host => Address.GetAddressBytes().Length == 16 ? $"[{new IPAddress(Address.GetAddressBytes())}]" : Address.ToString();

    private uint Epoch(TimeSpan now) => (uint)(now - _born).TotalSeconds;

    private byte[] OnPcp(byte[] request, TimeSpan now)
    {
        var answer = request.ToArray();
        answer[1] |= 128;
        answer[3] = 0;
        answer.AsSpan(12, 12).Clear();
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(8), Epoch(now));
        if (request[1] == 0)
        {
            return answer;
        }

        var nonce = request[24..36];
        var lifetime = TimeSpan.FromSeconds(BinaryPrimitives.ReadUInt32BigEndian(request.AsSpan(4)));
        var port = BinaryPrimitives.ReadUInt16BigEndian(request.AsSpan(40));
        PcpMaps.Add((nonce, lifetime));
        var key = $"TCP {port}";
        var result = PcpResult != PcpResult.Success ? PcpResult
            : _nonces.TryGetValue(key, out var owner) && !owner.SequenceEqual(nonce) ? PcpResult.NotAuthorized
            : PcpResult.Success;
        answer[3] = (byte)result;
        var isIp6 = !new IPAddress(request[8..24]).IsIPv4MappedToIPv6;
        (isIp6 ? new IPAddress(request[8..24]) : External).MapToIPv6().TryWriteBytes(answer.AsSpan(44), out _);
        var granted = result != PcpResult.Success ? TimeSpan.Zero : lifetime < Lease ? lifetime : Lease;
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(4), (uint)granted.TotalSeconds);
        if (result == PcpResult.Success)
        {
            Set(key, lifetime > TimeSpan.Zero, port);
            _nonces[key] = nonce;
        }

        return answer;
    }

    private byte[] OnNatPmp(byte[] request, TimeSpan now)
    {
        var answer = new byte[request[1] == 0 ? 12 : 16];
        answer[1] = (byte)(128 + request[1]);
        answer[3] = (byte)NatPmpResult;
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(4), Epoch(now));
        if (request[1] == 0)
        {
            answer[3] = 0;
            External.TryWriteBytes(answer.AsSpan(8), out _);
            return answer;
        }

        request.AsSpan(4, 4).CopyTo(answer.AsSpan(8));
        var seconds = BinaryPrimitives.ReadUInt32BigEndian(request.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(12), Math.Min(seconds, (uint)Lease.TotalSeconds));
        if (NatPmpResult == NatPmpResult.Success)
        {
            var port = BinaryPrimitives.ReadUInt16BigEndian(request.AsSpan(4));
            Set($"TCP {port}", seconds > 0, port);
        }

        return answer;
    }

    private void Set(string key, bool isThere, int port)
    {
        if (isThere)
        {
            Mappings[key] = $"{port}";
        }
        else
        {
            Mappings.Remove(key);
        }
    }

    private GatewayReply Do(string action, Dictionary<string, string> arguments)
    {
        var key = arguments.TryGetValue("NewExternalPort", out var port) ? $"TCP {port}" : "";
        switch (action)
        {
            case "GetExternalIPAddress": return Done(action, ("NewExternalIPAddress", External.ToString()));
            case "AddPortMapping" or "AddAnyPortMapping": return Add(action, key, arguments);
            case "DeletePortMapping": return Mappings.Remove(key) ? Done(action) : Fault(714);
            case "GetSpecificPortMappingEntry" when Mappings.TryGetValue(key, out var entry):
                return Done(action, ("NewInternalClient", entry.Split(' ')[0]), ("NewInternalPort", entry.Split(' ')[1]), ("NewEnabled", "1"), ("NewLeaseDuration", entry.Split(' ')[2]));
            case "GetFirewallStatus": return Done(action, ("FirewallEnabled", "1"), ("InboundPinholeAllowed", "1"));
            case "AddPinhole":
                Mappings[$"pinhole {++_lastPinhole}"] = $"{arguments["InternalClient"]} {arguments["InternalPort"]}";
                return Done(action, ("UniqueID", $"{_lastPinhole}"));
            case "UpdatePinhole" or "GetPinholePackets": return Mappings.ContainsKey($"pinhole {arguments["UniqueID"]}") ? Done(action) : Fault(704);
            case "DeletePinhole": return Mappings.Remove($"pinhole {arguments["UniqueID"]}") ? Done(action) : Fault(704);
            default: return Fault(714);
        }
    }

    private GatewayReply Add(string action, string key, Dictionary<string, string> arguments)
    {
        var fault = UpnpFault(int.Parse(arguments["NewExternalPort"]), int.Parse(arguments["NewLeaseDuration"]));
        if (fault != 0)
        {
            return Fault(fault);
        }

        if (!Lies)
        {
            Mappings[key] = $"{arguments["NewInternalClient"]} {arguments["NewInternalPort"]} {arguments["NewLeaseDuration"]}";
        }

        return Done(action, ("NewReservedPort", arguments["NewExternalPort"]));
    }

    private static GatewayReply Done(string action, params (string Name, string Value)[] values) => new(200, Encoding.UTF8.GetBytes(
        $"<s:Envelope xmlns:s=\"s\"><s:Body><u:{action}Response xmlns:u=\"u\">"
        + string.Concat(values.Select(v => $"<{v.Name}>{v.Value}</{v.Name}>"))
        + $"</u:{action}Response></s:Body></s:Envelope>"), null);

    private static GatewayReply Fault(int code) => new(500, Encoding.UTF8.GetBytes(
        "<s:Envelope xmlns:s=\"s\"><s:Body><s:Fault><detail><UPnPError><errorCode>" + code
        + "</errorCode></UPnPError></detail></s:Fault></s:Body></s:Envelope>"), null);
}
