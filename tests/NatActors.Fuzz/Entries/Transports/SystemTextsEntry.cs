using System.Net;
using System.Text;
using NatActors.Fuzz.Engine;
using NatActors.Transports.Naming;
using NatActors.Transports.Network;

namespace NatActors.Fuzz.Entries.Transports;

/// <summary>Texts of the system: resolv.conf, hosts, and what stands below /proc/net. The same text is read as each of them.</summary>
public sealed class SystemTextsEntry : FuzzEntry
{
    /// <inheritdoc />
    public override string Name => "transports.system.texts";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.Text;

    // A hosts file of names of one letter keeps a list for each.
    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 512, AllocatedConstant: 16 * 1024, StepsPerByte: 256, StepsConstant: 8 * 1024);

    /// <inheritdoc />
    public override int Cost => 10;

    /// <inheritdoc />
    public override IReadOnlyList<byte[]> Words { get; } =
        [.. new[] { "nameserver ", "options timeout:", "attempts:", "fe80::1%lo", "\t", "00000000", "0003", "#",
            "fe800000000000000000000000000001" }.Select(Encoding.UTF8.GetBytes)];

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        .. new[]
        {
            "# c\nnameserver 11.0.0.1\nnameserver 2a01::1\noptions timeout:3 attempts:2\nsearch a.b\n",
            "127.0.0.1 localhost loop # c\n::1 localhost ip6-localhost\nfe80::1%2 x\n",
            "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU\neth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\n",
            "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003 eth0\n"
            + "20010db8000000000000000000000001 02 40 00 01 eth0\n",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    /// <inheritdoc />
    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var text = Encoding.UTF8.GetString(input);
        var digest = default(FuzzDigest);
        var settings = ResolvConf.Parse(text);
        Require.That(settings.Servers.Count <= ResolvConf.MaxServers, "more name servers are taken than allowed");
        Require.That(
            settings.Timeout is not { } timeout
                || (timeout >= TimeSpan.FromSeconds(1) && timeout <= TimeSpan.FromSeconds(ResolvConf.MaxTimeoutSeconds)),
            "a time out is out of bounds");
        Require.That(settings.Attempts is null or (>= 1 and <= ResolvConf.MaxAttempts), "attempts are out of bounds");
        var hosts = ResolvConf.ParseHosts(text);
        foreach (var (name, addresses) in hosts)
        {
            Require.That(name == ResolvConf.Key(name) && addresses.Count > 0, "a host has no address, or a name that is never found");
        }

        var lines = text.Split('\n');
        var gateways = ProcNet.GatewaysV4(lines).Concat(ProcNet.GatewaysV6(lines)).ToList();
        Require.That(gateways.Count <= lines.Length * 2, "more gateways than lines");
        var passing = ProcNet.PassingAddresses(lines);
        foreach (var gateway in gateways)
        {
            digest.Add(gateway.Interface);
            Require.That(
                ProcNet.NetworkOf(gateway.Gateway, IPAddress.Parse("255.255.255.0")) is null
                    || gateway.Gateway.GetAddressBytes().Length == 4,
                "a network of another family");
        }

        digest.Add(settings.Servers.Count);
        digest.Add(hosts.Count);
        digest.Add(passing.Count);
        return new FuzzOutcome(settings.Servers.Count + hosts.Count + gateways.Count > 0, digest.Value);
    }
}
