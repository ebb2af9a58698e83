using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using NatActors.Multiformats;
using NatActors.Node.Metrics;

namespace NatActors.Scenarios.Tests.Hostile;

/// <summary>Reads the refusals of one node from its metrics.</summary>
internal sealed class RefusalCounter : IDisposable
{
    private readonly ConcurrentDictionary<string, long> _counts = new();
    private readonly MeterListener _listener = new();

    public RefusalCounter(PeerId node)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == Instruments.MeterName && instrument.Name == Instruments.ConnectionsRefused)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            var said = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value?.ToString() ?? "");
            if (said["node"] == node.ToString())
            {
                _counts.AddOrUpdate(said["reason"], count, (_, before) => before + count);
            }
        });
        _listener.Start();
    }

    public long Of(string reason) => _counts.GetValueOrDefault(reason);

    public void Dispose() => _listener.Dispose();
}
