namespace NatActors.Protocols.AutoNat;

/// <summary>The bounds and the timing of AutoNAT's answering side, both versions, of dial-backs made for other servers, and of second ports.</summary>
public sealed record AutoNatServerOptions
{
    /// <summary>Requests of version 2 served in any minute. Range 1 to 100,000; default 60 (go-libp2p autonatv2).</summary>
    public int RequestsPerMinute { get; init; } = 60;

    /// <summary>Of them, from one peer. At least 1; default 12 (go-libp2p autonatv2).</summary>
    public int RequestsPerPeer { get; init; } = 12;

    /// <summary>
    /// Of them, from one IPv4 address or IPv6 /56, loopback left out. At least 1; default 12. Ours: peer ids cost nothing, so one host must
    /// get no more than one peer does.
    /// </summary>
    public int RequestsPerNetwork { get; init; } = 12;

    /// <summary>Of them, such as need dial data. At least 0, which serves none; default 12 (go-libp2p autonatv2).</summary>
    public int DialDataPerMinute { get; init; } = 12;

    /// <summary>Requests of one peer under way at once, both versions together. At least 1; default 2 (go-libp2p autonatv2).</summary>
    public int ConcurrentPerPeer { get; init; } = 2;

    /// <summary>Requests of version 1 served in any minute. Range 1 to 100,000; default 30 (go-libp2p host/autonat).</summary>
    public int V1RequestsPerMinute { get; init; } = 30;

    /// <summary>Of them, from one peer. At least 1; default 3 (go-libp2p host/autonat).</summary>
    public int V1RequestsPerPeer { get; init; } = 3;

    /// <summary>Of them, from one IPv4 address or IPv6 /56, loopback left out. At least 1; default 3, as for one peer. Ours.</summary>
    public int V1RequestsPerNetwork { get; init; } = 3;

    /// <summary>The least dial data asked for, in bytes. Default 30,000 (autonat-v2.md, "Amplification Attack Prevention").</summary>
    public int MinDialData { get; init; } = 30_000;

    /// <summary>The most dial data asked for, in bytes. Default 100,000 (autonat-v2.md, "Amplification Attack Prevention").</summary>
    public int MaxDialData { get; init; } = 100_000;

