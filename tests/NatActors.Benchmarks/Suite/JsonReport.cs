using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NatActors.Benchmarks.Suite;

/// <summary>The report as a document for tools; numbers that are none (nothing was measured) are null.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static string Write(Report report) => JsonSerializer.Serialize(
        new
        {
            report.Machine,
            report.Started,
            report.Options.Rounds,
            report.Options.Quick,
            report.Options.Sizes,
            Benchmarks = report.Results.Select(result => new
            {
                result.Verb,
                Seconds = Math.Round(result.Seconds, 1),
                result.Failure,
                Figures = result.Figures.Select(Describe),
            }),
        },
        Options);

    private static object Describe(Figure figure) => new
    {
        figure.Id,
        figure.What,
        figure.Unit,
        Value = Number(figure.Value),
        Min = Number(figure.Values.Min),
        Max = Number(figure.Values.Max),
        Rounds = figure.Values.Values,
        Goal = figure.Goal is { } goal ? new { goal.Text, goal.Number, goal.Direction, goal.Of } : null,
        Ratio = figure.Ratio is { } ratio ? Number(ratio) : null,
        Beside = figure.Beside.Select(one => new { one.Name, Value = Number(one.Value), one.Measured, Ratio = Number(figure.Value / one.Value) }),
        figure.Outcome,
        figure.Note,
    };

    private static double? Number(double value) => double.IsFinite(value) ? value : null;
}
