using System.Reflection;
using Akka.Actor;

namespace NatActors.Soak.Tests.Counters;

/// <summary>
/// What a runtime shows of itself that the Akka.NET API has no name for in common: by reflection, because the two runtimes have it on
/// different types. Children are public on the references of both; what the scheduler holds is shown by the embedded one only.
/// </summary>
public static class RuntimeView
{
    private const string ChildrenProperty = "Children";
    private const string PendingProperty = "Pending";

    /// <summary>The paths of all actors below one, those that are ending among them.</summary>
    public static IEnumerable<string> PathsBelow(IActorRef parent)
    {
        var property = parent.GetType().GetProperty(ChildrenProperty, BindingFlags.Public | BindingFlags.Instance)
            ?? throw new InvalidOperationException($"{parent.GetType()} shows no children.");
        foreach (var child in (IEnumerable<IActorRef>)property.GetValue(parent)!)
        {
            yield return child.Path.ToStringWithoutAddress();
            foreach (var below in PathsBelow(child))
            {
                yield return below;
            }
        }
    }

    /// <summary>For each timer the path of its actor, or what it calls; null where the runtime does not show them.</summary>
    public static IReadOnlyList<string>? Timers(ActorSystem system) =>
        (IReadOnlyList<string>?)system.Scheduler.GetType()
            .GetProperty(PendingProperty, BindingFlags.Public | BindingFlags.Instance)?.GetValue(system.Scheduler);
}
