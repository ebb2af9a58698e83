using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Akka.Actor;

namespace Akka.Hosting;

/// <summary>Finds actors by a type that stands for them.</summary>
public interface IReadOnlyActorRegistry
{
    bool TryGet(Type key, [NotNullWhen(true)] out IActorRef? actor);

    bool TryGet<TKey>([NotNullWhen(true)] out IActorRef? actor);

    /// <exception cref="MissingActorRegistryEntryException">Nothing is registered under the key.</exception>
    IActorRef Get<TKey>();

    /// <summary>Waits until something is registered under the key.</summary>
    Task<IActorRef> GetAsync<TKey>(CancellationToken ct = default);

    /// <summary>Waits until something is registered under the key.</summary>
    Task<IActorRef> GetAsync(Type key, CancellationToken ct = default);
}

/// <summary>Registers actors under a type that stands for them.</summary>
public interface IActorRegistry : IReadOnlyActorRegistry
{
    /// <exception cref="DuplicateActorRegistryException">The key is taken, and <paramref name="overwrite"/> is false.</exception>
    void Register<TKey>(IActorRef actor, bool overwrite = false);

    bool TryRegister<TKey>(IActorRef actor, bool overwrite = false);

    bool TryRegister(Type key, IActorRef actor, bool overwrite = false);
}

/// <summary>The actors that parts of a host know each other by.</summary>
public class ActorRegistry : IActorRegistry, IExtension, IEnumerable<KeyValuePair<Type, IActorRef>>
{
    private readonly ConcurrentDictionary<Type, TaskCompletionSource<IActorRef>> _entries = new();

    /// <summary>The registry of a system.</summary>
    public static ActorRegistry For(ActorSystem actorSystem) => new ActorRegistryExtension().Apply(actorSystem);

    public void Register<TKey>(IActorRef actor, bool overwrite = false)
    {
        if (!TryRegister<TKey>(actor, overwrite))
        {
            throw new DuplicateActorRegistryException(
                $"An actor value already exists for key [{typeof(TKey)}]. Call overwrite=true to avoid this error or register under a different key.");
        }
    }

    public bool TryRegister<TKey>(IActorRef actor, bool overwrite = false) => TryRegister(typeof(TKey), actor, overwrite);

    public bool TryRegister(Type key, IActorRef actor, bool overwrite = false)
    {
        ArgumentNullException.ThrowIfNull(actor);
        if (Entry(key).TrySetResult(actor))
        {
            return true;
        }

        if (overwrite)
        {
            var entry = NewEntry();
            entry.SetResult(actor);
            _entries[key] = entry;
        }

        return overwrite;
    }

    public bool TryGet<TKey>([NotNullWhen(true)] out IActorRef? actor) => TryGet(typeof(TKey), out actor);

    public bool TryGet(Type key, [NotNullWhen(true)] out IActorRef? actor)
    {
        actor = _entries.TryGetValue(key, out var entry) && entry.Task.IsCompletedSuccessfully ? entry.Task.Result : null;
        return actor is not null;
    }

    public IActorRef Get<TKey>() => TryGet<TKey>(out var actor)
        ? actor
        : throw new MissingActorRegistryEntryException($"No actor registered for key {typeof(TKey).FullName}");

    public Task<IActorRef> GetAsync<TKey>(CancellationToken ct = default) => GetAsync(typeof(TKey), ct);

    public Task<IActorRef> GetAsync(Type key, CancellationToken ct = default) => Entry(key).Task.WaitAsync(ct);

    public IEnumerator<KeyValuePair<Type, IActorRef>> GetEnumerator()
    {
        foreach (var (key, entry) in _entries)
        {
            if (entry.Task.IsCompletedSuccessfully)
            {
                yield return new KeyValuePair<Type, IActorRef>(key, entry.Task.Result);
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static TaskCompletionSource<IActorRef> NewEntry() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TaskCompletionSource<IActorRef> Entry(Type key) => _entries.GetOrAdd(key, _ => NewEntry());
}

/// <summary>The id of <see cref="ActorRegistry"/>.</summary>
public sealed class ActorRegistryExtension : ExtensionIdProvider<ActorRegistry>
{
    public override ActorRegistry CreateExtension(ExtendedActorSystem system) => new();
}

/// <summary>Base of the registry's exceptions.</summary>
public class ActorRegistryException : Exception
{
    public ActorRegistryException(string message)
        : base(message)
    {
    }

    public ActorRegistryException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>A key is taken.</summary>
public sealed class DuplicateActorRegistryException : ActorRegistryException
{
    public DuplicateActorRegistryException(string message)
        : base(message)
    {
    }

    public DuplicateActorRegistryException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>Nothing is registered under a key.</summary>
public sealed class MissingActorRegistryEntryException : ActorRegistryException
{
    public MissingActorRegistryEntryException(string message)
        : base(message)
    {
    }

    public MissingActorRegistryEntryException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>An actor as a dependency of a service.</summary>
public interface IRequiredActor<TActor>
{
    /// <summary>The actor; throws while it is not registered.</summary>
    IActorRef ActorRef { get; }

    /// <summary>Waits until the actor is registered.</summary>
    Task<IActorRef> GetAsync(CancellationToken cancellationToken = default);
}

/// <summary>Takes the actor from the registry when it is asked for.</summary>
public sealed class RequiredActor<TActor>(IReadOnlyActorRegistry registry) : IRequiredActor<TActor>
{
    private IActorRef? _actor;

    public IActorRef ActorRef => _actor ??= registry.Get<TActor>();

    public async Task<IActorRef> GetAsync(CancellationToken cancellationToken = default) =>
        _actor ??= await registry.GetAsync<TActor>(cancellationToken).ConfigureAwait(false);
}
