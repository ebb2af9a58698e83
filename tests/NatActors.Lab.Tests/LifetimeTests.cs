using System.Diagnostics;
using System.Net.Sockets;
using NatActors.Testing;

namespace NatActors.Lab.Tests;

/// <summary>What a laboratory needs of the machine while it is up, and that nothing of it is left afterwards.</summary>
public sealed class LifetimeTests
{
    private const string Netns = "/run/netns";

    [SkippableFact]
    public async Task While_one_is_up_the_machine_sends_its_ranges_nowhere()
    {
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create();
        foreach (var range in AddressPlan.Ranges)
        {
            var routes = Ip(range.Contains(':') ? "-6" : "-4", "route", "show", range);
            Assert.StartsWith($"blackhole {range}", routes, StringComparison.Ordinal);
        }

        foreach (var address in lab.Hosts.SelectMany(host => host.Addresses))
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            Assert.ThrowsAny<SocketException>(() => socket.Connect(address, 4001));
        }
    }

    [SkippableFact]
    public async Task No_namespace_has_a_link_outside_the_laboratory()
    {
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create();
        var own = NamespacesOf(lab).ToHashSet();
        foreach (var netns in own)
        {
            var outside = Ip("-n", netns, "-o", "link", "show", "type", "veth").Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(link => !own.Any(other => link.Contains($"link-netns {other}", StringComparison.Ordinal)));
            Assert.Empty(outside);
        }
    }

    [SkippableFact]
    public async Task Disposing_leaves_no_namespace_no_process_and_no_record()
    {
        RequiresLab.OrSkip();
        var lab = Laboratory.Create();
        var process = lab.Host("A").Start("sleep", "1000");
        Assert.NotEmpty(NamespacesOf(lab));
        await lab.DisposeAsync();
        Assert.Empty(NamespacesOf(lab));
        Assert.Null(LabRegistry.StartOf(process.Id));
        Assert.DoesNotContain(LabRegistry.Read(), record => record.Id == lab.Id);
    }

    [SkippableFact]
    public async Task Two_stand_side_by_side_with_the_same_addresses()
    {
        RequiresLab.OrSkip();
        await using var one = Laboratory.Create();
        await using var other = Laboratory.Create();
        Assert.Equal(one.Host("R").Address, other.Host("R").Address);
        foreach (var lab in (Laboratory[])[one, other])
        {
            using var a = lab.Host("A").Udp(4001);
            using var r = lab.Host("R").Udp(4001);
            a.Send(1, lab.Host("R").At(4001));
            Assert.Equal(1, (await r.NextAsync()).Word);
        }
    }

    [SkippableFact]
    public void What_a_dead_process_left_is_removed()
    {
        RequiresLab.OrSkip();

        // Process ids end at 2^22 on 64-bit Linux: this one never was.
        var dead = $"{LabRegistry.NamePrefix}{1 << 23}x1";
        Ip("netns", "add", dead + "-A");
        Assert.Contains(dead, LabRegistry.Clean());
        Assert.Empty(LabRegistry.Namespaces(dead));
    }

    [SkippableFact]
    public async Task A_plan_that_cannot_be_built_names_every_problem_and_leaves_nothing()
    {
        var plan = new LabPlan { Hosts = [new("A", "N1"), new("A!"), new("A")], Routers = [], PathDelay = TimeSpan.FromSeconds(-1) };
        var refusal = Assert.Throws<ArgumentException>(() => Laboratory.Create(plan));
        Assert.Contains("'A!' is no name", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("'A' is named twice", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("which is no router", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("negative", refusal.Message, StringComparison.Ordinal);
        await Task.CompletedTask;
    }

    [SkippableFact]
    public async Task A_program_runs_in_its_host_with_its_output_captured()
    {
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create();
        const string Script = "echo ready; read word; echo got $word; ip -o -4 addr show eth0; echo bad >&2; exit 3";
        await using var process = lab.Host("A").Start("sh", "-c", Script);
        Assert.Equal("ready", await process.Output.ReadLineAsync().OrFail());
        await process.Input.WriteLineAsync("hello");
        await process.Input.FlushAsync();
        Assert.Equal("got hello", await process.Output.ReadUntilAsync(line => line.StartsWith("got", StringComparison.Ordinal)).OrFail());
        var run = await process.WaitForExitAsync().OrFail();
        Assert.Equal(3, run.ExitCode);
        Assert.Contains(lab.Host("A").Address.ToString(), run.Output[^1], StringComparison.Ordinal);
        Assert.Equal(["bad"], run.Errors);
    }

    [SkippableFact]
    public async Task A_signal_reaches_the_program_itself()
    {
        const int AndSigTerm = 128 + 15;
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create();
        await using var process = lab.Host("R").Start("sleep", "1000");
        await AssertRunsAsync(process, "sleep");
        process.Terminate();
        Assert.Equal(AndSigTerm, (await process.WaitForExitAsync().OrFail()).ExitCode);
    }

    [SkippableFact]
    public async Task Making_sockets_inside_leaves_no_thread_there()
    {
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create();
        var home = new FileInfo("/proc/self/ns/net").LinkTarget;
        using (lab.Host("A").Udp(4001))
        {
            Assert.NotEqual(home, lab.Host("A").RunInside(() => new FileInfo("/proc/thread-self/ns/net").LinkTarget));
        }

        var labs = lab.Hosts.Select(host => host.RunInside(() => new FileInfo("/proc/thread-self/ns/net").LinkTarget)).ToHashSet();

        // A thread that has ended for .NET still takes a moment to end for the kernel; one that stayed would stay for good.
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        using var guard = new CancellationTokenSource(Guard.Time);
        while (Directory.EnumerateDirectories("/proc/self/task").Any(task => labs.Contains(new FileInfo(task + "/ns/net").LinkTarget)))
        {
            await pace.WaitForNextTickAsync(guard.Token);
        }
    }

    /// <summary><c>ip netns exec</c> becomes the program some time after it was started.</summary>
    private static async Task AssertRunsAsync(LabProcess process, string name)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        using var guard = new CancellationTokenSource(Guard.Time);
        while ((await File.ReadAllTextAsync($"/proc/{process.Id}/comm", guard.Token)).Trim() != name)
        {
            await pace.WaitForNextTickAsync(guard.Token);
        }
    }

    private static IEnumerable<string> NamespacesOf(Laboratory lab) =>
        Directory.EnumerateFiles(Netns, lab.Id + "-*").Select(path => Path.GetFileName(path));

    private static string Ip(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
