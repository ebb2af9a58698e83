using System.CommandLine;
using NatActors.Cli.Output;
using NatActors.Hosting.Control;
using NatActors.Hosting.Reports;
using NatActors.Multiformats;
using NatActors.Node;

namespace NatActors.Cli.Commands;

/// <summary><c>natactors doctor</c>: starts a node for a few seconds and reports how this machine can be reached.</summary>
internal static class DoctorCommand
{
    private const long DefaultSeconds = 10;
    private const long MaxSeconds = 300;

    public static Command Create(CommonOptions common, TextWriter output, TextWriter errors)
    {
        var seconds = Numbers.Option(
            "--seconds", "N", "How long to look at most", $"a whole number of 1 to {MaxSeconds}", 1, DefaultSeconds, MaxSeconds);
        var command = new Command("doctor", "Find out whether this machine can be reached, what stands in the way, and what can be done")
        {
            common.Bootstrap, seconds, common.Listen, common.Identity, common.NoAutoRelay, common.NoPortMapping,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            var configured = common.Read(result);
            configured.Options.Control = null;
            var json = result.GetValue(common.Json);
            var most = TimeSpan.FromSeconds(result.GetValue(seconds));
            if (!json)
            {
                errors.WriteLine($"Looking around for {most.TotalSeconds:0} seconds at most ...");
            }

            ReportOutput.Write("doctor", await ExamineAsync(configured, most, errors, cancellationToken), json, output);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static async Task<ReportDocument> ExamineAsync(
        ConfiguredOptions configured, TimeSpan most, TextWriter errors, CancellationToken cancellationToken)
    {
        await using var problems = new ErrorCollector();
        NodeSession session;
        try
        {
            session = await NodeSession.StartAsync(configured, problems, cancellationToken);
        }
        catch (NodeStartException failure) when (failure.Failure.Kind == NodeFailureKind.Port)
        {
            if (await RunningAsync(configured, cancellationToken) is not { } running)
            {
                throw;
            }

            errors.WriteLine($"A node of yours, {running.PeerId}, has that port; this is what it knows.");
            return running;
        }

        await using (session)
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, session.Stopping);
            var report = await new Examination(session.Node, TimeProvider.System).RunAsync(most, ended.Token);
            return ReportDocuments.Of(report) with { Temporary = true, Errors = problems.Errors };
        }
    }

    /// <summary>The report of a running node that listens on a port that was wanted.</summary>
    private static async Task<ReportDocument?> RunningAsync(ConfiguredOptions configured, CancellationToken cancellationToken)
    {
        configured.Options.TryBuild(out var options);
        var wanted = options.Listen.Select(PortOf).ToHashSet();
        foreach (var path in ControlClient.Running())
        {
            try
            {
                var report = await ControlClient.GetReportAsync(path, cancellationToken);
                if (report.Listening.Any(a => Multiaddr.TryParse(a, out var address) && wanted.Contains(PortOf(address))))
                {
                    return report;
                }
            }
            catch (NoNodeException)
            {
                // That one cannot be asked; perhaps it is another.
            }
        }

        return null;
    }

    private static int? PortOf(Multiaddr address) => address.TryGetTcpEndPoint(out var endPoint) ? endPoint.Port : null;
}
