using NatActors.Testing;
using Xunit.Abstractions;

namespace NatActors.Soak.Tests;

/// <summary>Three nodes behind NATs and a relay under churn: nothing is left over, however long it goes on.</summary>
public class SoakTests(ITestOutputHelper output)
{
    [SkippableFact]
    public Task Half_a_minute_of_churn_leaves_nothing_behind() => RunAsync(SoakOptions.Short());

    [SkippableFact]
    [Trait("Category", "Slow")]
    public Task An_hour_of_churn_leaves_nothing_behind() => RunAsync(SoakOptions.Long());

    private async Task RunAsync(SoakOptions options)
    {
        RequiresLab.OrSkip();
        await using var run = new SoakRun(options, Print);
        var wrong = await run.RunAsync();
        Assert.True(wrong.Count == 0, string.Join(Environment.NewLine, wrong));
    }

    private void Print(string line)
    {
        Progress.Say(line);
        output.WriteLine(line);
    }
}
