using NatActors.Node;

namespace NatActors.Cli.Output;

/// <summary>Shows nothing and keeps what went wrong, for a command that prints one report at its end.</summary>
public sealed class ErrorCollector : IEventOutput
{
    /// <summary>Errors that are kept; the same one is kept once. Ours: what a person reads.</summary>
    public const int MaxErrors = 16;

    private readonly Lock _gate = new();
    private readonly List<string> _errors = [];

    /// <summary>What went wrong so far.</summary>
    public IReadOnlyList<string> Errors
    {
        get
        {
            lock (_gate)
            {
                return [.. _errors];
            }
        }
    }

    /// <inheritdoc />
    public void OnNext(NodeEvent value)
    {
        if (value is NodeEvents.Error error)
        {
            Complain(error.What);
        }
    }

    /// <inheritdoc />
    public void OnCompleted()
    {
    }

    /// <inheritdoc />
    public void OnError(Exception error) => Complain(error.Message);

    /// <inheritdoc />
    public void Say(string line)
    {
    }

    /// <inheritdoc />
    public void Complain(string line)
    {
        lock (_gate)
        {
            if (_errors.Count < MaxErrors && !_errors.Contains(line))
            {
                _errors.Add(line);
            }
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
