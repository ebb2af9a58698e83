namespace NatActors.Cli.Tests.Commands;

public sealed class UsageTests
{
    [Theory]
    [InlineData("'natactors --help'")]
    [InlineData("'foo' is not understood after 'natactors'", "foo")]
    [InlineData("'natactors lab --help'", "lab")]
    [InlineData("'natactors ping --help'", "ping")]
    [InlineData("at least 1, not '0'", "ping", "/ip4/127.0.0.1/tcp/1", "-c", "0")]
    [InlineData("not '10MB'", "perf", "/ip4/127.0.0.1/tcp/1", "--upload", "10MB")]
    [InlineData("'/ip4/foo' is not a multiaddr", "ping", "/ip4/foo")]
    [InlineData("append /p2p/", "ping", "/ip4/127.0.0.1/tcp/1")]
    [InlineData("append /p2p/", "perf", "/ip4/127.0.0.1/tcp/1/p2p/12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo/p2p-circuit")]
    public async Task What_cannot_be_understood_is_told_in_one_line_with_exit_code_2(string what, params string[] arguments)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());

        Assert.Equal(2, await CommandTree.RunAsync(arguments, output, errors));
        Assert.Empty(output.ToString());
        Assert.Contains(what, errors.ToString());
        Assert.Single(errors.ToString().TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task With_json_it_is_an_error_event_too()
    {
        var (output, errors) = (new StringWriter(), new StringWriter());

        Assert.Equal(2, await CommandTree.RunAsync(["foo", "--json"], output, errors));
        Assert.StartsWith("{\"event\":\"error\",\"time\":\"", output.ToString());
        Assert.Contains("'foo' is not understood", output.ToString());
    }

    [Theory]
    [InlineData("id", "--identity", "--config", "--json")]
    [InlineData("run", "--identity", "--listen", "--relay", "--relay-server", "--dial", "--echo", "--config", "--json")]
    [InlineData("ping", "-c", "--identity", "--listen", "--config", "--json")]
    [InlineData("perf", "--upload", "--download", "--identity", "--listen", "--config", "--json")]
    [InlineData("lab", "up", "down", "exec", "list", "--config", "--json")]
    [InlineData("demo", "--config", "--json")]
    public async Task Each_command_has_its_options(string command, params string[] options)
    {
        var output = new StringWriter();

        Assert.Equal(0, await CommandTree.RunAsync([command, "--help"], output, TextWriter.Null));
        Assert.All(options, option => Assert.Contains($"  {option}", output.ToString().Replace(", --", "  --", StringComparison.Ordinal)));
    }
}
