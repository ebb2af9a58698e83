using System.Net;

namespace NatActors.Protocols.PortMapping;

/// <summary>PCP at one router (RFC 6887): mappings for IPv4, openings of the firewall for IPv6.</summary>
internal sealed class PcpClient : PortControlClient
{
    private readonly MappingNonce _nonces;
    private readonly GatewayEpoch _epoch = new();

    public PcpClient(GatewayLink link, PortMappingOptions options, MappingNonce nonces)
        : base(link, options) => _nonces = nonces;

    /// <inheritdoc />
    public override MappingMethod Method => MappingMethod.Pcp;

    /// <inheritdoc />
    public override string Protocol => "pcp";

    /// <inheritdoc />
    public override void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, TimeSpan now)
    {
        if (!IsServer(from) || PcpCodec.Parse(datagram) is not { } answer)
        {
            return;
        }

        if (answer.Version != PcpCodec.Version || answer.Result == PcpResult.UnsupportedVersion)
        {
            OnUnsupported(PcpCodec.Describe(PcpResult.UnsupportedVersion), now);
            return;
        }

        // Some servers leave the epoch out of errors; a restart shows in the next success.
        OnAnswered(answer.Result != PcpResult.Success || _epoch.AcceptPcp(answer.Epoch, now), now);
        if (answer.Mapping is { } mapping)
        {
            OnMapping(answer, mapping, now);
        }
    }

    /// <inheritdoc />
    protected override byte[] WriteProbe() => PcpCodec.Announce(Link.Local);

    /// <inheritdoc />
    protected override byte[] WriteMap(PortToMap port, IPEndPoint? external, TimeSpan lease)
    {
        // Section 11.2: any address is all zeros of the family that is wanted.
        var any = Link.IsIp6 ? IPAddress.IPv6Any : IPAddress.Any;
        var wished = new PcpMapping(
            _nonces.Of(port), port.ProtocolNumber, port.Port, external?.Port ?? port.Port, external?.Address ?? any);
        return PcpCodec.Map(Link.Local, wished, lease);
    }

    private void OnMapping(PcpAnswer answer, PcpMapping mapping, TimeSpan now)
    {
        bool IsAbout(PortToMap port) => port.Port == mapping.InternalPort
            && port.ProtocolNumber == mapping.Protocol
            && mapping.Nonce.Span.SequenceEqual(_nonces.Of(port));

        if (Find(slot => IsAbout(slot.Port)) is not { } asked)
        {
            OnRemoved(IsAbout);
            return;
        }

        if (answer.Result != PcpResult.Success)
        {
            Problem = PcpCodec.Describe(answer.Result);
            OnRefused(asked, Problem, RetryAfter(answer));
        }
        else if (answer.Lifetime == TimeSpan.Zero || mapping.ExternalPort == 0)
        {
            // A late answer to a removal (section 15), or a server that grants nothing.
            OnRefused(asked, "it granted a mapping without a lease or a port", Options.RetryAfterPassing);
        }
        else
        {
            Problem = "";
            Report(Link.IsIp6 ? null : mapping.External);
            OnGranted(asked, new IPEndPoint(mapping.External, mapping.ExternalPort), answer.Lifetime, now);
        }
    }

    /// <summary>Section 7.4: the lifetime of an error says how long it will stay so; half an hour at most, or a lie would silence us.</summary>
    private TimeSpan RetryAfter(PcpAnswer answer)
    {
        var isPassing = answer.Result is PcpResult.NetworkFailure or PcpResult.NoResources or PcpResult.UserExceededQuota;
        var least = isPassing ? Options.RetryAfterPassing : Options.RetryAfterRefusal;
        var told = answer.Lifetime == TimeSpan.Zero ? least : answer.Lifetime;
        return told < Options.RetryAfterPassing ? Options.RetryAfterPassing
            : told > Options.RetryAfterRefusal ? Options.RetryAfterRefusal : told;
    }
}
