using NatActors.Multiformats;

namespace NatActors.Protocols.AutoNat;

/// <summary>Whether strangers can dial an address.</summary>
public enum Reachability
{
    /// <summary>Not enough evidence either way.</summary>
    Unknown,

    /// <summary>They cannot.</summary>
    Private,

    /// <summary>They can.</summary>
    Public,
}

/// <summary>What one question to one server came to.</summary>
public enum WitnessOutcome
{
    /// <summary>The dial-back arrived: its nonce is proof.</summary>
    Reached,

    /// <summary>The dial-back arrived, from an IP that this node had never contacted.</summary>
    ReachedByStranger,

    /// <summary>The server says that it could not dial the address.</summary>
    NotReached,

    /// <summary>
    /// The asked server's own dial-back arrived, but it says that a stranger's did not: filtering by address (RFC 4787 section 5).
    /// </summary>
    ReachedByContactOnly,

    /// <summary>No evidence: refused, rejected, timed out, broke off, or claimed a success that never arrived.</summary>
    NoEvidence,
}

/// <summary>One piece of evidence.</summary>
/// <param name="Server">Who was asked, or who came in by itself.</param>
/// <param name="ServerAddress">From where, without peer id.</param>
/// <param name="Outcome">What came of it.</param>
/// <param name="Detail">In words for a person.</param>
/// <param name="At">When, by the monotonic clock.</param>
public sealed record VerdictWitness(PeerId Server, Multiaddr ServerAddress, WitnessOutcome Outcome, string Detail, TimeSpan At);

/// <summary>A verdict that is or was, and since when.</summary>
/// <param name="Verdict">What it became.</param>
/// <param name="At">Since when, by the monotonic clock.</param>
/// <param name="Reason">Why it became so, in words for a person.</param>
public sealed record VerdictChange(Reachability Verdict, TimeSpan At, string Reason);

/// <summary>What is known of one address.</summary>
public sealed record AddressVerdict
{
    /// <summary>The address, without peer id.</summary>
    public required Multiaddr Address { get; init; }

    /// <summary>The verdict.</summary>
    public Reachability Verdict { get; init; }

    /// <summary>
    /// True when a host that this node had never contacted came through, so that no filter by address stands before it. Only with
    /// <see cref="Reachability.Public"/>; without it the verdict reads "public, filtering unproven".
    /// </summary>
    public bool FilteringProven { get; init; }

    /// <summary>Why, in words for a person, the most important first.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>The evidence that counts now, the latest first; bounded.</summary>
    public IReadOnlyList<VerdictWitness> Witnesses { get; init; } = [];

    /// <summary>This verdict and earlier ones, the latest first; bounded.</summary>
    public IReadOnlyList<VerdictChange> History { get; init; } = [];
}

/// <summary>
/// What is known of the node as a whole: public if any address is, private if all that were tested are not, else unknown
/// (libp2p/specs issue 713).
/// </summary>
public sealed record NodeVerdict
{
    /// <summary>Nothing known yet.</summary>
    public static NodeVerdict None { get; } = new();

    /// <summary>The verdict.</summary>
    public Reachability Verdict { get; init; }

    /// <summary>True when at least one public address has its filtering proven.</summary>
    public bool FilteringProven { get; init; }

    /// <summary>Why, in words for a person.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>Every address that was or is to be tested.</summary>
    public IReadOnlyList<AddressVerdict> Addresses { get; init; } = [];

    /// <summary>This verdict and earlier ones, the latest first; bounded.</summary>
    public IReadOnlyList<VerdictChange> History { get; init; } = [];

    /// <summary>The verdict as people read it: <c>public</c>, <c>public, filtering unproven</c>, <c>private</c> or <c>unknown</c>.</summary>
    public string Text => Describe(Verdict, FilteringProven);

    /// <summary>A verdict as people read it.</summary>
    public static string Describe(Reachability verdict, bool filteringProven) => verdict switch
    {
        Reachability.Public => filteringProven ? "public" : "public, filtering unproven",
        Reachability.Private => "private",
        _ => "unknown",
    };
}
