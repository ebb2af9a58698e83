using System.Text.Json;
using System.Text.Json.Nodes;
using NatActors.Hosting.Reports;

namespace NatActors.Cli.Output;

/// <summary>Prints a report: sections for people, or one JSON object on one line.</summary>
public static class ReportOutput
{
    /// <summary>Prints it.</summary>
    /// <param name="name">The event's name: <c>doctor</c> or <c>status</c>.</param>
    /// <param name="report">The report.</param>
    /// <param name="json">As JSON.</param>
    /// <param name="output">Where to.</param>
    public static void Write(string name, ReportDocument report, bool json, TextWriter output)
    {
        if (!json)
        {
            output.Write(ReportText.Of(report));
            output.Flush();
            return;
        }

        var line = new JsonObject { ["event"] = name, ["time"] = report.Time };
        foreach (var (field, value) in JsonSerializer.SerializeToNode(report, ReportDocuments.Json)!.AsObject().ToArray())
        {
            if (field != "time")
            {
                line[field] = value?.DeepClone();
            }
        }

        output.WriteLine(line.ToJsonString(ReportDocuments.Json));
        output.Flush();
    }
}
