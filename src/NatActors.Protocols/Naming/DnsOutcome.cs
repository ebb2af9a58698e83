using System.Net;

namespace NatActors.Protocols.Naming;

/// <summary>How a lookup ended.</summary>
public enum DnsOutcomeKind
{
    /// <summary>With at least one value.</summary>
    Found,

    /// <summary>A server says that the name does not exist.</summary>
    NoSuchName,

    /// <summary>The name exists but has no record of that type.</summary>
    NoData,

    /// <summary>No server gave an answer that can be used.</summary>
    Failed,
}

/// <summary>What a lookup came to.</summary>
/// <param name="Kind">How it ended.</param>
/// <param name="Addresses">The addresses, for A and AAAA.</param>
/// <param name="Texts">The texts, for TXT.</param>
/// <param name="TimeToLive">How long it may be kept as the server says; null when it does not.</param>
/// <param name="Detail">Why there is no value, in words for a person: what the name server said, and what to do. Empty when found.</param>
public sealed record DnsOutcome(
    DnsOutcomeKind Kind,
    IReadOnlyList<IPAddress> Addresses,
    IReadOnlyList<string> Texts,
    TimeSpan? TimeToLive,
    string Detail)
{
    /// <summary>True when it is known that there is nothing: an answer that may be kept too.</summary>
    public bool IsNegative => Kind is DnsOutcomeKind.NoSuchName or DnsOutcomeKind.NoData;

    /// <summary>Addresses that are known without asking a name server.</summary>
    public static DnsOutcome Known(IReadOnlyList<IPAddress> addresses) => new(DnsOutcomeKind.Found, addresses, [], null, string.Empty);

    /// <summary>No answer.</summary>
    public static DnsOutcome Failure(string detail) => new(DnsOutcomeKind.Failed, [], [], null, detail);
}

/// <summary>What a <see cref="DnsLookup"/> wants done.</summary>
public abstract record DnsLookupEffect
{
    private DnsLookupEffect()
    {
    }

    /// <summary>
    /// Send the query from a new random port and wait for the server's answer; answer with <see cref="DnsLookup.OnAnswer"/> or
    /// <see cref="DnsLookup.OnAskFailed"/>. Whatever was asked before is no longer waited for.
    /// </summary>
    /// <param name="Try">Counts from 1.</param>
    /// <param name="Server">Whom to ask; nobody else may answer.</param>
    /// <param name="Query">The bytes.</param>
    /// <param name="OverTcp">True over TCP, behind a length of two bytes (RFC 1035 section 4.2.2).</param>
    public sealed record Ask(int Try, IPEndPoint Server, ReadOnlyMemory<byte> Query, bool OverTcp) : DnsLookupEffect;

    /// <summary>The lookup is over.</summary>
    public sealed record Finished(DnsOutcome Outcome) : DnsLookupEffect;
}

/// <summary>Whom to ask, and how patiently (resolv.conf(5)).</summary>
public sealed record DnsLookupOptions
{
    /// <summary>The servers, asked in this order.</summary>
    public IReadOnlyList<IPEndPoint> Servers { get; init; } = [];

    /// <summary>How long one server may take to answer. 100 ms to 30 s; default 2 s (glibc waits 5: a dial cannot).</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often the list is gone through. 1 to 5; default 2 (glibc).</summary>
    public int Attempts { get; init; } = 2;
}
