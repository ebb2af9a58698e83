using System.Linq.Expressions;

namespace Akka.Actor;

/// <summary>Makes actors for <see cref="Props.CreateBy(IIndirectActorProducer, object[])"/>: called for each start and each restart.</summary>
public interface IIndirectActorProducer
{
    /// <summary>A type that every produced actor has.</summary>
    Type ActorType { get; }

    /// <summary>A new instance; called again on a restart.</summary>
    ActorBase Produce();

    /// <summary>The instance is done with.</summary>
    void Release(ActorBase actor);
}

/// <summary>
/// The recipe of an actor. Every start and restart makes a new instance of it, from the same arguments: an object among them lives on
/// over a restart.
/// </summary>
public class Props : IEquatable<Props>
{
    private static readonly object[] NoArguments = [];

    private readonly IIndirectActorProducer? _producer;

    /// <summary>A recipe of a type with arguments for its constructor.</summary>
    public Props(Type type, params object[] args)
        : this(type, null, null, args)
    {
    }

    public Props(Type type)
        : this(type, null, null, NoArguments)
    {
    }

    public Props(Type type, SupervisorStrategy supervisorStrategy, IEnumerable<object> args)
        : this(type, null, supervisorStrategy, [.. args])
    {
    }

    public Props(Type type, SupervisorStrategy supervisorStrategy, params object[] args)
        : this(type, null, supervisorStrategy, args)
    {
    }

    /// <summary>A recipe that a derived class fills by overriding <see cref="NewActor"/>.</summary>
    protected Props()
        : this(typeof(ActorBase), null, null, NoArguments)
    {
    }

    protected Props(Props copy)
        : this(copy.Type, copy._producer, copy.SupervisorStrategy, copy.Arguments)
    {
    }

    private Props(Type type, IIndirectActorProducer? producer, SupervisorStrategy? strategy, object[]? args)
    {
        ArgumentNullException.ThrowIfNull(type);
        Type = type;
        _producer = producer;
        SupervisorStrategy = strategy;
        Arguments = args ?? [null!];
    }

    /// <summary>What is made.</summary>
    public Type Type { get; }

    /// <summary>What its constructor gets.</summary>
    public object[] Arguments { get; }

    /// <summary>Overrides the strategy that the actor itself states.</summary>
    public SupervisorStrategy? SupervisorStrategy { get; protected set; }

    /// <summary>The recipe of a type. Fast: use this for whatever is made more than once.</summary>
    public static Props Create(Type type, params object[] args) => new(type, null, null, args);

    /// <summary>The recipe of a type.</summary>
    public static Props Create<TActor>(params object[] args)
        where TActor : ActorBase => new(typeof(TActor), null, null, args);

    /// <summary>The recipe of a type without arguments, with a strategy for its children.</summary>
    public static Props Create<TActor>(SupervisorStrategy supervisorStrategy)
        where TActor : ActorBase, new() => new(typeof(TActor), null, supervisorStrategy, NoArguments);

    /// <summary>The recipe <c>() => new X(…)</c>. The arguments are evaluated once, now; reading the expression is slow.</summary>
    public static Props Create<TActor>(Expression<Func<TActor>> factory, SupervisorStrategy? supervisorStrategy = null)
        where TActor : ActorBase
    {
        if (factory.Body is not NewExpression creation)
        {
            throw new ArgumentException("The create function must be a 'new T (args)' expression");
        }

        var args = creation.Arguments.Count == 0 ? NoArguments : creation.Arguments.Select(Evaluate).ToArray();
        return new Props(typeof(TActor), null, supervisorStrategy, args!);
    }

    /// <summary>A recipe that asks <paramref name="producer"/> for each instance.</summary>
    public static Props CreateBy(IIndirectActorProducer producer, params object[] args) =>
        new(producer.ActorType, producer, null, args);

    /// <summary>A recipe that asks a producer for each instance; the producer is made now, of <paramref name="args"/>.</summary>
    public static Props CreateBy<TProducer>(params object[] args)
        where TProducer : class, IIndirectActorProducer =>
        CreateBy((IIndirectActorProducer)Activator.CreateInstance(typeof(TProducer), args)!, args);

    /// <summary>The same recipe with a strategy for the actor's children.</summary>
    public Props WithSupervisorStrategy(SupervisorStrategy supervisorStrategy) => new(Type, _producer, supervisorStrategy, Arguments);

    /// <summary>Makes an instance. Only the runtime calls it: an actor can only be made inside its context.</summary>
    public virtual ActorBase NewActor()
    {
        try
        {
            return _producer is not null ? _producer.Produce() : ActorFactory.Create(Type, Arguments);
        }
        catch (Exception e)
        {
            var types = string.Join(",", Arguments.Select(a => a?.GetType().ToString() ?? "null"));
            throw new TypeLoadException($"Error while creating actor instance of type {Type} with {Arguments.Length} args: ({types})", e);
        }
    }

    public bool Equals(Props? other) =>
        other is not null && (ReferenceEquals(this, other) || (Type == other.Type && ReferenceEquals(_producer, other._producer)
            && Equals(SupervisorStrategy, other.SupervisorStrategy) && Arguments.SequenceEqual(other.Arguments)));

    public override bool Equals(object? obj) => Equals(obj as Props);

    public override int GetHashCode() => HashCode.Combine(Type, Arguments.Length);

    internal void Release(ActorBase actor) => _producer?.Release(actor);

    private static object? Evaluate(Expression argument) => argument switch
    {
        ConstantExpression constant => constant.Value,
        MemberExpression { Expression: ConstantExpression owner, Member: System.Reflection.FieldInfo field } => field.GetValue(owner.Value),
        _ => Expression.Lambda<Func<object?>>(Expression.Convert(argument, typeof(object))).Compile(preferInterpretation: true)(),
    };
}
