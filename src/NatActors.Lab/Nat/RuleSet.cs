using System.Globalization;
using System.Net;
using System.Text;

namespace NatActors.Lab.Nat;

/// <summary>One port of a router's outer address that leads to a host behind it, TCP and UDP.</summary>
/// <param name="Port">The outer port.</param>
/// <param name="Host">The host behind the router.</param>
/// <param name="HostPort">The host's port.</param>
internal readonly record struct PortForwarding(int Port, IPAddress Host, int HostPort);

/// <summary>What a router's rules depend on.</summary>
/// <param name="Kind">Its type, a carrier's half already taken off.</param>
/// <param name="Wan">Its outer IPv4 address; null where it has none.</param>
/// <param name="FirstHost">Where a cone NAT sends what comes in unasked; null where no host is there.</param>
/// <param name="Forwardings">Ports forwarded besides.</param>
internal sealed record RuleInput(RouterKind Kind, IPAddress? Wan, IPAddress? FirstHost, IReadOnlyList<PortForwarding> Forwardings);

/// <summary>Writes a router's rules for <c>nft -f</c>: a function of its kind and addresses, loaded as one transaction.</summary>
internal static class RuleSet
{
    internal const string WanDevice = "wan";
    internal const string LanDevice = "lan";

    /// <summary>Chains that a port mapping program may fill (the names are miniupnpd's); empty they do nothing.</summary>
    private const string ForMiniupnpd = "chain miniupnpd { }\nchain prerouting_miniupnpd { }\nchain postrouting_miniupnpd { }\n";

    private const int SeenSeconds = 120;
    private const int SeenSecondsWhenShort = 4;

    internal static string Write(RuleInput input)
    {
        var rules = new StringBuilder("flush ruleset\ntable inet lab {\n");
        rules.Append(ForMiniupnpd);
        if (!input.Kind.IsRouted && input.Wan is not null)
        {
            WriteTranslation(rules, input);
        }

        WriteForward(rules, input.Kind);
        WriteInput(rules, input.Kind);
        return rules.Append("}\n").ToString();
    }

    private static void WriteTranslation(StringBuilder rules, RuleInput input)
    {
        var kind = input.Kind;
        var seconds = (kind.Has(RouterModifiers.Short) ? SeenSecondsWhenShort : SeenSeconds).ToString(CultureInfo.InvariantCulture);
        rules.Append("set seen { type ipv4_addr; flags dynamic,timeout; timeout ").Append(seconds).Append("s; }\n");
        rules.Append("chain prerouting { type nat hook prerouting priority dstnat; policy accept;\n");
        rules.Append("jump prerouting_miniupnpd\n");
        var scope = kind.Has(RouterModifiers.Hairpin) ? "" : $"iifname {WanDevice} ";
        var toUs = $"{scope}ip daddr {input.Wan}";
        foreach (var forwarding in input.Forwardings)
        {
            rules.Append(CultureInfo.InvariantCulture, $"{toUs} meta l4proto {{ tcp, udp }} th dport {forwarding.Port} ")
                .Append(CultureInfo.InvariantCulture, $"dnat ip to {forwarding.Host}:{forwarding.HostPort}\n");
        }

        if (input.FirstHost is { } host)
        {
            var port = kind.ForwardedPort.ToString(CultureInfo.InvariantCulture);
            rules.Append(kind.Type switch
            {
                RouterType.FullCone => $"{toUs} dnat ip to {host}\n",
                RouterType.AddrRestricted => $"{toUs} ip saddr @seen dnat ip to {host}\n",
                RouterType.PortForward => $"{toUs} meta l4proto {{ tcp, udp }} th dport {port} dnat ip to {host}\n",
                _ => "",
            });
        }

        var mapping = kind.Type == RouterType.Symmetric ? "masquerade fully-random" : "masquerade";
        rules.Append("}\nchain postrouting { type nat hook postrouting priority srcnat; policy accept;\n");
        rules.Append("jump postrouting_miniupnpd\n");
        rules.Append(CultureInfo.InvariantCulture, $"meta nfproto ipv4 oifname {WanDevice} {mapping}\n");
        if (kind.Has(RouterModifiers.Hairpin))
        {
            rules.Append(CultureInfo.InvariantCulture, $"iifname {LanDevice} oifname {LanDevice} ct status dnat masquerade\n");
        }

        rules.Append("}\n");
    }

    private static void WriteForward(StringBuilder rules, RouterKind kind)
    {
        rules.Append("chain forward { type filter hook forward priority filter; policy drop;\n");
        if (kind.Has(RouterModifiers.UdpBlocked))
        {
            rules.Append("meta l4proto udp drop\n");
        }

        if (kind.Type == RouterType.None)
        {
            rules.Append("accept\n}\n");
            return;
        }

        if (!kind.IsRouted)
        {
            rules.Append(CultureInfo.InvariantCulture, $"meta nfproto ipv4 oifname {WanDevice} update @seen {{ ip daddr }}\n");
        }

        rules.Append("ct state established,related accept\n");
        rules.Append(CultureInfo.InvariantCulture, $"iifname {LanDevice} ct state new accept\n");
        rules.Append("ct status dnat accept\njump miniupnpd\n");

        // Neighbour discovery and path MTU on IPv6 are the kernel's own here; only transit traffic passes this chain.
        WriteRefusal(rules, kind);
        rules.Append("}\n");
    }

    /// <summary>
    /// Nothing unasked reaches the router itself: a router that accepted it would keep a connection tracking entry, and a later
    /// outgoing flow to the same peer would be given another port.
    /// </summary>
    private static void WriteInput(StringBuilder rules, RouterKind kind)
    {
        rules.Append("chain input { type filter hook input priority filter; policy drop;\n");
        rules.Append(CultureInfo.InvariantCulture, $"iifname {{ lo, {LanDevice} }} accept\n");
        rules.Append("ct state established,related accept\n");
        rules.Append("icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert, nd-router-solicit } accept\n");
        WriteRefusal(rules, kind);
        rules.Append("}\n");
    }

    private static void WriteRefusal(StringBuilder rules, RouterKind kind)
    {
        if (kind.Has(RouterModifiers.Rst))
        {
            rules.Append("meta l4proto tcp reject with tcp reset\n");
        }
    }
}
