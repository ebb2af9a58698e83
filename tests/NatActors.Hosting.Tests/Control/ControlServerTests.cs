using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;
using NatActors.Hosting.Control;
using NatActors.Hosting.Reports;

namespace NatActors.Hosting.Tests.Control;

/// <summary>The control socket, with a report that is always the same behind it.</summary>
[SupportedOSPlatform("linux")]
public sealed class ControlServerTests : IDisposable
{
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);
    private readonly string _folder = Directory.CreateTempSubdirectory("natactors-control-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "x.sock");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_owner_gets_the_report_and_the_file_goes_with_the_server()
    {
        await using (var server = await StartAsync())
        {
            Assert.Equal(Path, server.Path);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
            Assert.Equal("me", (await ControlClient.GetReportAsync(Path, CancellationToken.None)).PeerId);
            Assert.Equal("me", (await ControlClient.GetReportAsync(Path, CancellationToken.None)).PeerId);
        }

        Assert.False(File.Exists(Path));
        var gone = await Assert.ThrowsAsync<NoNodeException>(() => ControlClient.GetReportAsync(Path, CancellationToken.None));
        Assert.StartsWith($"No node answers at {Path}", gone.Message);
    }

    [Fact]
    public async Task In_the_users_folder_each_node_has_a_name_of_its_own_and_only_the_owner_gets_in()
    {
        var folder = System.IO.Path.Combine(_folder, "natactors");
        var (first, firstPath) = await ControlSocketFile.ListenInAsync(folder);
        var (second, secondPath) = await ControlSocketFile.ListenInAsync(folder);
        using (first)
        using (second)
        {
            Assert.Equal(("node.sock", "node-2.sock"), (System.IO.Path.GetFileName(firstPath), System.IO.Path.GetFileName(secondPath)));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
        }
    }

    [Fact]
    public async Task A_folder_that_was_open_to_others_is_closed()
    {
        var folder = System.IO.Path.Combine(_folder, "natactors");
        Directory.CreateDirectory(folder, (UnixFileMode)0b111_111_111);
        using var socket = (await ControlSocketFile.ListenInAsync(folder)).Socket;

        Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(folder));
    }

    [Fact]
    public async Task What_a_dead_node_left_is_replaced()
    {
        LeaveBehind(Path);
        Assert.True(File.Exists(Path));

        await using var server = await StartAsync();

        Assert.Equal("me", (await ControlClient.GetReportAsync(Path, CancellationToken.None)).PeerId);
    }

    [Fact]
    public async Task A_live_one_is_not_stolen()
    {
        await using var server = await StartAsync();

        var refused = await Assert.ThrowsAsync<ControlSocketException>(StartAsync);

        Assert.StartsWith($"A node answers at the control socket {Path} already", refused.Message);
        Assert.Equal("me", (await ControlClient.GetReportAsync(Path, CancellationToken.None)).PeerId);
    }

    [Fact]
    public async Task Of_many_that_want_the_same_place_at_once_one_gets_it()
    {
        LeaveBehind(Path);
        var starts = Enumerable.Range(0, 8).Select(_ => Task.Run(StartAsync)).ToArray();
        await Task.WhenAll(starts.Select(s => s.ContinueWith(_ => { }, TaskScheduler.Default)));

        var server = Assert.Single(starts, s => s.IsCompletedSuccessfully);
        await using var running = await server;
        Assert.Equal("me", (await ControlClient.GetReportAsync(Path, CancellationToken.None)).PeerId);
    }

    [Fact]
    public async Task A_file_that_is_no_socket_stays_where_it_is()
    {
        await File.WriteAllTextAsync(Path, "precious");

        var refused = await Assert.ThrowsAsync<ControlSocketException>(StartAsync);

        Assert.Contains("something else is there", refused.Message);
        Assert.Equal("precious", await File.ReadAllTextAsync(Path));
    }

    [Fact]
    public async Task A_path_that_is_too_long_for_a_socket_is_a_mistake_with_its_reason()
    {
        var path = System.IO.Path.Combine(_folder, new string('x', ControlSocketFile.MaxPathBytes));

        var refused = await Assert.ThrowsAsync<ControlSocketException>(() => ControlServer.StartAsync(Report, path, TimeProvider.System));

        Assert.Contains("longer than 107 bytes", refused.Message);
    }

    [Theory]
    [InlineData("\n", "a JSON object")]
    [InlineData("garbage\n", "a JSON object")]
    [InlineData("[]\n", "a JSON object")]
    [InlineData("{}\n", "a JSON object")]
    [InlineData("{\"ask\":null}\n", "a JSON object")]
    [InlineData("{\"ask\":5}\n", "a JSON object")]
    [InlineData("{\"ask\":\"money\"}\n", "one question")]
    [InlineData("{\"ask\":\"report\"}", "one line")]
    public async Task What_is_no_question_gets_a_reason(string question, string reason)
    {
        await using var server = await StartAsync();
        using var client = await ConnectAsync();
        await client.SendAsync(Encoding.UTF8.GetBytes(question));
        client.Shutdown(SocketShutdown.Send);

        using var reply = JsonDocument.Parse(await ReadAllAsync(client));
        Assert.Contains(reason, reply.RootElement.GetProperty("error").GetString());
        Assert.Single(reply.RootElement.EnumerateObject());
    }

    [Fact]
    public async Task A_question_that_does_not_end_is_cut_and_others_are_served()
    {
        await using var server = await StartAsync();
        using var client = await ConnectAsync();
        await client.SendAsync(new byte[ControlProtocol.MaxRequest + 1]);

        Assert.DoesNotContain("peerId", await ReadAllAsync(client));
        Assert.Equal("me", (await ControlClient.GetReportAsync(Path, CancellationToken.None)).PeerId);
    }

    [Fact]
    public async Task A_question_may_come_in_pieces()
    {
        await using var server = await StartAsync();
        using var client = await ConnectAsync();
        foreach (var one in "{\"ask\":\"report\"}\n")
        {
            await client.SendAsync(new[] { (byte)one });
        }

        Assert.Contains("\"peerId\":\"me\"", await ReadAllAsync(client));
    }

    [Fact]
    public async Task A_client_that_says_nothing_is_cut_when_its_time_is_up()
    {
        var clock = new ManualTime();
        await using var server = await ControlServer.StartAsync(Report, Path, clock);
        using var client = await ConnectAsync();
        await clock.TimerStarted.Task.WaitAsync(Guard);

        clock.Fire();

        Assert.Equal("", await ReadAllAsync(client));
    }

    [Fact]
    public async Task A_client_too_many_is_turned_away_at_once()
    {
        await using var server = await StartAsync();
        var clients = new List<Socket>();
        for (var i = 0; i < ControlServer.MaxClients; i++)
        {
            clients.Add(await ConnectAsync());
        }

        using var oneMore = await ConnectAsync();
        Assert.Equal("", await ReadAllAsync(oneMore));
        clients.ForEach(c => c.Dispose());
    }

    [Fact]
    public async Task The_end_cuts_those_who_wait()
    {
        var server = await StartAsync();
        using var client = await ConnectAsync();

        await server.DisposeAsync().AsTask().WaitAsync(Guard);

        Assert.Equal("", await ReadAllAsync(client));
    }

    [Fact]
    public async Task A_node_that_goes_down_says_so()
    {
        await using var server = await ControlServer.StartAsync(
            _ => Task.FromException<ReportDocument>(new ObjectDisposedException("node")), Path, TimeProvider.System);

        var failed = await Assert.ThrowsAsync<NoNodeException>(() => ControlClient.GetReportAsync(Path, CancellationToken.None));

        Assert.Contains("the node is going down", failed.Message);
    }

    [Fact]
    public async Task Something_else_that_listens_there_is_told_from_a_node()
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(Path));
        listener.Listen();
        var asking = ControlClient.GetReportAsync(Path, CancellationToken.None);
        using (var client = await listener.AcceptAsync())
        {
            await client.ReceiveAsync(new byte[64]);
            await client.SendAsync("HTTP/1.1 400 Bad Request\r\n"u8.ToArray());
        }

        var failed = await Assert.ThrowsAsync<NoNodeException>(() => asking);
        Assert.Contains("is no node", failed.Message);
    }

    private Task<ControlServer> StartAsync() => ControlServer.StartAsync(Report, Path, TimeProvider.System);

    private static Task<ReportDocument> Report(CancellationToken cancellationToken) => Task.FromResult(new ReportDocument { PeerId = "me" });

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path));
        return socket;
    }

    /// <summary>All that comes; a cut is an end too.</summary>
    private static async Task<string> ReadAllAsync(Socket socket)
    {
        using var guard = new CancellationTokenSource(Guard);
        var all = new MemoryStream();
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, guard.Token) is var read and > 0)
            {
                all.Write(buffer, 0, read);
            }
        }
        catch (SocketException)
        {
            // Cut with bytes of ours unread.
        }

        return Encoding.UTF8.GetString(all.ToArray());
    }

    /// <summary>As a node that was killed: a socket's file that nobody listens at.</summary>
    private static void LeaveBehind(string path)
    {
        var aside = path + ".aside";
        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(path));
            File.Move(path, aside);
        }

        File.Move(aside, path);
    }

    /// <summary>A clock whose one timer rings when it is told to.</summary>
    private sealed class ManualTime : TimeProvider
    {
        private Action _ring = () => { };

        public TaskCompletionSource TimerStarted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Fire() => _ring();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _ring = () => callback(state);
            TimerStarted.TrySetResult();
            return new Silent();
        }

        private sealed class Silent : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
