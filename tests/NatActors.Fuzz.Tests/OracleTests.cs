using NatActors.Fuzz.Running;
using Xunit.Abstractions;

namespace NatActors.Fuzz.Tests;

/// <summary>Each oracle can fail: entries that are broken on purpose are run as any other, by the command itself.</summary>
public sealed class OracleTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _failures = Directory.CreateTempSubdirectory("natactors-fuzz").FullName;

    public void Dispose() => Directory.Delete(_failures, recursive: true);

    [Theory]
    [InlineData("broken.throws", "InvalidOperationException: broken on purpose")]
    [InlineData("broken.asserts", "Assertion failed: broken on purpose")]
    [InlineData("broken.allocates", "bytes allocated for")]
    [InlineData("broken.loops", "went far beyond its bound")]
    public void A_fault_behind_four_magic_bytes_is_found_by_its_coverage(string entry, string said)
    {
        var (code, text) = Run(entry, "200000");
        Assert.Equal(1, code);
        Assert.Contains(said, text);
        Assert.Contains("shrunk: c0defa11", text);
    }

    [Theory]
    [InlineData("broken.quadratic", "steps for")]
    [InlineData("broken.forgetful", "when run again")]
    [InlineData("broken.chunks", "byte by byte")]
    public void A_fault_of_every_input_is_found(string entry, string said)
    {
        var (code, text) = Run(entry, "500");
        Assert.Equal(1, code);
        Assert.Contains(said, text);
    }

    [Fact]
    public void A_sound_entry_passes_and_the_same_seed_makes_the_same_inputs()
    {
        var (code, text) = Run("sound", "20000");
        Assert.Equal(0, code);
        Assert.Contains("20,001 inputs to 1 entries, seed 1, 0 failures", text);
        Assert.Equal(Coverage(text), Coverage(Run("sound", "20000").Text));
    }

    [Fact]
    public void A_saved_failure_fails_again_when_it_is_replayed()
    {
        Run("broken.throws", "200000");
        var saved = Assert.Single(Directory.GetFiles(_failures));
        var (code, text) = Run("broken.throws", "0", "--replay", saved);
        Assert.Equal(1, code);
        Assert.Contains("2 inputs to 1 entries", text);
    }

    [Fact]
    public void Usage_is_told_and_what_is_not_understood_is_refused()
    {
        using var text = new StringWriter();
        Assert.Equal(0, FuzzCommand.Run(["--help"], text));
        Assert.Equal(2, FuzzCommand.Run(["--frobnicate"], text));
        Assert.Equal(2, FuzzCommand.Run(["--count", "many"], text));
        Assert.Equal(2, FuzzCommand.Run(["--entry", "no.such"], text));
        Assert.Equal(2, FuzzCommand.Run(["--entry", "wire.yamux", "--replay", "no-such-file.hex"], text));
        Assert.Equal(2, FuzzCommand.Run(["--corpus", "no-such-folder"], text));
        Assert.Equal(0, FuzzCommand.Run(["--list"], text));
        Assert.Contains("multiformats.varint", text.ToString());
        Assert.Contains("exit codes: 0", text.ToString());
    }

    private static string Coverage(string text) =>
        string.Join('\n', text.Split('\n').Where(line => line.Contains(" edges, ", StringComparison.Ordinal)));

    private (int Code, string Text) Run(string entry, string count, params string[] more)
    {
        using var text = new StringWriter();
        var code = FuzzCommand.Run(
            ["--assembly", typeof(OracleTests).Assembly.GetName().Name!, "--entry", entry, "--count", count, "--jobs", "1", "--failures",
            _failures, .. more], text);
        output.WriteLine(text.ToString());
        return (code, text.ToString());
    }
}
