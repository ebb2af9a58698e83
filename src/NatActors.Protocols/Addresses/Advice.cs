using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;

namespace NatActors.Protocols.Addresses;

/// <summary>
/// What a person at home can do about a node that others do not reach: one line for each thing that is wrong, the most important first, none
/// when nothing is. Says no more than the evidence does.
/// </summary>
public static class Advice
{
    /// <summary>Peers named that stay relayed. Ours: more of the same helps nobody.</summary>
    public const int MaxRelayedNamed = 3;

    private const int UsualPort = 4001;

    /// <summary>The lines for these facts.</summary>
    public static IReadOnlyList<AdviceLine> For(AdviceFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        var lines = new List<AdviceLine?>();
        if (!facts.HasGateway && facts.Peers == 0)
        {
            lines.Add(new(AdviceTopic.Offline, "This machine has no way to the internet (no default gateway): connect it to a network."));
        }
        else if (facts.Peers == 0)
        {
            lines.Add(new(
                AdviceTopic.NoPeers,
                "No peer is connected, so nothing can be found out: name peers to start from (--bootstrap ADDRESS/p2p/ID), or see in the log "
                + "why they cannot be reached."));
        }

        lines.Add(NotListening(facts));
        lines.Add(PortNotReused(facts));
        if (facts.Peers > 0)
        {
            lines.AddRange(Reach(facts));
        }

        lines.AddRange(facts.Relayed.Take(MaxRelayedNamed).Select(r => new AdviceLine(
            AdviceTopic.StaysRelayed, $"The connection with {r.Peer} stays on its relay: {r.Reason}.")));
        return [.. lines.OfType<AdviceLine>()];
    }

    private static IEnumerable<AdviceLine?> Reach(AdviceFacts facts)
    {
        yield return MappingBroken(facts);
        if (facts.Verdict is { Verdict: Reachability.Public, FilteringProven: true })
        {
            yield break;
        }

        switch (facts.Verdict.Verdict)
        {
            case Reachability.Public: yield return FilteringUnproven(); break;
            case Reachability.Private: yield return WhatIsInTheWay(facts); break;
            default: yield return IsPartlyPrivate(facts) ? WhatIsInTheWay(facts) : NoVerdict(facts); break;
        }

        yield return facts.Verdict.Verdict == Reachability.Public ? null : MappingRefused(facts);
        yield return TooFewObservers(facts);
        if (facts.Verdict.Verdict != Reachability.Public)
        {
            yield return Ipv6(facts);
        }

        yield return NoRelay(facts);
    }

    private static AdviceLine? NotListening(AdviceFacts facts)
    {
        if (facts.Listening.Any(a => !AddressScope.IsLoopback(a)))
        {
            return null;
        }

        var where = facts.Listening.Count == 0 ? "nowhere" : "on loopback only";
        return new(
            AdviceTopic.NotListening,
            $"This node listens {where}, so no other machine can dial it: listen on all interfaces (--listen /ip4/0.0.0.0/tcp/{UsualPort}).");
    }

    private static AdviceLine? PortNotReused(AdviceFacts facts) => !facts.LeavesFromOtherPorts ? null : new(
        AdviceTopic.PortNotReused,
        $"Connections leave from another port than {Port(facts)}, so what peers see of this node cannot be dialed and holes cannot be "
        + "punched: end the other program that uses the port, or choose another one (--listen).");

    private static AdviceLine FilteringUnproven() => new(
        AdviceTopic.FilteringUnproven,
        "Peers that this node has contacted reach it; whether strangers do is not proven yet. The first stranger who comes in proves it; so "
        + "does a bootstrap peer that has partners on other addresses.");

    /// <summary>The verdict is private: by which router, and what helps with it.</summary>
    private static AdviceLine WhatIsInTheWay(AdviceFacts facts)
    {
        var nat = Main(facts);
        if (OwnAddress(facts, AddressKind.CarrierGrade) is { } shared && nat.Mapping != NatMapping.None)
        {
            return Carrier($"this machine's address {shared} is a carrier's");
        }

        if (nat.DoubleNat == Known.Yes)
        {
            var router = facts.Routers.FirstOrDefault(r => r.External is { } external && !AddressScope.IsPublic(external));
            if (router is { External: { } carrier } && AddressScope.KindOf(carrier) == AddressKind.CarrierGrade)
            {
                return Carrier($"the router's external address {carrier} is a carrier's");
            }

            return new(
                AdviceTopic.DoubleNat,
                $"A second NAT stands behind your router{External(router)}: put one of the two routers into bridge mode, or forward "
                + $"{Forward(facts)} on both. If the second is your provider's, only a public address from the provider, or IPv6, helps.");
        }

        if (BehindAnother(facts) is { } another)
        {
            return another;
        }

        if (nat.Mapping == NatMapping.None)
        {
            return new(
                AdviceTopic.Firewall,
                $"There is no NAT, but a firewall drops what comes in unasked: allow TCP port {Port(facts)} to this machine in the router's "
                + "firewall and in this machine's own.");
        }

        return nat.IsSymmetric
            ? new(
                AdviceTopic.SymmetricNat,
                "The router gives every destination another port (symmetric NAT), so hole punching fails with most peers behind routers: "
                + ForwardOrMap(facts) + Carriers(facts))
            : new(AdviceTopic.RestrictedNat, Restricted(nat) + ForwardOrMap(facts) + Carriers(facts));
    }

