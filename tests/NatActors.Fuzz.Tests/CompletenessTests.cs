using System.Text.RegularExpressions;
using Mono.Cecil;
using NatActors.Fuzz.Engine;

namespace NatActors.Fuzz.Tests;

/// <summary>
/// Every decoder and every pure machine has a fuzz entry. What counts as one is told by its shape: a static method that reads bytes or
/// text, or
/// methods <c>OnX</c>. It has an entry when the entries' code calls one of these methods, or when <see cref="Through"/> names the entry
/// that drives it.
/// </summary>
public sealed partial class CompletenessTests
{
    private static readonly string[] Rings = ["NatActors.Multiformats.dll", "NatActors.Wire.dll", "NatActors.Protocols.dll"];

    /// <summary>Parts that are private to a machine or a decoder, with the entry that drives them through it.</summary>
    private static readonly Dictionary<string, string> Through = new(StringComparer.Ordinal)
    {
        ["NatActors.Multiformats.KeyFile"] = "multiformats.keyfile",
        ["NatActors.Multiformats.KeyProtobuf"] = "multiformats.publickey",
        ["NatActors.Multiformats.MultiaddrCodec"] = "multiformats.multiaddr.text",
        ["NatActors.Multiformats.MultiaddrValue"] = "multiformats.multiaddr.text",
        ["NatActors.Multiformats.PeerIdText"] = "multiformats.peerid.text",
        ["NatActors.Protocols.Addresses.HairpinProbe"] = "protocols.addresses.behaviour",
        ["NatActors.Protocols.Addresses.SecondPortProbe"] = "protocols.addresses.behaviour",
        ["NatActors.Protocols.AutoNat.ProbeSchedule"] = "protocols.autonat.reachability",
        ["NatActors.Protocols.AutoNat.ProbeServer"] = "protocols.autonat.reachability",
        ["NatActors.Protocols.AutoNat.ProbeServers"] = "protocols.autonat.reachability",
        ["NatActors.Protocols.AutoNat.ProbeSubject"] = "protocols.autonat.reachability",
        ["NatActors.Protocols.AutoNat.V1Confidence"] = "protocols.autonat.reachability",
        ["NatActors.Protocols.Connections.PendingInbound"] = "protocols.connections.table",
        ["NatActors.Protocols.KeepAlive.LifetimeEvidence"] = "protocols.keepalive.lifetime",
        ["NatActors.Protocols.PortMapping.BoundedXml"] = "protocols.portmapping.xml",
        ["NatActors.Protocols.PortMapping.GatewayClient"] = "protocols.portmapping.keeper",
        ["NatActors.Protocols.PortMapping.NatPmpClient"] = "protocols.portmapping.keeper",
        ["NatActors.Protocols.PortMapping.PcpClient"] = "protocols.portmapping.keeper",
        ["NatActors.Protocols.PortMapping.PortControlClient"] = "protocols.portmapping.keeper",
        ["NatActors.Protocols.PortMapping.UpnpClient"] = "protocols.portmapping.keeper",
        ["NatActors.Protocols.PortMapping.UpnpMappings"] = "protocols.portmapping.keeper",
        ["NatActors.Protocols.PortMapping.UpnpPinholes"] = "protocols.portmapping.keeper",
        ["NatActors.Wire.Security.NoisePayload"] = "wire.noise.payload.initiator",
    };

    [Fact]
    public void Every_decoder_and_every_pure_machine_has_an_entry()
    {
        var called = Called();
        var missing = Subjects()
            .Where(subject => !Through.ContainsKey(subject.Key) && !subject.Value.Any(method => called.Contains((subject.Key, method))))
            .Select(subject => $"{subject.Key} ({string.Join(", ", subject.Value.Order(StringComparer.Ordinal))})")
            .ToArray();

        // One text: a shortened list would not say what is missing.
        Assert.True(missing.Length == 0, $"no fuzz entry calls: {string.Join("; ", missing.Order(StringComparer.Ordinal))}");
    }

