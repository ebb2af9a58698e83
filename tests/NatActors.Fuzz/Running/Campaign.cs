using System.Diagnostics;
using NatActors.Fuzz.Coverage;
using NatActors.Fuzz.Engine;
using NatActors.Fuzz.Mutation;

namespace NatActors.Fuzz.Running;

/// <summary>
/// The fuzzing of one entry: its seeds and corpus, then changes of them, those that reach something new joining them. Decided by entry,
/// corpus and seed alone.
/// </summary>
public sealed class Campaign
{
    /// <summary>One broken thing fails many inputs; after so many different failures there is no use in going on.</summary>
    private const int MaxFailures = 5;

    /// <summary>More different inputs than this do not help the choice.</summary>
    private const int MaxPool = 4000;

    /// <summary>The clock is looked at once in so many inputs.</summary>
    private const int ClockEvery = 32;

    private readonly FuzzEntry _entry;
    private readonly ulong _seed;
    private readonly Oracle _oracle;
    private readonly Mutator _mutator;
    private readonly CoverageMap _coverage = new();
    private readonly FuzzRandom _random = new(0);
    private readonly List<byte[]> _pool = [];
    private readonly Dictionary<string, FuzzFailure> _failures = [];
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly Action<byte[]> _current;
    private long _inputs;
    private long _accepted;
    private int _found;
    private double _memory;
    private double _work;

    /// <summary>Prepares; <paramref name="current"/> is told each input before it is run.</summary>
    public Campaign(FuzzEntry entry, ulong seed, Action<byte[]>? current = null)
    {
        _entry = entry;
        _current = current ?? (_ => { });
        _oracle = new Oracle(entry);
        _mutator = new Mutator(entry);
        _seed = FuzzRandom.Mix(seed);
        foreach (var letter in entry.Name)
        {
            _seed = FuzzRandom.Mix(_seed + letter);
        }
    }

    /// <summary>What failed, each cause once.</summary>
    public IReadOnlyCollection<FuzzFailure> Failures => _failures.Values;

    /// <summary>Inputs run.</summary>
    public long Inputs => _inputs;

    /// <summary>Runs seeds and corpus, closely.</summary>
    public void Replay(IEnumerable<byte[]> corpus)
    {
        foreach (var input in _entry.Seeds().Concat(corpus))
        {
            _random.Restart(_seed);
            Try(input, closely: true);
            _pool.Add(input);
        }
    }

    /// <summary>Makes up inputs until there were so many, or the time is over.</summary>
    public void Run(long count, TimeSpan? time)
    {
        if (_pool.Count == 0)
        {
            _pool.Add([]);
        }

        for (long i = 0; i < count && _failures.Count < MaxFailures; i++)
        {
            if (time is { } limit && i % ClockEvery == 0 && Stopwatch.GetElapsedTime(_started) >= limit)
            {
                break;
            }

            _random.Restart(FuzzRandom.Mix(_seed + (ulong)i));
            var input = _mutator.Mutate(Chosen(), Chosen(), _random);
            if (Try(input, closely: false) && _pool.Count < MaxPool)
            {
                _found++;
                _pool.Add(input);
            }
        }
    }

    /// <summary>The inputs found that cover everything that was reached beyond the seeds, the shortest first.</summary>
    public IReadOnlyList<byte[]> Minimized(IEnumerable<byte[]> kept, int maxBytes)
    {
        var coverage = new CoverageMap();
        var chosen = new List<byte[]>();
        foreach (var input in _entry.Seeds().Concat(kept))
        {
            _oracle.Judge(input);
            coverage.AddLastRun();
        }

        var left = maxBytes;
        foreach (var input in _pool.OrderBy(input => input.Length))
        {
            if (_oracle.Judge(input) is null && coverage.AddLastRun() && input.Length <= left)
            {
                chosen.Add(input);
                left -= input.Length;
            }
        }

        return chosen;
    }

    /// <summary>The figures.</summary>
    public EntryReport Report(IReadOnlyList<string> failures) => new()
    {
        Name = _entry.Name,
        Inputs = _inputs,
        Accepted = _accepted,
        Seconds = Stopwatch.GetElapsedTime(_started).TotalSeconds,
        Found = _found,
        Edges = [.. _coverage.EdgeBlocks.SelectMany(edge => new[] { edge.Key, edge.Value })],
        Memory = _memory,
        Work = _work,
        Failures = failures,
    };

    /// <summary>A smaller input that fails the same way, of as many as are tried.</summary>
    public byte[] Shrink(FuzzFailure failure) => new Shrinker(input =>
    {
        _current(input);
        return (_oracle.Judge(input) ?? _oracle.JudgeCut(input, null) ?? _oracle.JudgeCut(input, new FuzzRandom(_seed)))?.Key;
    }).Shrink(failure.Input);

    private byte[] Chosen()
    {
        // What was found last is where the new ground is.
        var recent = Math.Max(1, _pool.Count / 4);
        return _random.OneIn(3) ? _pool[_pool.Count - 1 - _random.Below(recent)] : _pool[_random.Below(_pool.Count)];
    }

    /// <summary>True when it reached something new.</summary>
    private bool Try(byte[] input, bool closely)
    {
        _inputs++;
        _current(input);
        var failure = _oracle.Judge(input);
        var isNew = _coverage.AddLastRun();
        if (failure is null)
        {
            Measure(input.Length);
        }

        if (failure is null && (closely || isNew))
        {
            failure = _oracle.JudgeClosely(input, _random);
        }
        else if (failure is null && _entry is ChunkedEntry && _random.OneIn(4))
        {
            failure = _oracle.JudgeCut(input, _random.OneIn(2) ? _random : null);
        }

        if (failure is not null)
        {
            _failures.TryAdd(failure.Key, failure);
        }

        return isNew && failure is null;
    }

    private void Measure(int length)
    {
        _accepted += _oracle.Outcome.Accepted ? 1 : 0;
        _memory = Math.Max(_memory, (double)_oracle.Allocated / Math.Max(1, _entry.Bounds.Allocated(length)));
        _work = Math.Max(_work, (double)_oracle.Steps / Math.Max(1, _entry.Bounds.Steps(length)));
    }
}
