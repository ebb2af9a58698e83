using System.Net;
using NatActors.Fuzz.Engine;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.PortMapping;

namespace NatActors.Fuzz.Entries.Protocols.PortMapping;

/// <summary>Datagrams of routers that speak NAT-PMP or PCP: the same bytes are read as both.</summary>
public sealed class ControlAnswersEntry : FuzzEntry
{
    /// <inheritdoc />
    public override string Name => "protocols.portmapping.control";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.Bytes;

    /// <inheritdoc />
    public override FuzzBounds Bounds => new(AllocatedPerByte: 8, AllocatedConstant: 2048, StepsPerByte: 8, StepsConstant: 2048);

    /// <inheritdoc />
    public override int MaxLength => 1200;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds()
    {
        var request = NatPmpCodec.AskMapping(IpProtocol.Tcp, 4001, 4001, TimeSpan.FromHours(1));
        yield return [0, 130, 0, 0, 0, 0, 0, 9, .. request[4..8], 0, 0, 14, 16];
        yield return [0, 128, 0, 0, 0, 0, 0, 9, 11, 0, 0, 1];
        yield return [0, 128, 0, 2, 0, 0, 0, 9];
        var map = PcpCodec.Map(Samples.Hosts[5], new PcpMapping(new byte[12], 6, 4001, 4001, IPAddress.Any), TimeSpan.FromHours(1));
        map[1] |= 128;
        yield return map;
        var announce = PcpCodec.Announce(Samples.Hosts[13]);
        announce[1] |= 128;
        yield return announce;
    }

    /// <inheritdoc />
    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var digest = default(FuzzDigest);
        var pmp = NatPmpCodec.Parse(input);
        switch (pmp)
        {
            case NatPmpAnswer.ExternalAddress address:
                Require.That(
                    (address.External is null) == (address.Result != NatPmpResult.Success),
                    "an address without success, or success without an address");
                digest.Add((int)address.Result);
                break;
            case NatPmpAnswer.Mapping mapping:
                Require.That(
                    mapping.Lease >= TimeSpan.Zero && mapping.ExternalPort is >= 0 and <= 65_535,
                    "a lease or a port out of bounds");
                digest.Add(mapping.Lease);
                break;
        }

        digest.Add(pmp is null ? "" : NatPmpCodec.Describe(pmp.Result));
        var pcp = PcpCodec.Parse(input);
        if (pcp is not null)
        {
            Require.That(
                pcp.Lifetime >= TimeSpan.Zero && PcpCodec.Describe(pcp.Result).Length > 0,
                "a lifetime below zero, or a result without words");
            Require.That(pcp.Mapping is null || pcp.Mapping.Nonce.Length == PcpCodec.NonceLength, "a nonce of another length");
            digest.Add(pcp.Epoch);
            digest.Add(pcp.Mapping?.ExternalPort ?? -1);
        }

        return new FuzzOutcome(pmp is not null || pcp is not null, digest.Value);
    }
}
