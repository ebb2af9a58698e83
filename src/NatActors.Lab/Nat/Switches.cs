namespace NatActors.Lab.Nat;

/// <summary>Kernel switches of a namespace, as paths below /proc/sys/net.</summary>
internal static class Switches
{
    /// <summary>Every namespace: addresses usable at once, none from strangers.</summary>
    internal static readonly (string, string)[] Common =
    [
        ("ipv6/conf/default/accept_dad", "0"),
        ("ipv6/conf/all/accept_dad", "0"),
        ("ipv6/conf/default/accept_ra", "0"),
        ("ipv6/conf/all/accept_ra", "0"),
    ];

    /// <summary>Core and routers: forwarding, and no check of source addresses (the core gets each packet from its delay device).</summary>
    internal static readonly (string, string)[] Forwarding =
    [
        ("ipv4/conf/all/rp_filter", "0"),
        ("ipv4/conf/default/rp_filter", "0"),
        ("ipv4/ip_forward", "1"),
        ("ipv6/conf/all/forwarding", "1"),
        ("ipv6/conf/default/forwarding", "1"),
        ("ipv6/conf/all/keep_addr_on_down", "1"),
        ("ipv6/conf/default/keep_addr_on_down", "1"),
    ];

    /// <summary>
    /// Routers, where the kernel has br_netfilter: what passes from host to host on the home network is switched, not routed. Otherwise the
    /// rules would see it too, and a packet that a hairpin sends back to the very host it came from would be dropped by the switch.
    /// </summary>
    internal static readonly (string, string)[] PlainSwitching =
    [
        ("bridge/bridge-nf-call-iptables", "0"),
        ("bridge/bridge-nf-call-ip6tables", "0"),
    ];

    // The kernel's own values are the right-hand column of linux/Documentation/networking/nf_conntrack-sysctl.rst.
    private static readonly (string Name, string Long, string Short)[] Lifetimes =
    [
        ("nf_conntrack_udp_timeout", "30", "2"),
        ("nf_conntrack_udp_timeout_stream", "120", "4"),
        ("nf_conntrack_tcp_timeout_syn_sent", "120", "5"),
        ("nf_conntrack_tcp_timeout_syn_recv", "60", "5"),
        ("nf_conntrack_tcp_timeout_established", "432000", "5"),
        ("nf_conntrack_tcp_timeout_unacknowledged", "300", "5"),
    ];

    /// <summary>How long mappings live.</summary>
    internal static IEnumerable<(string Path, string Value)> MappingLifetimes(bool areShort) =>
        Lifetimes.Select(entry => ("netfilter/" + entry.Name, areShort ? entry.Short : entry.Long));

    /// <summary>Whether an unknown flow may open a mapping in midstream (the kernel's default) or is dropped.</summary>
    internal static (string Path, string Value) PickUpMidstream(bool allowed) => ("netfilter/nf_conntrack_tcp_loose", allowed ? "1" : "0");
}
