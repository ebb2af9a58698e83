using NatActors.Multiformats;

namespace NatActors.Protocols.Connections;

/// <summary>
/// The course of one dial: whose turn it is. An address is tried when its delay has passed, or at once when nothing else is in flight
/// (RFC 8305 section 5: a failure starts the next attempt without waiting).
/// </summary>
public sealed class DialSchedule
{
    private readonly List<RankedAddress> _waiting;
    private readonly HashSet<Multiaddr> _known;
    private readonly HashSet<Multiaddr> _inFlight = [];
    private readonly TimeSpan _startedAt;
    private readonly int _maxInFlight;

    /// <summary>Addresses tried at the same time; go-libp2p dials at most 8 for a peer (swarm: DefaultPerPeerRateLimit).</summary>
    public const int DefaultMaxInFlight = 8;

    /// <summary>A dial that starts at <paramref name="now"/>; call <see cref="Due"/> for the first attempts.</summary>
    public DialSchedule(IReadOnlyList<RankedAddress> addresses, TimeSpan now, int maxInFlight = DefaultMaxInFlight)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxInFlight, 1);
        _waiting = [.. addresses];
        _known = [.. addresses.Select(a => a.Address)];
        _startedAt = now;
        _maxInFlight = maxInFlight;
    }

    /// <summary>When <see cref="Due"/> has something new to say; null when only the attempts in flight are awaited.</summary>
    public TimeSpan? Deadline => _waiting.Count == 0 || _inFlight.Count >= _maxInFlight ? null : _startedAt + _waiting[0].Delay;

    /// <summary>True when every address was tried and none is in flight: the dial has failed.</summary>
    public bool IsExhausted => _waiting.Count == 0 && _inFlight.Count == 0;

    /// <summary>The addresses to try now.</summary>
    public IReadOnlyList<Multiaddr> Due(TimeSpan now)
    {
        var due = new List<Multiaddr>();
        while (_waiting.Count > 0 && _inFlight.Count < _maxInFlight && (_inFlight.Count == 0 || _startedAt + _waiting[0].Delay <= now))
        {
            var address = _waiting[0].Address;
            _waiting.RemoveAt(0);
            _inFlight.Add(address);
            due.Add(address);
        }

        return due;
    }

    /// <summary>An attempt came to nothing. Call <see cref="Due"/> next.</summary>
    public void OnFailed(Multiaddr address) => _inFlight.Remove(address);

    /// <summary>More addresses became known; their delays count from now. Call <see cref="Due"/> next.</summary>
    public void OnAdded(IReadOnlyList<RankedAddress> addresses, TimeSpan now)
    {
        foreach (var added in addresses)
        {
            if (_known.Add(added.Address))
            {
                var delay = now - _startedAt + added.Delay;
                var place = _waiting.FindIndex(w => w.Delay > delay);
                _waiting.Insert(place < 0 ? _waiting.Count : place, added with { Delay = delay });
            }
        }
    }
}
