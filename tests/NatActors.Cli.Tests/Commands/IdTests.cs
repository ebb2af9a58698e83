namespace NatActors.Cli.Tests.Commands;

public sealed class IdTests : InAFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact]
    public async Task Makes_the_key_file_on_first_use_for_its_owner_alone_and_never_writes_to_it_again()
    {
        var file = Path.Combine(Folder, "a.key");
        var first = await Cli.RunAsync(Folder, "id", "--identity", file);
        var key = File.ReadAllBytes(file);
        var second = await Cli.RunAsync(Folder, "id", "--identity", file, "--json");

        Assert.Equal(0, first.ExitCode);
        Assert.StartsWith("12D3KooW", Assert.Single(first.Output));
        Assert.Empty(first.Errors);
        Assert.Equal(first.Output[0], Assert.Single(second.Events("id")).GetProperty("peerId").GetString());
        Assert.Equal(key, File.ReadAllBytes(file));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(file));
        }
    }

    [Fact]
    public async Task Without_a_file_named_the_key_stands_in_the_users_data_folder()
    {
        var run = await Cli.RunAsync(Folder, "id");

        Assert.Equal(0, run.ExitCode);
        Assert.True(File.Exists(Path.Combine(Folder, "natactors", "identity.key")));
    }

    [Fact]
    public async Task Warns_of_a_key_file_that_others_can_read()
    {
        var file = Path.Combine(Folder, "a.key");
        await Cli.RunAsync(Folder, "id", "--identity", file);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, OwnerOnly | UnixFileMode.OtherRead);
        }

        var run = await Cli.RunAsync(Folder, "id", "--identity", file);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("chmod 600", Assert.Single(run.Errors));
    }

    [Theory]
    [InlineData("id")]
    [InlineData("run", "--listen", "/ip4/127.0.0.1/tcp/0")]
    public async Task A_file_that_holds_no_key_is_told_in_one_line_with_exit_code_4(params string[] command)
    {
        var file = Write("bad.key", "no key at all");
        var run = await Cli.RunAsync(Folder, [.. command, "--identity", file]);

        Assert.Equal(4, run.ExitCode);
        Assert.Empty(run.Output);
        Assert.Contains("holds no libp2p private key", Assert.Single(run.Errors));
        Assert.Equal("no key at all", File.ReadAllText(file));
    }
}
