using System.Globalization;

namespace NatActors.Benchmarks.Profile;

/// <summary>Reads what <c>perf script -F pid,ip,sym,dso</c> prints: for each sample a line with the process, then a line a frame, innermost first.</summary>
internal sealed class PerfSamples
{
    /// <summary>The yardstick's own work is not what is looked for.</summary>
    private const string LeftOut = "BareSocket";

    private readonly Dictionary<int, FunctionCounts> _processes = [];
    private readonly List<string> _frames = [];
    private int _process;

    public FunctionCounts Of(int process) => _processes.TryGetValue(process, out var counts) ? counts : new FunctionCounts();

    public void Take(string line)
    {
        if (line.Length == 0)
        {
            TakeEnd();
        }
        else if (!char.IsWhiteSpace(line[0]) || !line.TrimStart().Contains(' '))
        {
            TakeEnd();
            _process = int.TryParse(line.Trim(), CultureInfo.InvariantCulture, out var process) ? process : 0;
        }
        else
        {
            var frame = line.TrimStart();
            _frames.Add(FunctionName.Of(frame[(frame.IndexOf(' ') + 1)..]));
        }
    }

    /// <summary>No frame of the last sample follows.</summary>
    public void TakeEnd()
    {
        if (_frames.Count > 0 && !_frames.Any(frame => frame.Contains(LeftOut, StringComparison.Ordinal)))
        {
            if (!_processes.TryGetValue(_process, out var counts))
            {
                _processes[_process] = counts = new FunctionCounts();
            }

            counts.Add(_frames);
        }

        _frames.Clear();
    }
}
