using NatActors.Fuzz.Engine;
using NatActors.Fuzz.Running;
using NatActors.Testing;
using Xunit.Abstractions;

namespace NatActors.Fuzz.Tests;

/// <summary>
/// Every entry: its corpus replayed and a short run, the same one each time. With <c>--slow</c> ten million inputs over all of them,
/// likewise.
/// </summary>
public sealed class EntryTests(ITestOutputHelper output)
{
    /// <summary>Enough for each mutation to have been tried on each entry; the corpus does the rest.</summary>
    private const long ShortRun = 20_000;

    /// <summary>Issue 4: "ten million inputs".</summary>
    private const long LongRun = 10_000_000;

    private const ulong ShortSeed = 1;
    private const ulong LongSeed = 20_000_000;

    /// <summary>One instrumented copy of everything for all tests of this class, which run one after the other.</summary>
    private static readonly Lazy<Func<FuzzJob, Action<string>, IReadOnlyList<EntryReport>>> Instrumented = new(() => Worker.Load(null));

    public static TheoryData<string> Entries => [.. EntryCatalog.All.Select(entry => entry.Name)];

    [Theory]
    [MemberData(nameof(Entries))]
    public void Nothing_in_the_corpus_or_a_short_run_breaks(string entry) => Fuzz(entry);

    [Fact]
    [Trait("Category", "Slow")]
    public void Ten_million_inputs_break_nothing()
    {
        using var lines = new ProgressWriter(output);
        Assert.True(FuzzCommand.Split(LongRun, EntryCatalog.All).Sum() >= LongRun);
        Assert.Equal(0, FuzzCommand.Run(["--count", $"{LongRun}", "--seed", $"{LongSeed}", "--failures",
            Path.Combine(AppContext.BaseDirectory, "fuzz-failures")], lines));
    }

    [Theory]
    [InlineData("wire.noise.handshake.initiator")]
    [InlineData("wire.noise.handshake.responder")]
    public void A_handshake_that_was_recorded_is_still_valid(string name)
    {
        var entry = EntryCatalog.All.Single(entry => entry.Name == name);
        var recorded = new CorpusFolder(CorpusFolder.Shipped).Read(name, except: CorpusFolder.Found);
        Assert.NotEmpty(recorded);
        Assert.All(recorded, input => Assert.True(entry.Run(input).Accepted));
    }

    [Fact]
    public void Every_file_of_the_corpus_belongs_to_an_entry() => Assert.All(
        Directory.EnumerateFiles(CorpusFolder.Shipped, "*.hex", SearchOption.AllDirectories),
        file => Assert.Contains(EntryCatalog.All, entry => entry.Name == Path.GetFileNameWithoutExtension(file)));

    [Fact]
    public void Every_entry_takes_a_seed_or_a_recording_as_valid() => Assert.All(EntryCatalog.All, entry =>
        Assert.Contains(entry.Seeds().Concat(new CorpusFolder(CorpusFolder.Shipped).Read(entry.Name)), input => entry.Run(input).Accepted));

    private void Fuzz(string name)
    {
        var shares = FuzzCommand.Split(ShortRun, EntryCatalog.All);
        var index = EntryCatalog.All.ToList().FindIndex(entry => entry.Name == name);
        var failures = Directory.CreateTempSubdirectory("natactors-fuzz").FullName;
        try
        {
            var job = new FuzzJob { Entries = [name], Counts = [shares[index]], Seed = ShortSeed, Failures = failures };
            var report = Assert.Single(Instrumented.Value(job, output.WriteLine));
            Assert.Empty(report.Failures);
            Assert.True(report.Inputs >= shares[index]);
        }
        finally
        {
            Directory.Delete(failures, recursive: true);
        }
    }
}

/// <summary>Each line of a long run is to be seen while it goes on, and in the test's own output.</summary>
internal sealed class ProgressWriter(ITestOutputHelper output) : StringWriter
{
    public override void WriteLine(string? value)
    {
        Progress.Say(value ?? string.Empty);
        output.WriteLine(value ?? string.Empty);
    }
}
