using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;

namespace NatActors.Fuzz.Entries.Protocols.AutoNat;

/// <summary>Messages of AutoNAT version 1, what a server would dial for them, and what a client believes.</summary>
public sealed class AutoNatV1MessageEntry : FuzzEntry
{
    private static readonly AutoNatServerPolicy Open = Policy(allowPrivate: true);
    private static readonly AutoNatServerPolicy Strict = Policy(allowPrivate: false);

    // From the internet, over IPv6, by a link of this machine, in disguise, over a relay.
    private static readonly AutoNatClient[] Clients =
        [.. new[] { 2, 19, 27, 28, 6 }.Select(i => new AutoNatClient(Samples.Peers[1], Samples.Addresses[i], false)),
            new(Samples.Peers[1], Samples.Addresses[34], true)];

    /// <inheritdoc />
    public override string Name => "protocols.autonat.v1";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.Protobuf;

    // Each address is rewritten and judged for six clients here.
    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 2048, AllocatedConstant: 64 * 1024, StepsPerByte: 2048, StepsConstant: 64 * 1024);

    /// <inheritdoc />
    public override int Cost => 50;

    /// <inheritdoc />
    public override int MaxLength => 1200;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        AutoNatV1Codec.Encode(new AutoNatV1Message.Dial(Samples.Peers[1], [.. Samples.Addresses.Take(12)])),
        AutoNatV1Codec.Encode(new AutoNatV1Message.Dial(Samples.Peers[1], [.. Samples.Addresses.Skip(24)])),
        AutoNatV1Codec.Encode(new AutoNatV1Message.DialResponse(AutoNatV1Status.Ok, "fine", Samples.Addresses[0])),
        AutoNatV1Codec.Encode(new AutoNatV1Message.DialResponse(AutoNatV1Status.DialError, null, null)),
    ];

    /// <inheritdoc />
    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var decoded = AutoNatV1Codec.Decode(input);
        Require.That(decoded.Message is null == (decoded.Fault != AutoNatMessageFault.None), "a message and a fault at once, or neither");
        var claimed = ProbeV1.Judge(decoded, cameIn: false);
        Require.That(claimed.Outcome != WitnessOutcome.Reached, "a claimed success that never came in is believed");
        var refusal = V1ServerRules.Refusal(decoded, Clients[0]);
        if (decoded.Message is not { } message)
        {
            Require.That(
                refusal is not null && claimed.Outcome == WitnessOutcome.NoEvidence,
                "an unreadable message is served, or is evidence");
            return FuzzOutcome.Refused(decoded.Fault);
        }

        var digest = default(FuzzDigest);
        digest.Add((int)claimed.Outcome);
        var again = AutoNatV1Codec.Decode(AutoNatV1Codec.Encode(message)).Message;
        if (message is AutoNatV1Message.Dial dial)
        {
            Require.That(refusal is null == (dial.Peer == Samples.Peers[1]), "a request about another peer is served");
            Require.That(
                again is AutoNatV1Message.Dial same && same.Peer == dial.Peer && same.Addresses.SequenceEqual(dial.Addresses),
                "a request is written otherwise than it was read");
            HoldTargets(dial.Addresses, ref digest);
        }
        else
        {
            Require.That(message == again, "an answer is written otherwise than it was read");
        }

        return FuzzOutcome.Taken(digest);
    }

    private static void HoldTargets(IReadOnlyList<Multiaddr> addresses, ref FuzzDigest digest)
    {
        foreach (var client in Clients)
        {
            foreach (var policy in (AutoNatServerPolicy[])[Open, Strict])
            {
                var targets = V1ServerRules.Targets(addresses, client, policy);
                Require.That(
                    targets.Count <= V1ServerRules.MaxTargets && (targets.Count == 0 || client.Ip is not null),
                    "too many targets, or any for a relayed client");
                Require.That(
                    targets.All(t => Equals(AutoNatServerPolicy.Plain(t.Host!), client.Ip)),
                    "another host than the client's is dialed");
                Require.That(
                    targets.All(t => policy.AllowPrivate || AddressScope.IsPublic(t)),
                    "a private network is dialed for a stranger");
                digest.Add(targets.Count);
            }
        }
    }

    private static AutoNatServerPolicy Policy(bool allowPrivate)
    {
        var policy = new AutoNatServerPolicy(allowPrivate, address => address.IsTcp);
        policy.SetOwn([.. Samples.Hosts.Skip(5).Take(3), Samples.Hosts[16]], [Samples.Hosts[4]]);
        return policy;
    }
}
