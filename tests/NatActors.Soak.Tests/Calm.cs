using NatActors.Soak.Tests.Counters;

namespace NatActors.Soak.Tests;

/// <summary>Waits until a network that nothing is asked of has come to rest.</summary>
public sealed class Calm(SoakNetwork network, TimeSpan patience, Action<string> print)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Looks in a row that show the same before a state counts as at rest: longer than the pauses between what a start consists
    /// of.</summary>
    private const int LooksAtRest = 10;

    /// <summary>The state at rest before anything has happened: each peer has its one connection, to the relay, and no stream is
    /// open.</summary>
    public async Task<Census> SettleAsync()
    {
        var (same, last) = (0, new Census());
        using var timer = new PeriodicTimer(Interval);
        var started = TimeProvider.System.GetTimestamp();
        while (same < LooksAtRest)
        {
            await timer.WaitForNextTickAsync();
            var now = await Census.TakeAsync(network.Nodes);
            same = IsReady(now) && now.DifferencesFrom(last).Count == 0 ? same + 1 : 0;
            last = now;
            if (TimeProvider.System.GetElapsedTime(started) > patience)
            {
                throw new TimeoutException($"the network does not settle: {string.Join(", ", now.Counts)}");
            }
        }

        return last;
    }

    /// <summary>Waits until all is as it was; what still differs in the end is returned.</summary>
    public async Task<(Census Census, IReadOnlyList<string> Differences)> ReturnAsync(Census baseline)
    {
        var census = baseline;
        var shown = 0;
        var differences = await UntilAsync(async () =>
        {
            census = await Census.TakeAsync(network.Nodes);
            var differences = census.DifferencesFrom(baseline);
            if (differences.Count > 0 && ++shown % 20 == 0)
            {
                print($"soak: not yet as before: {differences[0]}" + (differences.Count > 1 ? $", and {differences.Count - 1} more" : ""));
            }

            return differences;
        }, patience);
        return (census, differences);
    }

    /// <summary>Looks again and again until nothing is left, or the time is over.</summary>
    public static async Task<IReadOnlyList<string>> UntilAsync(Func<Task<IReadOnlyList<string>>> look, TimeSpan patience)
    {
        using var timer = new PeriodicTimer(Interval);
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var left = await look();
            if (left.Count == 0 || TimeProvider.System.GetElapsedTime(started) > patience)
            {
                return left;
            }

            await timer.WaitForNextTickAsync();
        }
    }

    private bool IsReady(Census census) =>
        census.Sum(Census.Stream) == 0
        && network.Peers.All(peer => census.Sum(peer.Name, Census.Connection) == 1)
        && census.Sum(network.Relay.Name, Census.Connection) == network.Peers.Count;
}
