using System.Net;
using NatActors.Protocols.Addresses;

namespace NatActors.Protocols.PortMapping;

/// <summary>NAT-PMP at one router (RFC 6886). What finds the router also asks for its external address.</summary>
internal sealed class NatPmpClient : PortControlClient
{
    private readonly GatewayEpoch _epoch = new();

    public NatPmpClient(GatewayLink link, PortMappingOptions options)
        : base(link, options)
    {
    }

    /// <inheritdoc />
    public override MappingMethod Method => MappingMethod.NatPmp;

    /// <inheritdoc />
    public override string Protocol => "nat-pmp";

    /// <inheritdoc />
    public override void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, TimeSpan now)
    {
        if (!IsServer(from))
        {
            return;
        }

        switch (NatPmpCodec.Parse(datagram))
        {
            case NatPmpAnswer.Unsupported unsupported: OnUnsupported(NatPmpCodec.Describe(unsupported.Result), now); break;
            case NatPmpAnswer.ExternalAddress address: OnAddress(address, now); break;
            case NatPmpAnswer.Mapping mapping: OnMapping(mapping, now); break;
        }
    }

    /// <inheritdoc />
    protected override byte[] WriteProbe() => NatPmpCodec.AskAddress();

    /// <inheritdoc />
    protected override byte[] WriteMap(PortToMap port, IPEndPoint? external, TimeSpan lease) =>
        NatPmpCodec.AskMapping(port.Protocol, port.Port, external?.Port ?? port.Port, lease);

    private void OnAddress(NatPmpAnswer.ExternalAddress address, TimeSpan now)
    {
        var changed = address.External is { } external && External is not null && !external.Equals(External);
        Problem = address.Result == NatPmpResult.Success ? "" : NatPmpCodec.Describe(address.Result);
        Report(address.External);

        // Another address is another table, whatever the epoch says (section 3.2.1): the mappings are asked for anew.
        OnAnswered(_epoch.AcceptNatPmp(address.Epoch, now) && !changed, now);
    }

    private void OnMapping(NatPmpAnswer.Mapping mapping, TimeSpan now)
    {
        OnAnswered(_epoch.AcceptNatPmp(mapping.Epoch, now), now);
        bool IsAbout(PortToMap port) => port.Port == mapping.InternalPort && port.Protocol == mapping.Protocol;
        if (Find(slot => IsAbout(slot.Port)) is not { } asked)
        {
            OnRemoved(IsAbout);
        }
        else if (mapping.Result != NatPmpResult.Success)
        {
            Problem = NatPmpCodec.Describe(mapping.Result);
            var isPassing = mapping.Result is NatPmpResult.NetworkFailure or NatPmpResult.OutOfResources;
            OnRefused(asked, Problem, isPassing ? Options.RetryAfterPassing : Options.RetryAfterRefusal);
        }
        else if (mapping.Lease == TimeSpan.Zero || mapping.ExternalPort == 0)
        {
            OnRefused(asked, "it granted a mapping without a lease or a port", Options.RetryAfterPassing);
        }
        else if (External is { } external)
        {
            OnGranted(asked, new IPEndPoint(external, mapping.ExternalPort), mapping.Lease, now);
        }
        else
        {
            OnRefused(asked, "it granted a mapping but does not tell its external address", Options.RetryAfterPassing);
        }
    }
}
