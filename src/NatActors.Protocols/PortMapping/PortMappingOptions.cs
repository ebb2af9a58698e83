namespace NatActors.Protocols.PortMapping;

/// <summary>The timing and the bounds of port mapping.</summary>
public sealed record PortMappingOptions
{
    /// <summary>The lease asked of PCP and NAT-PMP. Default 2 h, which RFC 6886 section 3.3 recommends.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromHours(2);

    /// <summary>The lease asked of UPnP. Default 1 h (rust-libp2p).</summary>
    public TimeSpan UpnpLease { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The longest lease believed. Default 24 h (RFC 6887 section 15 suggests it as the most a server gives).</summary>
    public TimeSpan MaxLease { get; init; } = TimeSpan.FromHours(24);

    /// <summary>
    /// The shortest lease acted upon: a router that gives less is asked again after half of this. Default 30 s; ours, so that no router
    /// makes a busy loop of us.
    /// </summary>
    public TimeSpan MinLease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The wait before an unanswered datagram is sent again, doubled each time. Default 250 ms (RFC 6886 section 3.1). RFC 6887 section
    /// 8.1.1 suggests 3 s, for servers far away; ours is one hop off, and mostly the same program answers both.
    /// </summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How often a router is asked whether it speaks a protocol before it rests. Default 9 (RFC 6886 section 3.1), 128 s in all.</summary>
    public int DiscoveryTries { get; init; } = 9;

    /// <summary>How often a router that did answer before is asked before it counts as silent. Default 5: 8 s in all.</summary>
    public int Tries { get; init; } = 5;

    /// <summary>How long a router that does not speak a protocol is left alone. Default 10 min (Tailscale trusts what it found as long).</summary>
    public TimeSpan RestWhenSilent { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How often a router is asked whether all still stands. Default 1 min: a packet or three in the house, never beyond it.</summary>
    public TimeSpan CheckInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long a protocol that is found waits for a preferred one of the same router. Default 300 ms: PCP and NAT-PMP answer within
    /// milliseconds or not at all.
    /// </summary>
    public TimeSpan Settle { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>The wait after a refusal that may pass (no resources, no connection). Default 30 s (RFC 6887 section 7.4).</summary>
    public TimeSpan RetryAfterPassing { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The wait after a refusal that will not pass by itself. Default 30 min (RFC 6887 section 7.4).</summary>
    public TimeSpan RetryAfterRefusal { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Other external ports tried when a UPnP router says that one is taken. Default 5.</summary>
    public int ConflictTries { get; init; } = 5;

    /// <summary>How long giving everything back may take at the end. Default 1 s: the node itself ends within two.</summary>
    public TimeSpan ReleaseTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Listen ports that are mapped at most. Default 16: more addresses of one node are a mistake, and each costs a router memory.</summary>
    public int MaxPorts { get; init; } = 16;

    /// <summary>Pairs of a local address and a router that are used at most. Default 8.</summary>
    public int MaxLinks { get; init; } = 8;

    /// <summary>What the mapping is called in the router's list. Default <c>natactors</c>.</summary>
    public string Description { get; init; } = "natactors";
}
