using System.Xml.Linq;
using NatActors.Build;

namespace NatActors.Architecture.Tests.Build;

public class SummaryTests
{
    private static readonly TestProject Project = new("Some.Tests", "Some.Tests.csproj", EmbeddedOnly: false, RunsAlone: false);

    [Fact]
    public void The_closing_line_counts_all_projects()
    {
        ProjectResult[] results = [Result(passed: 3), Result(passed: 4, failed: 1)];
        Assert.Equal("7 passed, 1 failed", Summary.Lines(results).Last());
    }

    [Fact]
    public void The_closing_line_names_skips_only_if_there_are_any() =>
        Assert.Equal("1 passed, 0 failed, 2 skipped", Summary.Closing([Result(passed: 1, skipped: 2)]));

    [Theory]
    [InlineData(1, 0, 0, true, true)]
    [InlineData(1, 0, 1, false, true)]
    [InlineData(1, 0, 1, true, false)]
    [InlineData(1, 1, 0, false, false)]
    [InlineData(0, 0, 0, false, false)]
    public void A_failure_an_empty_run_or_a_skip_under_ci_is_not_good(int passed, int failed, int skipped, bool underCi, bool good) =>
        Assert.Equal(good, Summary.Good([Result(passed, failed, skipped)], underCi));

    [Fact]
    public void Outcomes_are_read_with_their_reasons()
    {
        var report = TrxReport.Parse(XDocument.Parse(
            """
            <TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results>
              <UnitTestResult testName="A" outcome="Passed" />
              <UnitTestResult testName="B" outcome="Failed"><Output><ErrorInfo><Message>expected 1</Message><StackTrace>at B</StackTrace></ErrorInfo></Output></UnitTestResult>
              <UnitTestResult testName="C" outcome="NotExecuted"><Output><ErrorInfo><Message>needs root</Message></ErrorInfo></Output></UnitTestResult>
            </Results></TestRun>
            """));
        Assert.Equal(1, report.Passed);
        Assert.Equal([new TestOutcome("B", "expected 1\nat B")], report.Failures);
        Assert.Equal([new TestOutcome("C", "needs root")], report.Skips);
    }

    [Fact]
    public void A_project_without_results_counts_as_a_failure() =>
        Assert.Single(TestRun.Judge(Project, new CommandResult(134, false, "boom"), report: null, TimeSpan.Zero).Failures);

    [Fact]
    public void A_crash_after_the_last_result_counts_as_a_failure() =>
        Assert.Single(TestRun.Judge(Project, new CommandResult(1, false, "boom"), new TrxReport(5, [], []), TimeSpan.Zero).Failures);

    [Fact]
    public void A_project_killed_at_the_deadline_counts_as_a_failure() =>
        Assert.Single(TestRun.Judge(Project, new CommandResult(1, true, ""), new TrxReport(5, [], []), TimeSpan.Zero).Failures);

    [Fact]
    public void A_failed_test_is_counted_once() =>
        Assert.Single(TestRun.Judge(Project, new CommandResult(1, false, ""), new TrxReport(5, [new TestOutcome("A", "no")], []), default).Failures);

    private static ProjectResult Result(int passed, int failed = 0, int skipped = 0) =>
        new(Project.Name, passed, Outcomes(failed), Outcomes(skipped), TimeSpan.Zero);

    private static TestOutcome[] Outcomes(int count) => [.. Enumerable.Range(0, count).Select(i => new TestOutcome($"T{i}", "because"))];
}
