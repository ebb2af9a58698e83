using System.Diagnostics;
using System.Runtime.InteropServices;
using NatActors.Lab.Kernel;
using NatActors.Lab.Nat;

namespace NatActors.Lab.Verbs;

/// <summary>
/// The verbs of <c>natactors lab</c>: <c>up</c>, <c>down</c>, <c>exec</c>, <c>list</c>. Each answers the process's exit code: 0 done, 1 the
/// machine or the laboratory failed, 2 the command line is wrong; <c>exec</c> answers the command's own.
/// </summary>
/// <param name="output">Where results go.</param>
/// <param name="errors">Where complaints go.</param>
/// <param name="json">True for one JSON object a line instead of plain text.</param>
public sealed class LabCommands(TextWriter output, TextWriter errors, bool json)
{
    private const string Modifiers = "+rst +udpblocked +short +hairpin +ipv6 +noipv4";
    private const int Ok = 0;
    private const int Failed = 1;
    private const int Usage = 2;
    private const int SigTerm = 15;
    private const int SigKill = 9;
    private const string KeeperVariable = "NATACTORS_LAB_KEEPER";

    /// <summary>How long <c>down</c> lets the keeping process remove its laboratory before it kills it and does so itself.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    private readonly LabReport _report = new(output, errors, json);

    /// <summary>Brings a laboratory up: R, S, T, U public, A and B behind routers of the given kinds.</summary>
    /// <param name="options">What it shall be.</param>
    /// <param name="ownProgram">What starts this very program, without arguments: another process of it keeps the laboratory up.</param>
    /// <param name="cancellation">Ends a foreground laboratory.</param>
    public async Task<int> UpAsync(LabUpOptions options, IReadOnlyList<string> ownProgram, CancellationToken cancellation)
    {
        if (PlanOf(options) is not { } plan)
        {
            return Usage;
        }

        var ability = LabAbility.Check();
        if (ability.Mode == LabMode.None)
        {
            return _report.Fail($"no laboratory here: {ability.Reason}. Instead: {ability.Remedy}", Failed);
        }

        try
        {
            return options.Foreground && ability.IsReady
                ? await KeepAsync(plan, cancellation).ConfigureAwait(false)
                : await StartKeeperAsync(options, ownProgram, ability, cancellation).ConfigureAwait(false);
        }
        catch (LabException failure)
        {
            return _report.Fail(failure.Message, Failed);
        }
    }

    /// <summary>
    /// Takes down what <c>lab up</c> brought up, and removes what dead processes left. Laboratories of living tests and demonstrations are
    /// left alone.
    /// </summary>
    /// <param name="id">Only the laboratory of this name; all where null.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task<int> DownAsync(string? id, CancellationToken cancellation)
    {
        var all = LabRegistry.Read();
        if (id is not null && all.All(lab => lab.Id != id))
        {
            return _report.Fail($"there is no laboratory {id}; natactors lab list shows those there are", Usage);
        }

        foreach (var lab in all.Where(lab => lab.IsAlive && (id is null || lab.Id == id)))
        {
            if (!lab.IsKept)
            {
                _report.Note($"{lab.Id} belongs to process {lab.Owner}, which takes it down itself");
                continue;
            }

            await StopKeeperAsync(lab, cancellation).ConfigureAwait(false);
            _report.Down(lab.Id);
        }

        foreach (var removed in LabRegistry.Clean())
        {
            _report.Down(removed);
        }

        return Ok;
    }

    /// <summary>Shows every laboratory of this machine, dead ones too.</summary>
    public int List()
    {
        var all = LabRegistry.Read();
        foreach (var lab in all)
        {
            _report.Listed(lab);
        }

        if (all.Count == 0)
        {
            _report.Note("no laboratory is up; natactors lab up makes one");
        }

        return Ok;
    }

    /// <summary>Runs a command in a host, with this process's console.</summary>
    /// <param name="host">The host's name.</param>
    /// <param name="command">Program and arguments.</param>
    /// <param name="id">The laboratory; may be null where only one is up.</param>
    /// <param name="cancellation">Kills the command.</param>
    public async Task<int> ExecAsync(string host, IReadOnlyList<string> command, string? id, CancellationToken cancellation)
    {
        if (command.Count == 0)
        {
            return _report.Fail("say what to run: natactors lab exec HOST -- COMMAND", Usage);
        }

        if (Pick(id) is not { } lab)
        {
            return Usage;
        }

        if (lab.Hosts.FirstOrDefault(known => known.Name == host) is not { } found)
        {
            return _report.Fail($"{lab.Id} has no host {host}: it has {string.Join(' ', lab.Hosts.Select(known => known.Name))}", Usage);
        }

        string[] whole = [.. UserNamespace.Enter(lab.Owner), Tool.Find("ip") ?? "ip", "netns", "exec", found.Namespace, .. command];
        using var process = Process.Start(new ProcessStartInfo(whole[0], whole[1..]));
        if (process is null)
        {
            return _report.Fail($"{whole[0]} did not start", Failed);
        }

        try
        {
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        }

        return process.ExitCode;
    }

