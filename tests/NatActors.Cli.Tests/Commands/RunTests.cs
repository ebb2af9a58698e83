using System.Net;
using System.Net.Sockets;

namespace NatActors.Cli.Tests.Commands;

public sealed class RunTests : InAFolder
{
    private const string Loopback = "/ip4/127.0.0.1/tcp/0";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Listens_and_ends_cleanly_with_0_on_sigterm_and_on_ctrl_c(bool interrupted)
    {
        await using var node = Cli.Start(Folder, "run", "--json", "--listen", Loopback);
        var listening = await node.EventAsync("listening");
        if (interrupted)
        {
            node.Interrupt();
        }
        else
        {
            node.Terminate();
        }

        var run = await node.EndAsync();
        Assert.Equal(0, run.ExitCode);
        Assert.Empty(run.Errors);
        var peer = listening.GetProperty("peerId").GetString();
        Assert.EndsWith($"/p2p/{peer}", listening.GetProperty("addrs")[0].GetString());
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", listening.GetProperty("time").GetString());
    }

    [Fact]
    public async Task A_pipe_gets_plain_lines()
    {
        await using var node = Cli.Start(Folder, "run", "--listen", Loopback, "--listen", Loopback);
        await node.LineWithAsync("peer id 12D3KooW");
        await node.LineWithAsync("listening on /ip4/127.0.0.1/tcp/");
        node.Terminate();

        Assert.DoesNotContain((await node.EndAsync()).Output, line => line.Contains('\u001b'));
    }

    [Fact]
    public async Task A_port_that_another_process_holds_even_shared_is_told_in_one_line_with_exit_code_3()
    {
        using var holder = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        // On Linux this sets SO_REUSEPORT too.
        holder.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        holder.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        holder.Listen();
        var port = ((IPEndPoint)holder.LocalEndPoint!).Port;

        var plain = await Cli.RunAsync(Folder, "run", "--listen", $"/ip4/127.0.0.1/tcp/{port}");
        var json = await Cli.RunAsync(Folder, "run", "--json", "--listen", $"/ip4/127.0.0.1/tcp/{port}");

        Assert.Equal((3, 3), (plain.ExitCode, json.ExitCode));
        Assert.Empty(plain.Output);
        Assert.Contains($"{port}", Assert.Single(plain.Errors));
        Assert.Equal(plain.Errors[0], Assert.Single(json.Events("error")).GetProperty("what").GetString());
        Assert.Single(json.Output);
        Assert.Single(json.Errors);
    }

    [Fact]
    public async Task An_unreachable_relay_is_told_in_one_line_and_tried_on()
    {
        var peer = (await Cli.RunAsync(Folder, "id", "--identity", Path.Combine(Folder, "other"))).Output[0];
        await using var node = Cli.Start(Folder, "run", "--json", "--listen", Loopback, "--relay", $"/ip4/127.0.0.1/tcp/1/p2p/{peer}");
        var error = await node.EventAsync("error");
        node.Terminate();

        Assert.Contains($"/ip4/127.0.0.1/tcp/1/p2p/{peer}", error.GetProperty("what").GetString());
        Assert.Equal(0, (await node.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Every_mistake_of_a_configuration_and_of_the_command_line_is_told_at_once_with_exit_code_2()
    {
        var file = Write("bad.json", """
            { "NatActors": { "Lisen": [], "Echo": "maybe", "RelayServer": "pub", "Connections": { "MaxConnections": "many", "Foo": 1 } }, "Other": 1 }
            """);
        var run = await Cli.RunAsync(Folder, "run", "--config", file, "--relay", "/ip4/1.2.3.4/tcp/1", "--listen", "/ip4/1");

        Assert.Equal(2, run.ExitCode);
        string[] words = ["Lisen", "Echo:", "RelayServer:", "Connections.MaxConnections:", "Connections.Foo", "Other", "Relays:", "Listen:"];
        Assert.All(words, word => Assert.Contains(run.Errors, line => line.Contains(word, StringComparison.Ordinal)));
        Assert.Equal(words.Length, run.Errors.Count);
    }

    [Theory]
    [InlineData("{ \"NatActors\": ", "cannot be read")]
    [InlineData(null, "There is no configuration")]
    public async Task A_configuration_that_cannot_be_read_is_told_in_one_line_with_exit_code_2(string? text, string what)
    {
        var file = text is null ? "absent.json" : Write("bad.json", text);
        var run = await Cli.RunAsync(Folder, "run", "--config", file);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(what, Assert.Single(run.Errors));
    }

    [Theory]
    [InlineData("behind-nat")]
    [InlineData("public-relay")]
    public async Task A_profile_is_found_by_its_name(string profile)
    {
        await using var node = Cli.Start(Folder, "run", "--json", "--config", profile, "--listen", Loopback);
        await node.EventAsync("listening");
        node.Terminate();
        Assert.Equal(0, (await node.EndAsync()).ExitCode);
    }
}
