using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace NatActors.Cli.Demo;

/// <summary>Tells what happens in the demonstration: lines with times for people, the events themselves as JSON.</summary>
internal sealed class Narrator(TextWriter output, bool json, TimeProvider clock)
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private bool _measured;
    private DateTimeOffset _start = clock.GetUtcNow();

    /// <summary>A line of its own; JSON output leaves it out.</summary>
    public void Say(string line)
    {
        if (!json)
        {
            lock (_gate)
            {
                output.WriteLine(line);
                output.Flush();
            }
        }
    }

    /// <summary>The times of what follows count from now.</summary>
    public void StartClock()
    {
        lock (_gate)
        {
            _start = clock.GetUtcNow();
            _told.Clear();
            _measured = false;
        }
    }

    /// <summary>An event of a peer.</summary>
    public void Tell(DemoEvent happened)
    {
        lock (_gate)
        {
            if (happened.Name == "listening")
            {
                _names[happened.Text("peerId")] = happened.Peer;
            }

            _measured |= happened.Name == "perf-result";
            if (json)
            {
                var fields = happened.Fields.EnumerateObject().ToDictionary(p => p.Name, p => (object?)p.Value);
                fields["node"] = happened.Peer;
                output.WriteLine(JsonSerializer.Serialize(fields, Readable));
            }
            else if (Words(happened) is { } words && _told.Add(happened.Peer + words))
            {
                var at = (happened.Time - _start).TotalMilliseconds;
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {at,7:0} ms  {happened.Peer}  {words}"));
            }

            output.Flush();
        }
    }

    private string? Words(DemoEvent e) => e.Name switch
    {
        // Whoever loses its direct connection because the other leaves begins anew; that is no part of the story.
        "punch-started" or "punch-ended" when _measured => null,
        "listening" => $"listens; its peer id ends in …{Tail(e.Text("peerId"))}",
        "connected" when e.Flag("relayed") => $"has a relayed connection with {Who(e)} ({Via(e)})",
        "connected" => $"has a direct connection with {Who(e)} at {Short(e.Text("addr"))}",
        "identified" when e.Text("observed").Length > 0 => $"hears from {Who(e)} that it is seen at {Short(e.Text("observed"))}",
        "reserved" => $"holds a slot at the relay until {DateTimeOffset.Parse(e.Text("expires"), CultureInfo.InvariantCulture).ToLocalTime():HH:mm}, "
            + "so others can reach it through there",
        "punch-started" => $"starts round {e.Number("round"):0} of the hole punch with {Who(e)}",
        "punch-ended" => string.Create(
            CultureInfo.InvariantCulture,
            $"hole punch with {Who(e)}: {e.Text("outcome")} after {e.Number("ms"):0} ms{Because(e)}"),
        "ping" => string.Create(CultureInfo.InvariantCulture, $"ping to {Who(e)}: {e.Number("ms"):0.0} ms, {(e.Flag("relayed") ? "relayed" : "direct")}"),
        "disconnected" when e.Flag("relayed") => $"lets the relayed connection with {Who(e)} go: {e.Text("reason")}",
        "error" => $"error: {e.Text("what")}",
        _ => null,
    };

    private static string Because(DemoEvent e) => e.Text("reason") is { Length: > 0 } reason ? $" ({reason})" : "";

    private string Who(DemoEvent e)
    {
        var peer = e.Text("peer");
        return _names.GetValueOrDefault(peer, $"…{Tail(peer)}");
    }

    private static string Via(DemoEvent e) => e.Text("direction") == "outbound" ? "it dialed" : "it was dialed";

    private static string Tail(string peerId) => peerId.Length > 6 ? peerId[^6..] : peerId;

    private static string Short(string address) => address.Split("/p2p/")[0];
}