    private static async Task StopKeeperAsync(LabRecord lab, CancellationToken cancellation)
    {
        _ = Native.SendSignal(lab.Owner, SigTerm);
        var waiting = Stopwatch.StartNew();
        while (lab.IsAlive)
        {
            if (waiting.Elapsed > Patience)
            {
                _ = Native.SendSignal(lab.Owner, SigKill);
            }

            await Task.Delay(LookAgain, cancellation).ConfigureAwait(false);
        }
    }

    private LabPlan? PlanOf(LabUpOptions options)
    {
        foreach (var text in (string[])[options.RouterA, options.RouterB])
        {
            if (!RouterKind.TryParse(text, out _))
            {
                var types = string.Join(", ", Enum.GetNames<RouterType>()).ToLowerInvariant();
                _report.Fail($"'{text}' is no router: write a type ({types}), then modifiers: {Modifiers}", Usage);
                return null;
            }
        }

        if (!double.IsFinite(options.DelayMs) || options.DelayMs is < 0 or > 10_000)
        {
            _report.Fail("--delay takes milliseconds, from 0 to 10000", Usage);
            return null;
        }

        _ = RouterKind.TryParse(options.RouterA, out var a);
        _ = RouterKind.TryParse(options.RouterB, out var b);
        return LabPlan.TwoPeers(a, b) with { PathDelay = TimeSpan.FromMilliseconds(options.DelayMs) };
    }

    private async Task<int> KeepAsync(LabPlan plan, CancellationToken cancellation)
    {
        if (Environment.GetEnvironmentVariable(KeeperVariable) is not null)
        {
            // Ctrl-C in the terminal that started it shall not reach it.
            _ = Native.NewSession();
        }

        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var lab = Laboratory.Create(plan, isKept: true);
        using var stop = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => End(context, asked));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => End(context, asked));
        await using var cancelled = cancellation.Register(() => asked.TrySetResult());
        _report.Up(lab.Describe());
        await asked.Task.ConfigureAwait(false);
        return Ok;
    }

    private static void End(PosixSignalContext context, TaskCompletionSource asked)
    {
        context.Cancel = true;
        asked.TrySetResult();
    }

    private async Task<int> StartKeeperAsync(
        LabUpOptions options, IReadOnlyList<string> ownProgram, LabAbility ability, CancellationToken cancellation)
    {
        IReadOnlyList<string> command = [.. ownProgram, "lab", "up", .. options.Arguments()];
        if (ability.Mode == LabMode.UserNamespace)
        {
            Directory.CreateDirectory(LabRegistry.Folder);
            command = LabAbility.InUserNamespace(LabRegistry.Folder, command);
        }

        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[KeeperVariable] = "1";
        using var keeper = Process.Start(start) ?? throw new LabException($"{command[0]} did not start");
        var complaints = keeper.StandardError.ReadToEndAsync(cancellation);
        var line = await keeper.StandardOutput.ReadLineAsync(cancellation).ConfigureAwait(false);
        if (LabReport.ReadUp(line) is { } lab)
        {
            _report.Up(lab);
            return Ok;
        }

        return _report.Fail($"the laboratory did not come up: {(await complaints.ConfigureAwait(false)).Trim()}", Failed);
    }

    private LabRecord? Pick(string? id)
    {
        var all = LabRegistry.Read().Where(lab => lab.IsAlive && (id is null || lab.Id == id)).ToList();
        var kept = all.Where(lab => lab.IsKept).ToList();
        var fitting = kept.Count > 0 ? kept : all;
        if (fitting.Count == 1)
        {
            return fitting[0];
        }

        _report.Fail(
            fitting.Count == 0 ? "no such laboratory is up; natactors lab up makes one"
                : $"several are up: name one of {string.Join(' ', fitting.Select(lab => lab.Id))} with --lab",
            Usage);
        return null;
    }
}
