using Akka.Util;

namespace Akka.Actor.Setup;

/// <summary>A part of what a system is started with; each type at most once.</summary>
public abstract class Setup
{
    /// <summary>Both together.</summary>
    public ActorSystemSetup And(Setup other) => ActorSystemSetup.Empty.With(this).With(other);
}

/// <summary>What a system is started with.</summary>
public sealed class ActorSystemSetup
{
    /// <summary>Nothing.</summary>
    public static readonly ActorSystemSetup Empty = new([]);

    private readonly Dictionary<Type, Setup> _setups;

    private ActorSystemSetup(Dictionary<Type, Setup> setups) => _setups = setups;

    public static ActorSystemSetup Create(params Setup[] setup) => setup.Aggregate(Empty, (all, next) => all.With(next));

    /// <summary>The part of type T, if there is one.</summary>
    public Option<T> Get<T>()
        where T : Setup => _setups.TryGetValue(typeof(T), out var setup) ? new Option<T>((T)setup) : Option<T>.None;

    /// <summary>With a part added or replaced.</summary>
    public ActorSystemSetup WithSetup<T>(T setup)
        where T : Setup => With(setup);

    /// <summary>Same as <see cref="WithSetup{T}(T)"/>.</summary>
    public ActorSystemSetup And<T>(T setup)
        where T : Setup => With(setup);

    public override string ToString() => $"ActorSystemSetup({string.Join(", ", _setups.Keys.Select(type => type.Name))})";

    internal ActorSystemSetup With(Setup setup) => new(new Dictionary<Type, Setup>(_setups) { [setup.GetType()] = setup });
}
