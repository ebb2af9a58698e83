using NatActors.Node;

namespace NatActors.Cli.Output;

/// <summary>Shows the node's events to whoever started the command: JSON lines, plain lines, or a live view. Called from any thread.</summary>
public interface IEventOutput : IObserver<NodeEvent>, IAsyncDisposable
{
    /// <summary>Says something that is no event of the node: a result, a heading. Goes to standard output; JSON output leaves it out.</summary>
    void Say(string line);

    /// <summary>Says what went wrong, on standard error, and as an <c>error</c> event where output is JSON.</summary>
    void Complain(string line);
}
