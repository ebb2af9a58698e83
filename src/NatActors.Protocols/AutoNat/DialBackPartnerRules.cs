using NatActors.Multiformats;

namespace NatActors.Protocols.AutoNat;

/// <summary>
/// What a partner dials for other servers (src/README.md, "The dial-back partner protocol", which argues why it is no reflector). A partner
/// cannot check what the asking server says of its client, so it believes it only within limits: in all, for each target, and far smaller
/// ones for servers that its owner has not named.
/// </summary>
public sealed class DialBackPartnerRules
{
    private readonly AutoNatServerPolicy _policy;
    private readonly IReadOnlySet<PeerId> _known;
    private readonly AutoNatServerWindow _all;
    private readonly AutoNatServerWindow _strangers;

    /// <summary>Rules with nothing dialed yet.</summary>
    /// <param name="options">The limits.</param>
    /// <param name="policy">Which addresses are dialed at all.</param>
    /// <param name="known">The servers that this node's owner has named as its partners.</param>
    public DialBackPartnerRules(AutoNatServerOptions options, AutoNatServerPolicy policy, IReadOnlySet<PeerId> known)
    {
        ArgumentNullException.ThrowIfNull(options);
        _policy = policy;
        _known = known;
        _all = new AutoNatServerWindow(
            new MinuteLimits(options.PartnerDialsPerMinute, options.PartnerDialsPerMinute, options.PartnerDialsPerTarget));
        _strangers = new AutoNatServerWindow(
            new MinuteLimits(options.StrangerDialsPerMinute, options.StrangerDialsPerServer, options.PartnerDialsPerTarget));
    }

    /// <summary>Dials remembered, over all limits; bounded by the options.</summary>
    public int Remembered => _all.Count + _strangers.Count;

    /// <summary>True when the server may send an ask at all; without it the ask is not even read.</summary>
    public bool MayAsk(AutoNatClient server, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(server);
        return server.Ip is not null
            && _all.Has(server.Peer, null, now)
            && (_known.Contains(server.Peer) || _strangers.Has(server.Peer, null, now));
    }

    /// <summary>True when the ask is to be carried out; it counts then.</summary>
    public bool OnAsk(DialBackAsk ask, AutoNatClient server, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(ask);
        ArgumentNullException.ThrowIfNull(server);
        if (ask.Basis is not (DialBackBasis.ObservedIp or DialBackBasis.DataPaid)
            || ask.Address.Host is not { } target
            || _policy.Judge(ask.Address) != DialBackRefusal.None
            || !MayAsk(server, now)
            || !_all.Has(server.Peer, target, now))
        {
            return false;
        }

        return (_known.Contains(server.Peer) || _strangers.TryTake(server.Peer, target, now)) && _all.TryTake(server.Peer, target, now);
    }

    /// <summary>A dial-back's outcome as a partner says it.</summary>
    public static DialBackPartnerStatus StatusOf(DialBackOutcome outcome) => outcome switch
    {
        DialBackOutcome.Reached => DialBackPartnerStatus.Ok,
        DialBackOutcome.DialBackError => DialBackPartnerStatus.DialBackError,
        DialBackOutcome.DialError => DialBackPartnerStatus.DialError,
        _ => DialBackPartnerStatus.Failed,
    };

    /// <summary>A partner's word as an outcome.</summary>
    public static DialBackOutcome OutcomeOf(DialBackReplyDecoded reply) => reply switch
    {
        { Fault: not AutoNatMessageFault.None } => DialBackOutcome.NotTried,
        { Status: DialBackPartnerStatus.Ok } => DialBackOutcome.Reached,
        { Status: DialBackPartnerStatus.DialBackError } => DialBackOutcome.DialBackError,
        { Status: DialBackPartnerStatus.DialError } => DialBackOutcome.DialError,
        _ => DialBackOutcome.NotTried,
    };
}
