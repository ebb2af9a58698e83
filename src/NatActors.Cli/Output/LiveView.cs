using System.Globalization;
using System.Text.RegularExpressions;
using NatActors.Hosting;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Node.Connections;
using NatActors.Protocols.AutoNat;
using Serilog.Core;
using Serilog.Events;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace NatActors.Cli.Output;

/// <summary>What a terminal shows of a running node: who it is, where it can be reached, its connections, its punches, what happened last.</summary>
public sealed partial class LiveView : IEventOutput, ILogEventSink
{
    /// <summary>Events kept on the screen.</summary>
    public const int LastEvents = 8;

    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(500);

    private readonly IAnsiConsole _console;
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly Repetitions _told = new();
    private readonly Queue<string> _last = new();
    private readonly Dictionary<PeerId, NodeEvents.Reserved> _reservations = [];
    private readonly Dictionary<PeerId, NodeEvents.PunchEnded> _punches = [];
    private readonly Dictionary<(string Protocol, Multiaddr External), NodeEvents.Mapping> _mappings = [];
    private readonly HashSet<Multiaddr> _confirmed = [];
    private NodeEvents.ReachabilityChanged? _reachability;
    private NodeEvents.Listening? _listening;
    private IReadOnlyList<ConnectionsMessages.ConnectionStatus> _connections = [];
    private Task _drawing = Task.CompletedTask;

    /// <summary>Creates the view; it draws from <see cref="Watch"/> on.</summary>
    public LiveView(IAnsiConsole console, TimeProvider clock)
    {
        _console = console;
        _clock = clock;
    }

    /// <summary>Draws until disposed, asking the node twice a second for its connections.</summary>
    public void Watch(INatNode node) => _drawing = DrawAsync(node);

    /// <inheritdoc />
    public void OnNext(NodeEvent value)
    {
        lock (_gate)
        {
            switch (value)
            {
                case NodeEvents.Listening e: _listening = e; break;
                case NodeEvents.Reserved e: _reservations[e.Relay] = e; break;
                case NodeEvents.ReservationLost e: _reservations.Remove(e.Relay); break;
                case NodeEvents.PunchEnded e: _punches[e.Peer] = e; break;
                case NodeEvents.ReachabilityChanged e: _reachability = e; break;
                case NodeEvents.AddressConfirmed e: _confirmed.Add(e.Address); break;
                case NodeEvents.AddressLost e: _confirmed.Remove(e.Address); break;
                case NodeEvents.Mapping { Lease.Ticks: > 0 } e: _mappings[(e.Protocol, e.External)] = e; break;
                case NodeEvents.Mapping e: _mappings.Remove((e.Protocol, e.External)); break;
            }

            // What stands above anyway is not told again.
            var lines = value is NodeEvents.Listening || _told.Contain(value) ? [] : value is NodeEvents.Reserved ? PlainOutput.Lines(value).Take(1) : PlainOutput.Lines(value);
            foreach (var line in lines)
            {
                Keep($"{value.Time.ToLocalTime():HH:mm:ss}  {ShortIds(line)}");
            }
        }
    }

    /// <inheritdoc />
    public void OnCompleted()
    {
    }

    /// <inheritdoc />
    public void OnError(Exception error) => Complain(error.Message);

    /// <inheritdoc />
    public void Say(string line) => Note(line);

    /// <inheritdoc />
    public void Complain(string line) => Note($"error: {line}");

