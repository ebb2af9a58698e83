namespace NatActors.Cli.Tests.Commands;

/// <summary><c>status</c> and <c>doctor</c>, with nodes on this machine's loopback; none of them asks a router for anything.</summary>
public sealed class StatusTests : InAFolder
{
    private const string Loopback = "/ip4/127.0.0.1/tcp/0";

    [Fact]
    public async Task Status_asks_the_node_that_runs()
    {
        await using var node = Start("node.key");
        var id = (await node.EventAsync("listening")).GetProperty("peerId").GetString()!;
        await SocketAsync("node.sock");

        var plain = await Cli.RunAsync(Folder, "status");
        var json = await Cli.RunAsync(Folder, "status", "--json");

        Assert.Equal((0, 0), (plain.ExitCode, json.ExitCode));
        Assert.Contains(plain.Output, line => line.Contains(id, StringComparison.Ordinal));
        var status = Assert.Single(json.Events("status"));
        Assert.Single(json.Output);
        Assert.Equal((id, false), (status.GetProperty("peerId").GetString(), status.GetProperty("temporary").GetBoolean()));
        Assert.Empty(json.Errors);
    }

    [Fact]
    public async Task The_socket_is_the_owners_alone_and_goes_with_the_node()
    {
        await using var node = Start("node.key");
        var socket = await SocketAsync("node.sock");
        Assert.Equal("600", Rights(socket));
        Assert.Equal("700", Rights(Path.GetDirectoryName(socket)!));

        node.Terminate();

        Assert.Equal(0, (await node.EndAsync()).ExitCode);
        Assert.False(File.Exists(socket));
    }

    [Theory]
    [InlineData]
    [InlineData("--control", "absent.sock")]
    [InlineData("--json")]
    public async Task Where_no_node_runs_one_line_says_what_to_do(params string[] more)
    {
        var run = await Cli.RunAsync(Folder, ["status", .. more]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("natactors run", Assert.Single(run.Errors));
        Assert.All(run.Events("error"), error => Assert.Contains("natactors run", error.GetProperty("what").GetString()));
    }

    [Fact]
    public async Task Of_several_nodes_the_sockets_are_listed_and_one_can_be_named()
    {
        await using var first = Start("first.key");
        await SocketAsync("node.sock");
        await using var second = Start("second.key");
        var socket = await SocketAsync("node-2.sock");
        await using var third = Start("third.key", "--control", "third.sock");
        var id = (await third.EventAsync("listening")).GetProperty("peerId").GetString()!;
        await using var hidden = Start("hidden.key", "--control", "none");
        await hidden.EventAsync("listening");

        var several = await Cli.RunAsync(Folder, "status");
        var named = await Cli.RunAsync(Folder, "status", "--json", "--control", "third.sock");
        var taken = await Cli.RunAsync(Folder, "run", "--listen", Loopback, "--identity", "fourth.key", "--control", socket);

        Assert.Equal(2, several.ExitCode);
        Assert.Equal(3, several.Errors.Count);
        Assert.Contains(several.Errors, line => line.Contains(socket, StringComparison.Ordinal));
        Assert.Equal(id, Assert.Single(named.Events("status")).GetProperty("peerId").GetString());
        Assert.Equal(2, taken.ExitCode);
        Assert.Contains("answers at the control socket", Assert.Single(taken.Errors));
    }

    [Fact]
    public async Task Doctor_starts_a_node_of_its_own_and_says_what_its_peers_see()
    {
        await using var node = Start("node.key");
        var address = await node.AddressAsync();

        var json = await Cli.RunAsync(Folder, "doctor", "--json", "--listen", Loopback, "--bootstrap", address, "--seconds", "5", "--no-port-mapping");

        Assert.Equal(0, json.ExitCode);
        var report = Assert.Single(json.Events("doctor"));
        Assert.Single(json.Output);
        Assert.True(report.GetProperty("temporary").GetBoolean());
        Assert.Equal(address, report.GetProperty("bootstrap")[0].GetString());
        Assert.False(report.GetProperty("portMapping").GetProperty("enabled").GetBoolean());
        Assert.NotEqual(0, report.GetProperty("interfaces").GetArrayLength());
        var connection = Assert.Single(report.GetProperty("connections").EnumerateArray());
        Assert.EndsWith($"/p2p/{connection.GetProperty("peer").GetString()}", address);
    }

    [Fact]
    public async Task Doctor_without_peers_says_what_to_give()
    {
        var plain = await Cli.RunAsync(Folder, "doctor", "--listen", Loopback, "--seconds", "1", "--no-port-mapping");

        Assert.Equal(0, plain.ExitCode);
        Assert.Contains(plain.Output, line => line.Contains("--bootstrap", StringComparison.Ordinal));
        Assert.Contains("Looking around", Assert.Single(plain.Errors));
    }

    [Fact]
    public async Task Where_a_node_has_the_port_doctor_reports_that_one()
    {
        await using var node = Start("node.key");
        var listening = await node.EventAsync("listening");
        var (id, address) = (listening.GetProperty("peerId").GetString()!, listening.GetProperty("addrs")[0].GetString()!);
        await SocketAsync("node.sock");

        var json = await Cli.RunAsync(Folder, "doctor", "--json", "--listen", address.Split("/p2p/")[0]);

        Assert.Equal(0, json.ExitCode);
        var report = Assert.Single(json.Events("doctor"));
        Assert.Equal((id, false), (report.GetProperty("peerId").GetString(), report.GetProperty("temporary").GetBoolean()));
        Assert.Contains(id, Assert.Single(json.Errors));
    }

    [Fact]
    public async Task Where_another_program_has_the_port_doctor_ends_as_run_does()
    {
        await using var node = Start("node.key", "--control", "none");
        var address = await node.AddressAsync();

        var run = await Cli.RunAsync(Folder, "doctor", "--json", "--listen", address.Split("/p2p/")[0]);

        Assert.Equal(3, run.ExitCode);
        Assert.Single(run.Events("error"));
        Assert.Empty(run.Events("doctor"));
    }

    private Cli Start(string key, params string[] more) =>
        Cli.Start(Folder, ["run", "--json", "--listen", Loopback, "--identity", key, "--no-port-mapping", "--no-autorelay", .. more]);

    /// <summary>The socket of that name, once it is there: the node makes it when it listens.</summary>
    private async Task<string> SocketAsync(string name)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Folder, "natactors")).FullName;
        var there = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watcher = new FileSystemWatcher(folder, name);
        watcher.Created += (_, _) => there.TrySetResult();
        watcher.EnableRaisingEvents = true;
        var path = Path.Combine(folder, name);
        if (!File.Exists(path))
        {
            await there.Task.WaitAsync(Cli.Guard);
        }

        return path;
    }

    private static string Rights(string path) =>
        OperatingSystem.IsWindows() ? "" : Convert.ToString((int)File.GetUnixFileMode(path), 8);
}
