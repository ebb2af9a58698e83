namespace Akka.Actor;

/// <summary>Something that a system has once.</summary>
public interface IExtension;

/// <summary>Makes and finds an extension.</summary>
public interface IExtensionId
{
    Type ExtensionType { get; }

    object Apply(ActorSystem system);

    object Get(ActorSystem system);

    object CreateExtension(ExtendedActorSystem system);
}

/// <summary>Makes and finds an extension of type T.</summary>
public interface IExtensionId<out T> : IExtensionId
    where T : IExtension
{
    new T Apply(ActorSystem system);

    new T Get(ActorSystem system);

    new T CreateExtension(ExtendedActorSystem system);
}

/// <summary>Base of extension ids: derive and say how the extension is made.</summary>
public abstract class ExtensionIdProvider<T> : IExtensionId<T>
    where T : IExtension
{
    public Type ExtensionType => typeof(T);

    /// <summary>The extension; made now if the system has none yet.</summary>
    public T Apply(ActorSystem system) => (T)system.RegisterExtension(this)!;

    /// <summary>The extension; throws if the system has none.</summary>
    public T Get(ActorSystem system) => (T)system.GetExtension(this);

    public abstract T CreateExtension(ExtendedActorSystem system);

    object IExtensionId.Apply(ActorSystem system) => Apply(system);

    object IExtensionId.Get(ActorSystem system) => Get(system);

    object IExtensionId.CreateExtension(ExtendedActorSystem system) => CreateExtension(system);

    public override bool Equals(object? obj) => obj?.GetType() == GetType();

    public override int GetHashCode() => GetType().GetHashCode();
}