    /// <summary>The router says that it has no address of the internet, and yet peers there see this node.</summary>
    private static AdviceLine? BehindAnother(AdviceFacts facts) =>
        facts.Routers.Any(r => r.HasNoExternal) && Outside(facts) is { } outside
            ? new(
                AdviceTopic.DoubleNat,
                $"The router has no internet address of its own, and yet others see this node at {outside}: a second NAT stands behind it, most likely "
                + "your provider's (carrier-grade NAT), so a port forward at home cannot help. Ask the provider for a public IPv4 address or for "
                + "IPv6; where the second one is a router of yours, put it into bridge mode.")
            : null;

    private static IPAddress? Outside(AdviceFacts facts) =>
        facts.Observed.Where(AddressScope.IsPublic).Select(a => a.Host).FirstOrDefault(h => h?.GetAddressBytes().Length == 4);

    private static string Restricted(NatReport nat) => nat.Filtering == NatFiltering.AddressDependent
        ? "The router lets in only addresses that this node has contacted; others get a direct connection with a relay's help (hole punching). "
          + "To be dialed without one, "
        : "The router lets nobody in unasked; most peers get a direct connection with a relay's help (hole punching). To be dialed without one, ";

    private static AdviceLine Carrier(string why) => new(
        AdviceTopic.CarrierNat,
        $"Your provider shares one public address among customers (carrier-grade NAT: {why}), so a port forward at home cannot help: ask the "
        + "provider for a public IPv4 address or for IPv6; until then this node is reached by relays and hole punching.");

    private static string ForwardOrMap(AdviceFacts facts)
    {
        var forward = $"forward {Forward(facts)} in the router";
        if (!facts.AsksRouters)
        {
            return forward + ", or switch port mapping on for this node and enable UPnP or NAT-PMP in the router.";
        }

        return facts.Routers.Count == 0
            ? forward + ", or enable UPnP or NAT-PMP there. A forward that is set already does not lead here."
            : forward + ".";
    }

    /// <summary>Without word from the router a carrier's NAT looks the same as the router's own.</summary>
    private static string Carriers(AdviceFacts facts)
    {
        var outside = Outside(facts);
        return outside is null || facts.Routers.Any(r => r.External is not null)
            ? ""
            : $" If the router's own internet address is not {outside}, your provider has a NAT too and a forward cannot help.";
    }

    /// <summary>One address is closed and another not tested to the end, as IPv6 often comes later: what is known is told.</summary>
    private static bool IsPartlyPrivate(AdviceFacts facts) => facts.Verdict.Addresses.Any(a => a.Verdict == Reachability.Private);

    private static AdviceLine? NoVerdict(AdviceFacts facts)
    {
        if (facts.Servers == 0)
        {
            return new(
                AdviceTopic.NoServers,
                "No connected peer can test whether this node is reachable: add a bootstrap peer that serves AutoNAT (a public natactors node "
                + "does).");
        }

        if (facts.Verdict.Addresses.Any(a => a.Witnesses.Any(w => w.Outcome == WitnessOutcome.NotReached)))
        {
            return new(
                AdviceTopic.ServersSilent,
                $"{Count(facts.Servers, "peer")} could test whether this node is reachable, and a test has failed; for a verdict it takes more: wait half a "
                + "minute, or add other bootstrap peers.");
        }

        return facts.Verdict.Addresses.Count > 0
            ? new(
                AdviceTopic.ServersSilent,
                $"{Count(facts.Servers, "peer")} could test whether this node is reachable, but so far there is no answer that counts "
                + "(refused, no answer, or they contradict each other): wait a minute, or add other bootstrap peers.")
            : null;
    }

    private static AdviceLine? MappingBroken(AdviceFacts facts)
    {
        var broken = facts.Mapped
            .Where(m => facts.Verdict.Addresses.Any(v => v.Address == m && v.Verdict == Reachability.Private))
            .Select(m => m.ToString())
            .ToList();
        return broken.Count == 0 ? null : new(
            AdviceTopic.MappingBroken,
            $"The router confirmed a port mapping that does not work ({string.Join(", ", broken)}): another NAT or firewall stands behind it, "
            + $"or the router errs. Restart it, or forward {Forward(facts)} by hand.");
    }