    /// <summary>
    /// The longest random wait between the last dial data and the dial, so that many bought dials do not hit their target in one moment. Zero
    /// for none; default 3 s (go-libp2p autonatv2, amplificationAttackPreventionDialWait).
    /// </summary>
    public TimeSpan MaxDialDelay { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long the client may take for its request and its dial data. Default 15 s (go-libp2p autonatv2, streamTimeout).</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long a connect of version 2 may take. Default 4 s: the kernel sends its SYN at 0, 1 and 3 s (RFC 6298), and one second is longer
    /// than the last one travels. go-libp2p takes 10 s, which adds one SYN; an address that is dropped is known as such sooner with less.
    /// </summary>
    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>
    /// How long the handshake and handing over the nonce may take together, once connected. Default 5 s (go-libp2p autonatv2,
    /// dialBackStreamTimeout).
    /// </summary>
    public TimeSpan DialBackTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a partner is waited for: what this node would take itself, and a second for the way there.</summary>
    public TimeSpan PartnerTimeout => DialTimeout + DialBackTimeout + TimeSpan.FromSeconds(1);

    /// <summary>How long a connect of version 1 may take. Default 15 s (go-libp2p host/autonat).</summary>
    public TimeSpan V1DialTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Dial-backs made for other servers in any minute. At least 0, which makes none; default 60, what one server may ask for.
    /// </summary>
    public int PartnerDialsPerMinute { get; init; } = 60;

    /// <summary>
    /// Of them, to one IPv4 address or IPv6 /56, loopback left out. At least 1; default 6. Ours: a client asks about a few addresses, a
    /// victim of many asking servers gets no more than this.
    /// </summary>
    public int PartnerDialsPerTarget { get; init; } = 6;

    /// <summary>
    /// Of them, for servers that are not among the configured partners. At least 0, which serves configured partners only; default 12.
    /// </summary>
    public int StrangerDialsPerMinute { get; init; } = 12;

    /// <summary>Of these, for one server. At least 1; default 4.</summary>
    public int StrangerDialsPerServer { get; init; } = 4;

    /// <summary>
    /// Second ports opened for observation in any minute (<see cref="SecondPortProtocol"/>). At least 0, which opens none; default 30. Ours: a
    /// client asks twice in half an hour.
    /// </summary>
    public int SecondPortsPerMinute { get; init; } = 30;

    /// <summary>Of them, for one peer. At least 1; default 4: a client that starts anew a few times is served.</summary>
    public int SecondPortsPerPeer { get; init; } = 4;

    /// <summary>
    /// Of them, for one IPv4 address or IPv6 /56, loopback left out. At least 1; default 4, as for one peer: peer ids cost nothing.
    /// </summary>
    public int SecondPortsPerNetwork { get; init; } = 4;

    /// <summary>Second ports open at once. At least 1; default 8, which one peer or network alone cannot take.</summary>
    public int ConcurrentSecondPorts { get; init; } = 8;

    /// <summary>
    /// How long a second port waits for its client. From 0.1 s to <see cref="SecondPortProtocol.MaxWindow"/>, which is the default.
    /// </summary>
    public TimeSpan SecondPortWindow { get; init; } = SecondPortProtocol.MaxWindow;

    /// <summary>All mistakes, each in one line that says what to do; empty when the options are good.</summary>
    /// <param name="path">What stands before the option's name in the line.</param>
    public IEnumerable<string> Validate(string path)
    {
        const int Most = 100_000;
        foreach (var (name, value, least) in Counts())
        {
            if (value < least || value > Most)
            {
                yield return $"{path}{name}: {value} is out of range; use {least} to {Most}.";
            }
        }

        if (MinDialData < 1 || MaxDialData < MinDialData)
        {
            yield return $"{path}MinDialData, MaxDialData: {MinDialData} to {MaxDialData} is no range; use 30000 and 100000.";
        }

        if (MaxDialDelay < TimeSpan.Zero)
        {
            yield return $"{path}MaxDialDelay: {MaxDialDelay} is negative; use 00:00:00 for none.";
        }

        if (SecondPortWindow > SecondPortProtocol.MaxWindow)
        {
            yield return $"{path}SecondPortWindow: {SecondPortWindow} is too long; use at most {SecondPortProtocol.MaxWindow}.";
        }

        foreach (var (name, value) in Durations())
        {
            if (value < TimeSpan.FromMilliseconds(100))
            {
                yield return $"{path}{name}: {value} is too short; use at least 00:00:00.1.";
            }
        }
    }

    private IEnumerable<(string Name, int Value, int Least)> Counts() =>
    [
        (nameof(RequestsPerMinute), RequestsPerMinute, 1),
        (nameof(RequestsPerPeer), RequestsPerPeer, 1),
        (nameof(RequestsPerNetwork), RequestsPerNetwork, 1),
        (nameof(DialDataPerMinute), DialDataPerMinute, 0),
        (nameof(ConcurrentPerPeer), ConcurrentPerPeer, 1),
        (nameof(V1RequestsPerMinute), V1RequestsPerMinute, 1),
        (nameof(V1RequestsPerPeer), V1RequestsPerPeer, 1),
        (nameof(V1RequestsPerNetwork), V1RequestsPerNetwork, 1),
        (nameof(PartnerDialsPerMinute), PartnerDialsPerMinute, 0),
        (nameof(PartnerDialsPerTarget), PartnerDialsPerTarget, 1),
        (nameof(StrangerDialsPerMinute), StrangerDialsPerMinute, 0),
        (nameof(StrangerDialsPerServer), StrangerDialsPerServer, 1),
        (nameof(SecondPortsPerMinute), SecondPortsPerMinute, 0),
        (nameof(SecondPortsPerPeer), SecondPortsPerPeer, 1),
        (nameof(SecondPortsPerNetwork), SecondPortsPerNetwork, 1),
        (nameof(ConcurrentSecondPorts), ConcurrentSecondPorts, 1),
    ];

    private IEnumerable<(string Name, TimeSpan Value)> Durations() =>
    [
        (nameof(RequestTimeout), RequestTimeout),
        (nameof(DialTimeout), DialTimeout),
        (nameof(DialBackTimeout), DialBackTimeout),
        (nameof(V1DialTimeout), V1DialTimeout),
        (nameof(SecondPortWindow), SecondPortWindow),
    ];
}