    [Fact]
    public void What_is_driven_through_another_exists_and_so_does_that_entry()
    {
        var subjects = Subjects();
        var entries = EntryCatalog.All.Select(entry => entry.Name).ToHashSet();

        Assert.Equal([], Through.Keys.Where(type => !subjects.ContainsKey(type)));
        Assert.Equal([], Through.Values.Where(entry => !entries.Contains(entry)));
    }

    [Fact]
    public void Decoders_and_machines_are_recognised_by_their_shape()
    {
        var subjects = Subjects();

        Assert.Contains("TryDecode", subjects["NatActors.Multiformats.Multiaddr"]);
        Assert.Contains("DecodeHop", subjects["NatActors.Protocols.Relay.RelayCodec"]);
        Assert.Contains("OnDialRequested", subjects["NatActors.Protocols.Port.SharedPortSchedule"]);
        Assert.DoesNotContain("NatActors.Protocols.Relay.RelayProfile", subjects.Keys);
    }

    [GeneratedRegex("^(Try(Parse|Decode|Read|Open|From)|Decode|Parse|Read|Open|From(Text|Bytes|Protobuf))")]
    private static partial Regex Reads();

    [GeneratedRegex("^On[A-Z]")]
    private static partial Regex Happens();

    /// <summary>The types with the methods that make them decoders or machines.</summary>
    private static Dictionary<string, HashSet<string>> Subjects()
    {
        var subjects = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        foreach (var ring in Rings)
        {
            using var assembly = AssemblyDefinition.ReadAssembly(Path.Combine(AppContext.BaseDirectory, ring));
            foreach (var type in assembly.MainModule.Types.Where(type => !type.IsInterface && !IsGenerated(type)))
            {
                var methods = type.Methods.Where(method => !method.IsPrivate
                    && IsSubject(method)).Select(method => method.Name).ToHashSet();
                if (methods.Count > 0)
                {
                    subjects.Add(type.FullName, methods);
                }
            }
        }

        return subjects;
    }

    private static bool IsSubject(MethodDefinition method) => method.IsStatic
        ? Reads().IsMatch(method.Name) && method.Parameters.Any(IsForeign)
        : Happens().IsMatch(method.Name);

    private static bool IsForeign(ParameterDefinition parameter) => parameter.ParameterType.FullName is "System.String" or "System.Byte[]"
        or "System.ReadOnlySpan`1<System.Byte>" or "System.ReadOnlyMemory`1<System.Byte>" or "System.Buffers.ReadOnlySequence`1<System.Byte>";

    /// <summary>Protobuf's classes are read by its own library.</summary>
    private static bool IsGenerated(TypeDefinition type) =>
        type.Interfaces.Any(i => i.InterfaceType.Namespace == "Google.Protobuf") || type.Name.StartsWith('<');

    /// <summary>The methods that the code of the entries calls.</summary>
    private static HashSet<(string Type, string Method)> Called()
    {
        var called = new HashSet<(string, string)>();
        using var assembly = AssemblyDefinition.ReadAssembly(typeof(EntryCatalog).Assembly.Location);
        var types = assembly.MainModule.Types.Where(type => type.Namespace.StartsWith("NatActors.Fuzz.Entries", StringComparison.Ordinal));
        foreach (var method in types.SelectMany(WithNested).SelectMany(type => type.Methods).Where(method => method.HasBody))
        {
            foreach (var operand in method.Body.Instructions.Select(instruction => instruction.Operand).OfType<MethodReference>())
            {
                called.Add((operand.DeclaringType.GetElementType().FullName, operand.Name));
            }
        }

        return called;
    }

    private static IEnumerable<TypeDefinition> WithNested(TypeDefinition type) => type.NestedTypes.SelectMany(WithNested).Prepend(type);
}