    private static AdviceLine? MappingRefused(AdviceFacts facts)
    {
        var refused = facts.Routers.Where(r => r.Problem.Length > 0).ToList();
        return refused.Count == 0 || facts.Mapped.Count > 0 || Main(facts).DoubleNat == Known.Yes || BehindAnother(facts) is not null ? null : new(
            AdviceTopic.MappingRefused,
            $"The router does not map ports for this node ({string.Join("; ", refused.Select(r => $"{r.Protocol}: {r.Problem}"))}): allow it "
            + $"in the router's settings, or forward {Forward(facts)} by hand.");
    }

    private static AdviceLine? TooFewObservers(AdviceFacts facts) => facts.Observers switch
    {
        0 when facts.Verdict.Verdict != Reachability.Public => new(
            AdviceTopic.NoObserver,
            "No peer on the internet has said where it sees this node, so holes cannot be punched: connect to peers outside this network "
            + "(--bootstrap)."),
        1 when Main(facts).Mapping == NatMapping.Unknown => new(
            AdviceTopic.OneObserver,
            "Only one peer on the internet says where it sees this node; it takes two at different addresses to tell what kind of NAT stands "
            + "before it: add another bootstrap peer."),
        _ => null,
    };

    private static AdviceLine? Ipv6(AdviceFacts facts)
    {
        var own = facts.Interfaces.FirstOrDefault(a => a.GetAddressBytes().Length == 16 && AddressScope.IsPublic(a));
        if (own is null)
        {
            return new(
                AdviceTopic.NoIpv6,
                "This machine has no IPv6 address; with IPv6 there is no NAT to get through: enable it in the router, if your provider offers it.");
        }

        var port = Port(facts);
        var listens = facts.Listening.Where(a => ThinWaist.Of(a) is { IsIPv6: true } waist && AddressScope.IsPublic(waist.Host)).ToList();
        if (listens.Count == 0)
        {
            return new(
                AdviceTopic.Ipv6NotUsed,
                $"This machine has the IPv6 address {own}, but the node does not listen on it: add --listen /ip6/::/tcp/{port}.");
        }

        return facts.Verdict.Addresses.Any(v => v.Verdict == Reachability.Private && listens.Contains(v.Address))
            ? new(
                AdviceTopic.Ipv6Firewall,
                $"IPv6 is there, but a firewall drops what comes in unasked: allow TCP port {port} to {own} in the router's IPv6 firewall.")
            : null;
    }

    private static AdviceLine? NoRelay(AdviceFacts facts)
    {
        if (facts.Relays > 0)
        {
            return null;
        }

        if (facts.RelaysWanted == 0)
        {
            return new(
                AdviceTopic.NoRelay,
                "Relays are switched off, so peers that cannot dial this node do not reach it at all: name one (--relay), or let the node find "
                + "some.");
        }

        var why = facts.RelayProblems.Count == 0 ? "no connected peer offers it" : string.Join("; ", facts.RelayProblems.Take(MaxRelayedNamed));
        return new(
            AdviceTopic.NoRelay,
            $"No relay holds a slot for this node ({why}), so peers that cannot dial it do not reach it at all: add a bootstrap peer that "
            + "relays, or name a relay (--relay).");
    }

    /// <summary>The report that advice is about: IPv4 and TCP, the one that home routers trouble.</summary>
    private static NatReport Main(AdviceFacts facts) =>
        facts.Nat.FirstOrDefault(n => n is { Family: IpFamily.Ip4, Protocol: IpProtocol.Tcp })
        ?? new NatReport { Family = IpFamily.Ip4, Protocol = IpProtocol.Tcp };

    private static IPAddress? OwnAddress(AdviceFacts facts, AddressKind kind) =>
        facts.Interfaces.FirstOrDefault(a => AddressScope.KindOf(a) == kind);

    private static int Port(AdviceFacts facts) => Inside(facts)?.Port ?? UsualPort;

    private static ThinWaist? Inside(AdviceFacts facts) => facts.Listening
        .Where(a => !AddressScope.IsLoopback(a))
        .Select(ThinWaist.Of)
        .Where(w => w is { IsUdp: false })
        .OrderBy(w => w!.Value.IsIPv6)
        .FirstOrDefault();

    private static string Forward(AdviceFacts facts) => Inside(facts) is { IsIPv6: false } inside
        && AddressScope.KindOf(inside.Host) != AddressKind.Unspecified
            ? $"TCP port {inside.Port} to this machine ({inside.Host})"
            : $"TCP port {Port(facts)} to this machine";

    private static string External(AdviceRouter? router) =>
        router?.External is { } external ? $" (its external address is {external}, not a public one)" : "";

    private static string Count(int number, string what) => number == 1 ? $"One {what}" : $"{number} {what}s";
}
