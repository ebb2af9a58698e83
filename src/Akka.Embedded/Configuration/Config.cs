using System.Globalization;

namespace Akka.Configuration;

/// <summary>
/// Settings by dotted names, a small part of HOCON: <c>a.b = value</c>, <c>a { b = value }</c>, lists in brackets, quotes and comments.
/// What the runtime does not know it ignores.
/// </summary>
public class Config
{
    /// <summary>No settings.</summary>
    public static readonly Config Empty = new();

    private readonly IReadOnlyDictionary<string, string[]> _values;

    public Config()
        : this(new Dictionary<string, string[]>())
    {
    }

    /// <summary>The settings of <paramref name="source"/>, and of <paramref name="fallback"/> where that is silent.</summary>
    public Config(Config source, Config fallback)
        : this(Merged(source, fallback))
    {
    }

    internal Config(IReadOnlyDictionary<string, string[]> values) => _values = values;

    /// <summary>Settings from their text.</summary>
    public static implicit operator Config(string str) => ConfigurationFactory.ParseString(str);

    public virtual bool IsEmpty => _values.Count == 0;

    public Config WithFallback(Config fallback) => fallback is null || ReferenceEquals(fallback, this) ? this : new Config(this, fallback);

    public virtual bool HasPath(string path) =>
        _values.ContainsKey(path) || _values.Keys.Any(key => key.StartsWith(path + ".", StringComparison.Ordinal));

    public virtual string? GetString(string path, string? @default = null) => Find(path) is [var value, ..] ? value : @default;

    public virtual bool GetBoolean(string path, bool @default = false) => GetString(path)?.ToLowerInvariant() switch
    {
        "on" or "true" or "yes" => true,
        "off" or "false" or "no" => false,
        _ => @default,
    };

    public virtual int GetInt(string path, int @default = 0) =>
        int.TryParse(GetString(path), CultureInfo.InvariantCulture, out var value) ? value : @default;

    public virtual long GetLong(string path, long @default = 0) =>
        long.TryParse(GetString(path), CultureInfo.InvariantCulture, out var value) ? value : @default;

    public virtual double GetDouble(string path, double @default = 0) =>
        double.TryParse(GetString(path), CultureInfo.InvariantCulture, out var value) ? value : @default;

    public virtual IList<string> GetStringList(string path) => GetStringList(path, []);

    public virtual IList<string> GetStringList(string path, string[] strings) => Find(path)?.ToList() ?? [.. strings];

    /// <summary>A time: a number with a unit (ms, s, m, h, d), milliseconds without one.</summary>
    public virtual TimeSpan GetTimeSpan(string path, TimeSpan? @default = null, bool allowInfinite = true)
    {
        if (GetString(path) is not { } text)
        {
            return @default ?? TimeSpan.Zero;
        }

        if (text == "infinite")
        {
            return allowInfinite ? Timeout.InfiniteTimeSpan : throw new FormatException("infinite time duration not allowed");
        }

        var digits = text.TakeWhile(c => char.IsAsciiDigit(c) || c == '.').Count();
        var number = double.Parse(text.AsSpan(0, digits), CultureInfo.InvariantCulture);
        return text[digits..].Trim() switch
        {
            "d" or "day" or "days" => TimeSpan.FromDays(number),
            "h" or "hour" or "hours" => TimeSpan.FromHours(number),
            "m" or "minute" or "minutes" => TimeSpan.FromMinutes(number),
            "s" or "second" or "seconds" => TimeSpan.FromSeconds(number),
            "" or "ms" or "millis" or "milliseconds" => TimeSpan.FromMilliseconds(number),
            var unit => throw new FormatException($"'{unit}' is not a unit of time, in {path}"),
        };
    }

    /// <summary>The settings below a name.</summary>
    public virtual Config GetConfig(string path) => new(_values
        .Where(pair => pair.Key.StartsWith(path + ".", StringComparison.Ordinal))
        .ToDictionary(pair => pair.Key[(path.Length + 1)..], pair => pair.Value));

    /// <summary>The text; <paramref name="includeFallback"/> is moot, fallbacks are merged in.</summary>
    public virtual string ToString(bool includeFallback) => ToString();

    public override string ToString() => string.Join("\n", _values.Select(pair => $"{pair.Key} = {string.Join(", ", pair.Value)}"));

    private static Dictionary<string, string[]> Merged(Config source, Config fallback)
    {
        var all = new Dictionary<string, string[]>(fallback._values);
        foreach (var (key, value) in source._values)
        {
            all[key] = value;
        }

        return all;
    }

    private string[]? Find(string path) => _values.GetValueOrDefault(path);
}

/// <summary>Makes configurations.</summary>
public class ConfigurationFactory
{
    /// <summary>No settings.</summary>
    public static Config Empty => Config.Empty;

    /// <summary>Reads settings from text.</summary>
    public static Config ParseString(string hocon) => new(new ConfigReader(hocon).Read());

    /// <summary>No settings: the embedded runtime reads no files.</summary>
    public static Config Load() => Config.Empty;

    /// <summary>No settings: the runtime's defaults stand in its code.</summary>
    public static Config Default() => Config.Empty;
}

/// <summary>Shorter ways with configurations.</summary>
public static class ConfigExtensions
{
    /// <summary>Like <c>WithFallback</c>, also for null.</summary>
    public static Config SafeWithFallback(this Config? config, Config fallback) =>
        config.IsNullOrEmpty() ? fallback : config!.WithFallback(fallback);

    public static bool IsNullOrEmpty(this Config? config) => config is null || config.IsEmpty;
}
