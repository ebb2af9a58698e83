using NatActors.Protocols.Resources;

namespace NatActors.Node.Resources;

/// <summary>The ranges of <see cref="ResourceOptions"/>.</summary>
internal static class ResourceOptionsValidation
{
    private const long Mebibyte = 1024 * 1024;
    private const int Million = 1_000_000;

    /// <summary>Every mistake, each in one line that says what to do.</summary>
    public static IEnumerable<string> Validate(ResourceOptions options) =>
        Memories(options).Where(m => m.Value < m.Least)
            .Select(m => $"Resources.{m.Name}: {m.Value} is too little; use at least {m.Least} (bytes).")
            .Concat(Counts(options).Where(c => c.Value is { } value && (value < 1 || value > c.Most))
                .Select(c => $"Resources.{c.Name}: {c.Value} is out of range; use 1 to {c.Most}."))
            .Concat(Ids(options));

    private static IEnumerable<(string Name, long? Value, long Least)> Memories(ResourceOptions options) =>
    [
        ("System.MaxMemory", options.System.MaxMemory, Mebibyte),
        ("Transient.MaxMemory", options.Transient.MaxMemory, ResourceTree.Segment),
        ("Peer.MaxMemory", options.Peer.MaxMemory, ResourceTree.Segment),
        ("Connection.MaxMemory", options.Connection.MaxMemory, Mebibyte),
        ("Stream.MaxMemory", options.Stream.MaxMemory, ResourceTree.Segment),
        .. Protocols(options).SelectMany(p => Memories(p.Name, p.Options)),
    ];

    private static IEnumerable<(string Name, long? Value, long Least)> Memories(string name, ProtocolScopeOptions protocol) =>
    [
        (name + ".MaxMemory", protocol.MaxMemory, ResourceTree.Segment),
        (name + ".MaxMemoryPerPeer", protocol.MaxMemoryPerPeer, ResourceTree.Segment),
    ];

    private static IEnumerable<(string Name, int? Value, int Most)> Counts(ResourceOptions options) =>
    [
        ("System.MaxStreams", options.System.MaxStreams, 10 * Million),
        ("System.MaxInboundStreams", options.System.MaxInboundStreams, 10 * Million),
        ("System.MaxInboundConnections", options.System.MaxInboundConnections, Million),
        ("Transient.MaxStreams", options.Transient.MaxStreams, Million),
        ("Transient.MaxInboundStreams", options.Transient.MaxInboundStreams, Million),
        ("Transient.MaxConnections", options.Transient.MaxConnections, Million),
        ("Peer.MaxStreams", options.Peer.MaxStreams, Million),
        ("Peer.MaxInboundStreams", options.Peer.MaxInboundStreams, Million),
        ("Connection.MaxStreams", options.Connection.MaxStreams, Million),
        .. Protocols(options).SelectMany(p => Counts(p.Name, p.Options)),
    ];

    private static IEnumerable<(string Name, int? Value, int Most)> Counts(string name, ProtocolScopeOptions protocol) =>
    [
        (name + ".MaxStreams", protocol.MaxStreams, 10 * Million),
        (name + ".MaxInboundStreams", protocol.MaxInboundStreams, 10 * Million),
        (name + ".MaxStreamsPerPeer", protocol.MaxStreamsPerPeer, Million),
        (name + ".MaxInboundStreamsPerPeer", protocol.MaxInboundStreamsPerPeer, Million),
    ];

    private static IEnumerable<(string Name, ProtocolScopeOptions Options)> Protocols(ResourceOptions options) =>
        options.Protocols.Select(p => ($"Protocols.{p.Key}", p.Value)).Prepend(("Protocol", options.Protocol));

    private static IEnumerable<string> Ids(ResourceOptions options) =>
        from id in options.Protocols.Keys
        where string.IsNullOrWhiteSpace(id)
        select "Resources.Protocols: a protocol has no name; use its id, e.g. /ipfs/ping/1.0.0.";
}
