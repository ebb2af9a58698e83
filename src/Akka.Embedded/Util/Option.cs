namespace Akka.Util;

/// <summary>A value that may be absent.</summary>
public readonly struct Option<T> : IEquatable<Option<T>>
{
    /// <summary>No value.</summary>
    public static readonly Option<T> None = default;

    /// <summary>Holds <paramref name="value"/>; a null reference makes an empty option.</summary>
    public Option(T value)
    {
        Value = value;
        HasValue = value is not null;
    }

    /// <summary>The value, or the default of its type when empty.</summary>
    public T Value { get; }

    /// <summary>Whether a value is held.</summary>
    public bool HasValue { get; }

    /// <summary>Whether no value is held.</summary>
    public bool IsEmpty => !HasValue;

    /// <summary>Same as the constructor.</summary>
    public static Option<T> Create(T value) => new(value);

    /// <summary>Wraps a value.</summary>
    public static implicit operator Option<T>(T value) => new(value);

    public static bool operator ==(Option<T> left, Option<T> right) => left.Equals(right);

    public static bool operator !=(Option<T> left, Option<T> right) => !left.Equals(right);

    /// <summary>The value, or <paramref name="fallbackValue"/> when empty.</summary>
    public T GetOrElse(T fallbackValue) => HasValue ? Value : fallbackValue;

    /// <summary>Maps the value if there is one.</summary>
    public Option<TNew> Select<TNew>(Func<T, TNew> selector) => HasValue ? new Option<TNew>(selector(Value)) : default;

    /// <summary>Maps the value to an option if there is one.</summary>
    public Option<TNew> FlatSelect<TNew>(Func<T, Option<TNew>> mapper) => HasValue ? mapper(Value) : default;

    /// <summary>Runs <paramref name="action"/> with the value if there is one.</summary>
    public void OnSuccess(Action<T> action)
    {
        if (HasValue)
        {
            action(Value);
        }
    }

    public bool Equals(Option<T> other) => HasValue == other.HasValue && EqualityComparer<T>.Default.Equals(Value, other.Value);

    public override bool Equals(object? obj) => obj is Option<T> other && Equals(other);

    public override int GetHashCode() => HasValue ? Value!.GetHashCode() : 0;

    public override string ToString() => HasValue ? $"Some<{Value}>" : "None";
}
