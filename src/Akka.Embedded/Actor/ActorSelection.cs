using System.IO.Enumeration;

namespace Akka.Actor;

/// <summary>One step of a selection.</summary>
public abstract class SelectionPathElement;

/// <summary>The child of a name.</summary>
public class SelectChildName(string name) : SelectionPathElement
{
    public string Name { get; } = name;

    public override string ToString() => Name;
}

/// <summary>The children whose name matches a pattern of * and ?.</summary>
public class SelectChildPattern(string patternStr) : SelectionPathElement
{
    public string PatternStr { get; } = patternStr;

    public override string ToString() => PatternStr;
}

/// <summary>The parent.</summary>
public class SelectParent : SelectionPathElement
{
    /// <summary>The one instance.</summary>
    public static readonly SelectParent Instance = new();

    public override string ToString() => "..";
}

/// <summary>A message on its way along a selection.</summary>
internal sealed class ActorSelectionMessage(object message, SelectionPathElement[] path, int at) : IAutoReceivedMessage, IPossiblyHarmful
{
    public object Message { get; } = message;

    public SelectionPathElement[] Path { get; } = path;

    public int At { get; } = at;
}

/// <summary>A path below an actor; whatever stands there when a message is told gets it.</summary>
public class ActorSelection : ICanTell
{
    /// <summary>A selection by text, below <paramref name="anchor"/>.</summary>
    public ActorSelection(IActorRef anchor, string path)
        : this(anchor, path.Split('/', StringSplitOptions.RemoveEmptyEntries))
    {
    }

    public ActorSelection(IActorRef anchor, IEnumerable<string> elements)
        : this(anchor, [.. elements.Select(Selections.Element)])
    {
    }

    public ActorSelection(IActorRef anchor, SelectionPathElement[] path)
    {
        Anchor = anchor;
        Path = path;
    }

    public IActorRef Anchor { get; }

    public SelectionPathElement[] Path { get; }

    public string PathString => string.Join("/", Path.Select(e => e.ToString()));

    public void Tell(object message, IActorRef? sender = null) =>
        Selections.Deliver(Anchor, new ActorSelectionMessage(message, Path, 0), sender ?? ActorCell.Speaker?.Self);

    /// <summary>The one actor that stands there.</summary>
    /// <exception cref="ActorNotFoundException">There is none, or it did not answer in time.</exception>
    public Task<IActorRef> ResolveOne(TimeSpan timeout) => ResolveOne(timeout, CancellationToken.None);

    public async Task<IActorRef> ResolveOne(TimeSpan timeout, CancellationToken ct)
    {
        try
        {
            var identity = await this.Ask<ActorIdentity>(new Identify(null!), timeout, ct).ConfigureAwait(false);
            return identity.Subject ?? throw new ActorNotFoundException($"No actor at {this}");
        }
        catch (Exception e) when (e is not ActorNotFoundException)
        {
            throw new ActorNotFoundException($"Exception occurred while resolving {this}: {e.Message}", e);
        }
    }

    protected bool Equals(ActorSelection other) => Equals(Anchor, other.Anchor) && PathString == other.PathString;

    public override bool Equals(object? obj) => obj is ActorSelection other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Anchor, PathString);

    public override string ToString() => $"ActorSelection[Anchor({Anchor.Path}), Path(/{PathString})]";
}

internal static class Selections
{
    public static SelectionPathElement Element(string text) => text switch
    {
        ".." => SelectParent.Instance,
        _ when text.Contains('*', StringComparison.Ordinal) || text.Contains('?', StringComparison.Ordinal) => new SelectChildPattern(text),
        _ => new SelectChildName(text),
    };

    /// <summary>Absolute text starts at the root, other text at <paramref name="from"/>.</summary>
    public static ActorSelection Select(ActorSystemImpl system, IActorRef from, string path)
    {
        if (path.StartsWith('/'))
        {
            return new ActorSelection(system.Root, path);
        }

        return ActorPath.TryParse(path, out var parsed) ? system.ActorSelection(parsed) : new ActorSelection(from, path);
    }

    public static void Deliver(IActorRef anchor, ActorSelectionMessage selection, IActorRef? sender)
    {
        IActorRef at = anchor;
        for (var i = selection.At; i < selection.Path.Length; i++)
        {
            var here = at as InternalRef;
            switch (selection.Path[i])
            {
                case SelectParent:
                    at = here?.GetParent() ?? ActorRefs.Nobody;
                    break;
                case SelectChildName name:
                    at = here?.GetChild(name.Name) ?? ActorRefs.Nobody;
                    break;
                case SelectChildPattern pattern:
                    var rest = new ActorSelectionMessage(selection.Message, selection.Path, i + 1);
                    foreach (var child in here?.GetChildren() ?? [])
                    {
                        if (FileSystemName.MatchesSimpleExpression(pattern.PatternStr, child.Path.Name, ignoreCase: false))
                        {
                            Deliver(child, rest, sender);
                        }
                    }

                    return;
            }

            if (at.IsNobody())
            {
                NotFound(anchor, selection, sender);
                return;
            }
        }

        at.Tell(selection.Message, sender);
    }

    private static void NotFound(IActorRef anchor, ActorSelectionMessage selection, IActorRef? sender)
    {
        if (selection.Message is Identify identify)
        {
            sender?.Tell(new ActorIdentity(identify.MessageId, null), ActorRefs.NoSender);
        }
        else if (anchor is InternalRef { System: { } system })
        {
            system.DeadLetters.Tell(selection.Message, sender);
        }
    }
}

/// <summary>Shorter ways to make and find actors.</summary>
public static class ActorRefFactoryExtensions
{
    public static IActorRef ActorOf<TActor>(this IActorRefFactory factory, string? name = null)
        where TActor : ActorBase, new() => factory.ActorOf(Props.Create<TActor>(), name);

    /// <summary>A selection below <paramref name="anchorRef"/>.</summary>
    public static ActorSelection ActorSelection(this IActorRefFactory factory, IActorRef anchorRef, string actorPath) =>
        new(anchorRef, actorPath);
}
