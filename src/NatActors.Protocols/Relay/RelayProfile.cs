using NatActors.Multiformats;

namespace NatActors.Protocols.Relay;

/// <summary>
/// The bounds of a relay server. A remote never chooses this node's memory or traffic: each bound is checked before anything is kept.
/// </summary>
public sealed record RelayProfile
{
    /// <summary>
    /// For a relay that serves strangers: the spec's idea of limited relaying in go-libp2p's numbers (circuitv2/relay/resources.go), enough
    /// for a handshake and a hole punch, useless for bulk traffic.
    /// </summary>
    public static RelayProfile Public { get; } = new();

    /// <summary>For a relay that serves its owner's peers: circuits are usable for traffic, and there are many.</summary>
    public static RelayProfile Private { get; } = new()
    {
        Name = "private",
        MaxReservations = 2048,
        MaxReservationsPerAddress = 2048,
        MaxCircuits = 4096,
        MaxCircuitsPerPeer = 256,
        MaxCircuitsPerAddress = 256,
        AsksPerPeer = new RateLimit(16, 512),
        AsksPerAddress = new RateLimit(64, 4096),
        Limits = new RelayLimits(TimeSpan.FromHours(1), 1L << 30),
    };

    /// <summary>The profile's name.</summary>
    public string Name { get; init; } = "public";

    /// <summary>Reservations in all. At least 1; default 128. A peer has one: a new one replaces its old one.</summary>
    public int MaxReservations { get; init; } = 128;

    /// <summary>Reservations of one IP address (for IPv6, one /56, the usual delegation to a household). At least 1; default 8.</summary>
    public int MaxReservationsPerAddress { get; init; } = 8;

    /// <summary>How long a reservation lasts unless refreshed. At least one minute; default one hour.</summary>
    public TimeSpan ReservationTtl { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Circuits in all. At least 1; default 1,024 (128 reservations with a few each).</summary>
    public int MaxCircuits { get; init; } = 1024;

    /// <summary>Circuits of one peer, counted as source and as destination each. At least 1; default 16.</summary>
    public int MaxCircuitsPerPeer { get; init; } = 16;

    /// <summary>
    /// Circuits to one destination from one IP address (for IPv6, one /56), loopback left out. At least 1; default 8, half of what a
    /// destination may have: peer ids cost nothing, and one host with many of them is not to take all its circuits.
    /// </summary>
    public int MaxCircuitsPerAddress { get; init; } = 8;

    /// <summary>
    /// Reservations, and circuits, that one peer may ask for. Default one a second over a burst of 60 (rust-libp2p: a quarter of that). Each
    /// costs a signature, or a stream to the peer that is to be reached.
    /// </summary>
    public RateLimit AsksPerPeer { get; init; } = new(1, 60);

    /// <summary>
    /// The same for one IP address (for IPv6, one /56), loopback left out, for peer ids cost nothing. Default 4 a second over a burst of 240.
    /// </summary>
    public RateLimit AsksPerAddress { get; init; } = new(4, 240);

    /// <summary>What one circuit may last and carry. Default two minutes and 128 KiB per direction.</summary>
    public RelayLimits Limits { get; init; } = new(TimeSpan.FromMinutes(2), 128 * 1024);

    /// <summary>The profile of that name, or null.</summary>
    public static RelayProfile? Named(string name) => name switch
    {
        "public" => Public,
        "private" => Private,
        _ => null,
    };
}
