using System.Text.Json;
using NatActors.Lab.Verbs;
using NatActors.Testing;

namespace NatActors.Lab.Tests;

/// <summary>The <c>lab</c> verbs as a person or a tool meets them.</summary>
public sealed class CommandTests
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _errors = new();

    [SkippableFact]
    public async Task A_foreground_laboratory_is_listed_runs_commands_and_ends_when_asked()
    {
        RequiresLab.OrSkip();
        using var end = new CancellationTokenSource();
        var lines = new LineWriter();
        var options = new LabUpOptions { RouterA = "symmetric+rst", DelayMs = 1, Foreground = true };
        var up = new LabCommands(lines, _errors, json: true).UpAsync(options, ["false"], end.Token);
        using var announced = JsonDocument.Parse(await lines.First.OrFail());
        Assert.Equal("lab-up", announced.RootElement.GetProperty("event").GetString());
        var id = announced.RootElement.GetProperty("lab").GetProperty("id").GetString()!;
        Assert.Contains("symmetric+rst", await lines.First, StringComparison.Ordinal);

        Assert.Equal(0, Commands().List());
        Assert.Contains(id, _output.ToString(), StringComparison.Ordinal);
        Assert.Equal(7, await Commands().ExecAsync("A", ["sh", "-c", "exit 7"], id, CancellationToken.None).OrFail());
        Assert.Equal(2, await Commands().ExecAsync("Z", ["true"], id, CancellationToken.None).OrFail());

        await end.CancelAsync();
        Assert.Equal(0, await up.OrFail());
        Assert.Empty(LabRegistry.Namespaces(id));
    }

    [SkippableTheory]
    [InlineData("")]
    [InlineData("fullcone+")]
    [InlineData("fullcone+loud")]
    [InlineData("3")]
    [InlineData("portforward:0")]
    [InlineData("portforward:65536")]
    [InlineData("symmetric:4001")]
    [InlineData("symmetric+noipv4")]
    public async Task A_router_that_does_not_exist_is_a_usage_error_in_one_line(string router)
    {
        Assert.Equal(2, await Commands().UpAsync(new LabUpOptions { RouterB = router }, ["false"], CancellationToken.None));
        Assert.Single(_errors.ToString().Trim().Split('\n'));
    }

    [SkippableTheory]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(1e9)]
    public async Task A_delay_out_of_range_is_a_usage_error(double delay) =>
        Assert.Equal(2, await Commands().UpAsync(new LabUpOptions { DelayMs = delay }, ["false"], CancellationToken.None));

    [SkippableFact]
    public async Task A_keeper_that_does_not_come_up_is_a_failure()
    {
        RequiresLab.OrSkip();
        Assert.Equal(1, await Commands().UpAsync(new LabUpOptions(), ["false"], CancellationToken.None).OrFail());
    }

    [SkippableFact]
    public async Task Down_leaves_the_laboratory_of_a_living_test_alone()
    {
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create();
        Assert.Equal(0, await Commands().DownAsync(lab.Id, CancellationToken.None).OrFail());
        Assert.NotEmpty(LabRegistry.Namespaces(lab.Id));
        Assert.Equal(2, await Commands().DownAsync("nal0x0", CancellationToken.None).OrFail());
    }

    private LabCommands Commands() => new(_output, _errors, json: false);

    /// <summary>A writer whose first line can be awaited.</summary>
    private sealed class LineWriter : StringWriter
    {
        private readonly TaskCompletionSource<string> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Task<string> First => _first.Task;

        public override void WriteLine(string? value) => _first.TrySetResult(value ?? "");
    }
}
