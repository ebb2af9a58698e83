using System.Collections.Concurrent;
using System.Reflection;

namespace Akka.Actor;

/// <summary>Calls constructors. A type with one public constructor of the wanted arity gets a cached invoker.</summary>
internal static class ActorFactory
{
    private const int MaxInvokerArguments = 8;

    private static readonly ConcurrentDictionary<(Type Type, int Arity), ConstructorInvoker?> Invokers = new();

    public static ActorBase Create(Type type, object[] args)
    {
        if (args.Length <= MaxInvokerArguments && Invokers.GetOrAdd((type, args.Length), Find) is { } invoker)
        {
            return (ActorBase)invoker.Invoke(args.AsSpan()!);
        }

        return (ActorBase)Activator.CreateInstance(type, args)!;
    }

    private static ConstructorInvoker? Find((Type Type, int Arity) key)
    {
        ConstructorInfo? found = null;
        foreach (var constructor in key.Type.GetConstructors())
        {
            if (constructor.GetParameters().Length == key.Arity)
            {
                if (found is not null)
                {
                    return null;
                }

                found = constructor;
            }
        }

        return found is null || key.Type.IsAbstract ? null : ConstructorInvoker.Create(found);
    }
}
