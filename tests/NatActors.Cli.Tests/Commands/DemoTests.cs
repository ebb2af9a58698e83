using NatActors.Testing;

namespace NatActors.Cli.Tests.Commands;

public sealed class DemoTests : InAFolder
{
    /// <summary>Seven processes start and a punch of three rounds fails: a busy machine takes its time.</summary>
    private static readonly TimeSpan LongGuard = TimeSpan.FromMinutes(2);

    [SkippableFact]
    public async Task Shows_the_direct_path_and_then_what_symmetric_nats_make_of_it()
    {
        RequiresLab.OrSkip();
        await using var demo = Cli.Start(Folder, "demo", "--json", "--bytes", "1000000");
        var run = await demo.EndAsync(LongGuard);

        Assert.Equal(0, run.ExitCode);
        Assert.Empty(run.Errors);
        var result = Assert.Single(run.Events("perf-result"));
        Assert.Equal((1_000_000, false), (result.GetProperty("uploadBytes").GetInt64(), result.GetProperty("relayed").GetBoolean()));
        var ofA = run.Events("punch-ended").Where(e => e.GetProperty("node").GetString() == "A").Select(e => e.GetProperty("outcome").GetString());

        // Between them may be one that A's own end cuts short.
        Assert.Equal(("direct", "relayed"), (ofA.First(), ofA.Last()));
        Assert.All(run.Events("ping"), ping => Assert.True(ping.GetProperty("relayed").GetBoolean()));
        AssertNothingIsLeftOf(demo);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ended_in_the_middle_it_says_so_and_leaves_nothing_behind(bool interrupted)
    {
        RequiresLab.OrSkip();
        await using var demo = Cli.Start(Folder, "demo", "--bytes", "1000000");
        await demo.LineWithAsync("holds a slot at the relay");
        if (interrupted)
        {
            demo.Interrupt();
        }
        else
        {
            demo.Terminate();
        }

        var run = await demo.EndAsync();
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("Interrupted", Assert.Single(run.Errors));
        AssertNothingIsLeftOf(demo);
    }

    private static void AssertNothingIsLeftOf(Cli demo)
    {
        // The names of a laboratory's namespaces begin with the process that made it.
        var namespaces = Directory.Exists("/run/netns") ? Directory.GetFiles("/run/netns") : [];
        Assert.DoesNotContain(namespaces, file => Path.GetFileName(file).StartsWith($"nal{demo.Id}x", StringComparison.Ordinal));
    }
}
