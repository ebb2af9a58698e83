using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NatActors.Lab.Verbs;

/// <summary>One line of JSON output of the <c>lab</c> verbs.</summary>
/// <param name="Event"><c>lab-up</c>, <c>lab</c> (one of a list), <c>lab-down</c>, or <c>error</c>.</param>
/// <param name="Time">RFC 3339 in UTC, with milliseconds.</param>
/// <param name="Lab">The laboratory, where there is one.</param>
/// <param name="Alive">Whether the process that keeps it up lives.</param>
/// <param name="What">What is wrong, for an error; the laboratory's name where only that is known.</param>
internal sealed record LabEvent(string Event, string Time, LabRecord? Lab, bool? Alive, string? What);

[JsonSerializable(typeof(LabEvent))]
internal sealed partial class LabEventJson : JsonSerializerContext;

/// <summary>Says what the <c>lab</c> verbs did: plain text for a person, one JSON object a line for a tool.</summary>
internal sealed class LabReport(TextWriter output, TextWriter errors, bool json)
{
    // A kind such as portrestricted+rst shall read so.
    private static readonly LabEventJson Format = new(new JsonSerializerOptions
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    });

    internal void Up(LabRecord lab)
    {
        if (json)
        {
            Write(new LabEvent("lab-up", Now(), lab, true, null));
            return;
        }

        Describe(lab);
        var hosts = string.Join(' ', lab.Hosts.Select(host => host.Name));
        output.WriteLine($"Run something in it:  natactors lab exec A -- COMMAND   (hosts: {hosts})");
        output.WriteLine("Remove it:            natactors lab down");
    }

    internal void Listed(LabRecord lab)
    {
        if (json)
        {
            Write(new LabEvent("lab", Now(), lab, lab.IsAlive, null));
            return;
        }

        Describe(lab);
    }

    internal void Down(string id)
    {
        if (json)
        {
            Write(new LabEvent("lab-down", Now(), null, null, id));
            return;
        }

        output.WriteLine($"{id} is down");
    }

    internal void Note(string line)
    {
        if (!json)
        {
            output.WriteLine(line);
        }
    }

    /// <summary>Something went wrong; answers the exit code that the verb shall end with.</summary>
    internal int Fail(string what, int code)
    {
        errors.WriteLine(what);
        if (json)
        {
            Write(new LabEvent("error", Now(), null, null, what));
        }

        return code;
    }

    /// <summary>Reads a line that <see cref="Up"/> wrote; null where it is no such line.</summary>
    internal static LabRecord? ReadUp(string? line) => line is null ? null : JsonSerializer.Deserialize(line, Format.LabEvent)?.Lab;

    private static string Now() => DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private void Describe(LabRecord lab)
    {
        var state = lab.IsAlive ? $"up, kept by process {lab.Owner}" : "dead: natactors lab down removes what is left";
        output.WriteLine($"{lab.Id}  {state}");
        output.WriteLine(lab.PathDelayMs > 0
            ? string.Create(CultureInfo.InvariantCulture, $"  path delay  {lab.PathDelayMs:0.###} ms each way")
            : "  path delay  none");
        foreach (var host in lab.Hosts)
        {
            var behind = lab.Routers.FirstOrDefault(router => router.Name == host.Behind);
            var place = behind is null ? "public" : $"behind {behind.Name} ({behind.Kind}, public address {behind.PublicAddress})";
            output.WriteLine($"  {host.Name,-10}  {string.Join(' ', host.Addresses)}  {place}");
        }
    }

    private void Write(LabEvent happened) => output.WriteLine(JsonSerializer.Serialize(happened, Format.LabEvent));
}