    /// <inheritdoc />
    public void Emit(LogEvent logEvent) =>
        Note(NodeLogging.OneLine(logEvent));

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _drawing;
        _ended.Dispose();
    }

    private void Note(string line)
    {
        lock (_gate)
        {
            Keep(line);
        }
    }

    private void Keep(string line)
    {
        _last.Enqueue(line);
        while (_last.Count > LastEvents)
        {
            _last.Dequeue();
        }
    }

    /// <summary>Long addresses are for copying; here they shall fit into a line.</summary>
    private static string ShortIds(string text) => PeerIds().Replace(text, id => $"/p2p/…{id.Value[^8..]}");

    [GeneratedRegex("/p2p/[1-9A-HJ-NP-Za-z]{20,}")]
    private static partial Regex PeerIds();

    private async Task DrawAsync(INatNode node)
    {
        await _console.Live(View()).AutoClear(false).StartAsync(async live =>
        {
            while (!_ended.IsCancellationRequested)
            {
                try
                {
                    var status = await node.GetStatusAsync(_ended.Token);
                    lock (_gate)
                    {
                        _connections = status.Connections;
                    }

                    live.UpdateTarget(View());
                    await Task.Delay(Refresh, _clock, _ended.Token);
                }
                catch (OperationCanceledException)
                {
                    break;
                }
            }

            live.UpdateTarget(View());
        });
    }

    private Rows View()
    {
        lock (_gate)
        {
            var parts = new List<IRenderable> { Header(), ConnectionTable() };
            if (_punches.Count > 0)
            {
                parts.Add(PunchTable());
            }

            parts.Add(new Rule("[grey]last events[/]") { Justification = Justify.Left, Style = Style.Parse("grey") });
            parts.AddRange(_last.Select(line => new Text(line, new Style(Color.Grey))));
            parts.Add(new Text("Ctrl-C ends the node.", new Style(Color.Grey)));
            return new Rows(parts);
        }
    }

    private Panel Header()
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        grid.AddRow(new Text("peer id"), new Text(_listening?.PeerId.ToString() ?? "…"));
        foreach (var address in _listening?.Addresses ?? [])
        {
            grid.AddRow(new Text("listening"), new Text(address.ToString().Split("/p2p/")[0]));
        }

        if (_reachability is { } reachability)
        {
            var verdict = NodeVerdict.Describe(reachability.Verdict, reachability.FilteringProven);
            grid.AddRow(new Text("reachable"), new Text(verdict, new Style(reachability.Verdict == Reachability.Public ? Color.Green : Color.Yellow)));
        }

        foreach (var address in _confirmed)
        {
            grid.AddRow(new Text("dialable at"), new Text(address.ToString()));
        }

        foreach (var mapping in _mappings.Values)
        {
            grid.AddRow(new Text("forwarded"), new Text($"{mapping.External} ({ReportWords.MappingProtocol(mapping.Protocol)})"));
        }

        foreach (var reservation in _reservations.Values)
        {
            var left = reservation.Expires - _clock.GetUtcNow();
            grid.AddRow(
                new Text("relay"),
                new Text(string.Create(CultureInfo.InvariantCulture, $"{PlainOutput.Short(reservation.Relay)}, slot for {Math.Max(0, left.TotalMinutes):0} min more")));

            // One is enough to be found by; the others, of the same relay, would push what happens off the screen.
            if (reservation.Addresses is [var first, ..])
            {
                grid.AddRow(new Text("reach me at"), new Text(first.ToString()));
            }
        }

        return new Panel(grid) { Header = new PanelHeader("NatActors"), Border = BoxBorder.Rounded, Expand = true };
    }

    private Table ConnectionTable()
    {
        var table = new Table { Border = TableBorder.Rounded, Expand = true, Title = new TableTitle($"connections ({_connections.Count})") };
        table.AddColumns("peer", "path", "address", "rtt", "streams");
        foreach (var status in _connections)
        {
            var info = status.Connection;
            table.AddRow(
                new Text(PlainOutput.Short(info.Peer)),
                new Text(info.Relayed ? "relayed" : "direct", new Style(info.Relayed ? Color.Yellow : Color.Green)),
                new Text($"{(info.Direction == ConnectionDirection.Inbound ? "from" : "to")} {ShortIds(info.RemoteAddress.ToString())}"),
                new Text(status.RoundTripTime is { } rtt ? string.Create(CultureInfo.InvariantCulture, $"{rtt.TotalMilliseconds:0.0} ms") : "–"),
                new Text(status.Streams.ToString(CultureInfo.InvariantCulture)));
        }

        return table;
    }

    private Table PunchTable()
    {
        var table = new Table { Border = TableBorder.Rounded, Expand = true, Title = new TableTitle("hole punches") };
        table.AddColumns("peer", "outcome", "round", "took", "why");
        foreach (var punch in _punches.Values)
        {
            table.AddRow(
                new Text(PlainOutput.Short(punch.Peer)),
                new Text(punch.Outcome.ToString().ToLowerInvariant(), new Style(punch.Outcome == PunchOutcome.Direct ? Color.Green : Color.Yellow)),
                new Text(punch.Round.ToString(CultureInfo.InvariantCulture)),
                new Text(string.Create(CultureInfo.InvariantCulture, $"{punch.Duration.TotalMilliseconds:0} ms")),
                new Text(punch.Reason));
        }

        return table;
    }
}
