namespace NatActors.Soak.Tests.Steps;

/// <summary>Draws the steps of each round by seed: the same seed gives the same steps, in the same order.</summary>
public sealed class StepPlan(int seed, int nodes, int stepsPerRound, int stepsForOneDisturbance)
{
    private static readonly (StepKind Kind, int Weight)[] Asking =
    [
        (StepKind.DialRelayed, 8),
        (StepKind.DialPublicAddress, 2),
        (StepKind.DialNobody, 4),
        (StepKind.DialCancelled, 4),
        (StepKind.DialByMessage, 4),
        (StepKind.DialMessageCancelled, 4),
        (StepKind.Echo, 16),
        (StepKind.EchoDirect, 6),
        (StepKind.HalfClose, 6),
        (StepKind.ResetMidway, 8),
        (StepKind.NeverRead, 5),
        (StepKind.StreamByMessage, 6),
        (StepKind.StreamCancelled, 5),
        (StepKind.Ping, 6),
        (StepKind.PingCancelled, 3),
        (StepKind.Perf, 2),
        (StepKind.PerfCancelled, 2),
        (StepKind.Status, 2),
        (StepKind.Report, 1),
        (StepKind.Close, 6),
        (StepKind.ProbeAgain, 1),
    ];

    private static readonly (StepKind Kind, int Weight)[] Disturbing =
    [
        (StepKind.FlushMappings, 6),
        (StepKind.PullHostCable, 2),
        (StepKind.PullRouterCable, 3),
        (StepKind.RestartRouter, 2),
        (StepKind.RestartRelay, 3),
        (StepKind.RestartNode, 4),
    ];

    /// <summary>The steps of a round, counted from 0.</summary>
    public IEnumerable<Step> Round(int round)
    {
        var random = new Random(HashOf(seed, round));
        for (var i = 0; i < stepsPerRound; i++)
        {
            var kind = (i + 1) % stepsForOneDisturbance == 0 ? Pick(random, Disturbing) : Pick(random, Asking);
            var from = random.Next(nodes);
            var to = (from + 1 + random.Next(nodes - 1)) % nodes;
            yield return new Step(kind, from, to, random.Next());
        }
    }

    private static StepKind Pick(Random random, (StepKind Kind, int Weight)[] among)
    {
        var at = random.Next(among.Sum(a => a.Weight));
        return among.First(a => (at -= a.Weight) < 0).Kind;
    }

    // Not HashCode, which differs from process to process.
    private static int HashOf(int seed, int round) => unchecked((seed * 486_187_739) + (round * 16_777_619));
}
