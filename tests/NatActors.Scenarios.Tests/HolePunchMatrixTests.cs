using NatActors.Lab.Nat;
using NatActors.Node;
using NatActors.Scenarios.Tests.Support;

namespace NatActors.Scenarios.Tests;

/// <summary>
/// Every pair of routers: A dials B through the relay R; the pair goes direct in round one wherever a minimal punch can, and says why where
/// it cannot (the oracle is that of the laboratory's own tests). A class for each kind of A's router: classes run side by side.
/// </summary>
public abstract class HolePunchMatrix(MatrixLab lab) : IClassFixture<MatrixLab>
{
    private static readonly RouterType[] Types =
    [
        RouterType.None, RouterType.Firewall, RouterType.FullCone, RouterType.AddrRestricted,
        RouterType.PortForward, RouterType.PortRestricted, RouterType.Symmetric, RouterType.Cgnat,
    ];

    /// <summary>The types that turn strays away at all: for the others a refusal and a drop are the same.</summary>
    private static readonly RouterType[] Refusing =
    [
        RouterType.Firewall, RouterType.AddrRestricted, RouterType.PortForward, RouterType.PortRestricted, RouterType.Symmetric, RouterType.Cgnat,
    ];

    /// <summary>
    /// All pairs with that router before A; those that can meet also with either or both routers answering strays with a reset, the others
    /// with both.
    /// </summary>
    public static TheoryData<string, string> PairsWith(RouterType a)
    {
        var data = new TheoryData<string, string>();
        foreach (var b in Types)
        {
            foreach (var (kindA, kindB) in Variants(a, b))
            {
                data.Add(kindA.ToString(), kindB.ToString());
            }
        }

        return data;
    }

    private protected async Task ShowAsync(string a, string b)
    {
        Assert.True(RouterKind.TryParse(a, out var kindA));
        Assert.True(RouterKind.TryParse(b, out var kindB));
        var (peerA, peerB) = await lab.StartPairAsync(kindA, kindB);
        await using var endB = peerB;
        await using var endA = peerA;
        await peerB.Events.NextAsync<NodeEvents.Reserved>();

        var connection = await peerA.Node.DialAsync(lab.Relay.Circuit(peerB.Id)).WaitAsync(EventLog.Guard);
        Assert.True(connection.Relayed);

        if (Oracle.CanMeet(kindA.Type, kindB.Type))
        {
            await peerA.Events.NextAsync<NodeEvents.Connected>(e => !e.Relayed && e.Peer == peerB.Id);
            var ended = await peerB.Events.NextAsync<NodeEvents.PunchEnded>(e => e.Peer == peerA.Id);
            var story = $"{ended}{Environment.NewLine}A{Environment.NewLine}{peerA.Events}{Environment.NewLine}B{Environment.NewLine}{peerB.Events}";
            Assert.True(ended.Outcome == PunchOutcome.Direct, story);
            Assert.True(ended.Round <= 1, story);
            await Echo.RunAsync(peerA, peerB, relayed: false);
        }
        else
        {
            var ended = await peerB.Events.NextAsync<NodeEvents.PunchEnded>(e => e.Peer == peerA.Id);
            Assert.Equal(PunchOutcome.Relayed, ended.Outcome);
            Assert.Contains("symmetric", ended.Reason, StringComparison.Ordinal);
            await Echo.RunAsync(peerA, peerB, relayed: true);
        }
    }

    private static IEnumerable<(RouterKind A, RouterKind B)> Variants(RouterType a, RouterType b)
    {
        yield return (a, b);
        var (refusingA, refusingB) = (new RouterKind(a, RouterModifiers.Rst), new RouterKind(b, RouterModifiers.Rst));
        if (!Oracle.CanMeet(a, b))
        {
            yield return (refusingA, refusingB);
            yield break;
        }

        if (Refusing.Contains(a))
        {
            yield return (refusingA, b);
        }

        if (Refusing.Contains(b))
        {
            yield return (a, refusingB);
        }

        if (Refusing.Contains(a) && Refusing.Contains(b))
        {
            yield return (refusingA, refusingB);
        }
    }
}

public sealed class HolePunchFromNoneTests(MatrixLab lab) : HolePunchMatrix(lab)
{
    [SkippableTheory]
    [MemberData(nameof(PairsWith), RouterType.None)]
    public Task A_pair_goes_direct_in_round_one_or_says_why_not(string a, string b) => ShowAsync(a, b);
}

public sealed class HolePunchFromFirewallTests(MatrixLab lab) : HolePunchMatrix(lab)
{
    [SkippableTheory]
    [MemberData(nameof(PairsWith), RouterType.Firewall)]
    public Task A_pair_goes_direct_in_round_one_or_says_why_not(string a, string b) => ShowAsync(a, b);
}

public sealed class HolePunchFromFullConeTests(MatrixLab lab) : HolePunchMatrix(lab)
{
    [SkippableTheory]
    [MemberData(nameof(PairsWith), RouterType.FullCone)]
    public Task A_pair_goes_direct_in_round_one_or_says_why_not(string a, string b) => ShowAsync(a, b);
}

public sealed class HolePunchFromAddrRestrictedTests(MatrixLab lab) : HolePunchMatrix(lab)
{
    [SkippableTheory]
    [MemberData(nameof(PairsWith), RouterType.AddrRestricted)]
    public Task A_pair_goes_direct_in_round_one_or_says_why_not(string a, string b) => ShowAsync(a, b);
}

public sealed class HolePunchFromPortForwardTests(MatrixLab lab) : HolePunchMatrix(lab)
{
    [SkippableTheory]
    [MemberData(nameof(PairsWith), RouterType.PortForward)]
    public Task A_pair_goes_direct_in_round_one_or_says_why_not(string a, string b) => ShowAsync(a, b);
}

public sealed class HolePunchFromPortRestrictedTests(MatrixLab lab) : HolePunchMatrix(lab)
{
    [SkippableTheory]
    [MemberData(nameof(PairsWith), RouterType.PortRestricted)]
    public Task A_pair_goes_direct_in_round_one_or_says_why_not(string a, string b) => ShowAsync(a, b);
}

public sealed class HolePunchFromSymmetricTests(MatrixLab lab) : HolePunchMatrix(lab)
{
    [SkippableTheory]
    [MemberData(nameof(PairsWith), RouterType.Symmetric)]
    public Task A_pair_goes_direct_in_round_one_or_says_why_not(string a, string b) => ShowAsync(a, b);
}

public sealed class HolePunchFromCgnatTests(MatrixLab lab) : HolePunchMatrix(lab)
{
    [SkippableTheory]
    [MemberData(nameof(PairsWith), RouterType.Cgnat)]
    public Task A_pair_goes_direct_in_round_one_or_says_why_not(string a, string b) => ShowAsync(a, b);
}
