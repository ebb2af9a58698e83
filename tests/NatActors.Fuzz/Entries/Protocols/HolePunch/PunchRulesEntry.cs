using System.Text;
using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.HolePunch;

namespace NatActors.Fuzz.Entries.Protocols.HolePunch;

/// <summary>Which addresses are sent and punched to, what they betray of a NAT, who speaks first, and the verdict in words.</summary>
public sealed class PunchRulesEntry : FuzzEntry
{
    private static readonly PunchOptions Options = new();

    /// <inheritdoc />
    public override string Name => "protocols.holepunch.rules";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.Bytes;

    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 1024, AllocatedConstant: 192 * 1024, StepsPerByte: 1024, StepsConstant: 64 * 1024);

    /// <inheritdoc />
    public override int Cost => 30;

    /// <inheritdoc />
    public override int MaxLength => 160;

    /// <inheritdoc />
    public override IReadOnlyList<byte[]> Words { get; } = [.. new[] { "go-libp2p/0.36.1", "go-libp2p/0.41", "go-libp2p/0.",
        "js" }.Select(Encoding.UTF8.GetBytes)];

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
        [[2, 0, 1, 1, 6, 3, 0, 6, 7, 3, 1, 1, 1, (byte)'g', (byte)'o'], [12, .. Enumerable.Range(0, 40).Select(i => (byte)i)], [0]];

    /// <inheritdoc />
    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var arguments = new EventArguments(input);
        var own = new OwnAddresses { Observed = Samples.AddressList(ref arguments, 12), Listening = Samples.AddressList(ref arguments, 6) };
        var peer = Samples.AddressList(ref arguments, 24);
        var sent = PunchCandidates.Own(own, Options);
        var sentFor = PunchCandidates.OwnFor(own, peer, Options);
        var remotes = PunchCandidates.OfPeer(peer, own, Options);
        foreach (var list in (IReadOnlyList<Multiaddr>[])[sent, sentFor, remotes])
        {
            Require.That(list.Count <= Options.MaxCandidates && list.Distinct().Count() == list.Count, "too many candidates, or one twice");
            Require.That(
                list.All(a => a.PeerId is null && a.TryGetTcpEndPoint(out var end) && end.Port != 0),
                "a candidate cannot be dialed");
        }

        Require.That(sent.All(AddressScope.IsPublic), "an address of limited reach is sent unasked");
        Require.That(sentFor.Concat(remotes).All(a => !AddressScope.IsLoopback(a)), "loopback is a candidate");
        Require.That(
            remotes.All(r => !own.Observed.Concat(own.Listening).Any(o => o.WithoutPeerId() == r)),
            "an own address is punched to");
        var sameHost = sent.Any(o => peer.Any(p => AddressScope.IsPublic(p) && Equals(p.Host, o.Host)));
        Require.That(sameHost || remotes.All(AddressScope.IsPublic), "a peer elsewhere aims us at a private network");
        var evidence = new PunchEvidence(
            NatHints.Of(own.Observed, own.Listening),
            NatHints.OfPeer(peer, own.Listening),
            arguments.Flag() ? (PunchDialFailure)arguments.Below(6) : null,
            arguments.Below(4),
            sent.Count,
            remotes.Count,
            arguments.Flag() ? peer.Count : null);
        var reason = PunchReasons.Classify(evidence);
        Require.That(reason.Length > 0, "a verdict without words");
        var agent = Encoding.UTF8.GetString(arguments.Remaining());
        var digest = default(FuzzDigest);
        digest.Add(reason);
        for (var round = 1; round <= Options.MaxRounds; round++)
        {
            digest.Add((int)PunchRoles.For(initiator: true, round, 0, agent));
            digest.Add((int)PunchRoles.For(initiator: false, round, 1, agent));
        }

        return FuzzOutcome.Taken(digest);
    }
}
