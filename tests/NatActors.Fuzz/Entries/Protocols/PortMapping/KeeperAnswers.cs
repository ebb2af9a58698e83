using System.Buffers.Binary;
using System.Net;
using System.Text;
using NatActors.Fuzz.Engine;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.PortMapping;

namespace NatActors.Fuzz.Entries.Protocols.PortMapping;

/// <summary>What routers say to a <see cref="PortMapKeeper"/>: well-formed, and true or not as the event wants it.</summary>
internal static class KeeperAnswers
{
    private static readonly string[] Services =
    [
        "urn:schemas-upnp-org:service:WANIPConnection:1", "urn:schemas-upnp-org:service:WANIPConnection:2",
            "urn:schemas-upnp-org:service:WANPPPConnection:1",
        "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1",
    ];

    private static readonly int[] Faults = [402, 501, 606, 701, 704, 714, 718, 725, 728, 729, 0];

    /// <summary>An answer to the last request of PCP, or to none.</summary>
    public static byte[] Pcp(byte[] request, ref EventArguments arguments)
    {
        var isMap = arguments.Flag();
        var answer = isMap && request.Length >= 60 ? request.ToArray() : PcpCodec.Announce(Samples.Hosts[5]);
        answer[1] |= 128;
        answer[3] = (byte)arguments.Below(14);
        var (lifetime, epoch, port) = (arguments.UInt16(), arguments.UInt16(), arguments.Byte());
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(4), lifetime);
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(8), epoch);
        if (answer.Length >= 60)
        {
            BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(42), (ushort)(port * 200));
            Samples.Host(ref arguments).MapToIPv6().TryWriteBytes(answer.AsSpan(44), out _);
        }

        return answer;
    }

    /// <summary>An answer of NAT-PMP: the address or a mapping.</summary>
    public static byte[] NatPmp(IReadOnlyList<PortToMap> ports, ref EventArguments arguments)
    {
        var isMap = arguments.Flag();
        var answer = new byte[isMap ? 16 : 12];
        var result = arguments.Byte();
        var port = arguments.Pick(ports);
        answer[1] = (byte)(128 + (!isMap ? 0 : port.Protocol == IpProtocol.Tcp ? 2 : 1));
        answer[3] = (byte)(result < 128 ? 0 : result % 6);
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(4), arguments.UInt16());
        if (isMap)
        {
            BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(8), (ushort)port.Port);
            BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(10), (ushort)(arguments.Byte() * 200));
            BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(12), arguments.UInt16());
        }
        else
        {
            var host = Samples.Host(ref arguments);
            (host.GetAddressBytes().Length == 4 ? host : IPAddress.Any).TryWriteBytes(answer.AsSpan(8), out _);
        }

        return answer;
    }

    /// <summary>An answer to a search.</summary>
    public static byte[] Search(ref EventArguments arguments) => Encoding.ASCII.GetBytes(
        $"HTTP/1.1 200 OK\r\nLOCATION: http://192.168.1.{1 + arguments.Below(12)}:{5000 + arguments.Below(4)}/d{arguments.Below(4)}.xml\r\nSERVER: x\r\n\r\n");

    /// <summary>A device's description with some of the services.</summary>
    public static GatewayReply Description(ref EventArguments arguments)
    {
        var which = arguments.Byte();
        var services = string.Concat(Services.Where((_, i) => which == 0 || (which >> i & 1) != 0).Select((type, i) =>
            $"<service><serviceType>{type}</serviceType><controlURL>/c{i}</controlURL></service>"));
        return Xml(200, $"<root><device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><friendlyName>r</friendlyName>{services}</device></root>");
    }

    /// <summary>An answer to a request to a service: done as asked, a fault, done otherwise, or garbage.</summary>
    public static GatewayReply Soap(GatewayRequest? request, PortToMap port, ref EventArguments arguments)
    {
        var action = request?.Action is { } header ? header[(header.IndexOf('#') + 1)..^1] : "None";
        var kind = arguments.Byte();
        if (kind % 4 == 1)
        {
            return Xml(500, $"<e><Fault><errorCode>{arguments.Pick(Faults)}</errorCode></Fault></e>");
        }

        if (kind % 4 == 2)
        {
            return Xml(200, $"<e><{action}Response><NewExternalIPAddress>{Samples.Host(ref arguments)}</NewExternalIPAddress></{action}Response></e>");
        }

        if (kind == 255)
        {
            return Xml(200, Encoding.Latin1.GetString(arguments.Rest));
        }

        // Also the fields of other actions: a router that says too much.
        var lease = kind % 4 == 3 ? arguments.Byte() : 3600;
        return Xml(200, $"<e><{action}Response><NewExternalIPAddress>29.0.{kind % 3}.2</NewExternalIPAddress><NewInternalClient>{port.Internal}</NewInternalClient>"
            + $"<NewInternalPort>{port.Port}</NewInternalPort><NewEnabled>1</NewEnabled><NewLeaseDuration>{lease}</NewLeaseDuration>"
            + $"<NewReservedPort>{5000 + kind}</NewReservedPort><UniqueID>{kind}</UniqueID></{action}Response></e>");
    }

    /// <summary>What every request must be.</summary>
    public static void Hold(GatewayRequest request)
    {
        Require.That(request.Path.StartsWith('/') && request.Path.All(c => c is > ' ' and < '\x7f'), "a path breaks the request line");
        Require.That(request.Action is null || request.Action.All(c => c is >= ' ' and < '\x7f'), "an action breaks its header");
        var body = Encoding.UTF8.GetString(request.Body);
        Require.That(!body.Contains("<UniqueID></UniqueID>", StringComparison.Ordinal), "an opening without a number is asked about");
    }

    private static GatewayReply Xml(int status, string body) => new(status, Encoding.UTF8.GetBytes(body), null);
}
