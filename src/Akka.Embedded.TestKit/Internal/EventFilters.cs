using System.Text.RegularExpressions;
using Akka.Actor;
using Akka.Event;

namespace Akka.TestKit.Internal;

internal sealed record MuteFilters(IReadOnlyCollection<IEventFilter> Filters);

internal sealed record UnmuteFilters(IReadOnlyCollection<IEventFilter> Filters);

/// <summary>A filter that counts what it matches.</summary>
internal sealed class CountingFilter(Func<LogEvent, bool> matches, string name) : IEventFilter
{
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public CountingFilter Fresh() => new(matches, name);

    public bool Apply(LogEvent logEvent)
    {
        if (!matches(logEvent))
        {
            return false;
        }

        Interlocked.Increment(ref _count);
        return true;
    }

    public override string ToString() => name;
}

/// <summary>What filters are made of.</summary>
internal static class FilterRules
{
    public static Func<string, bool> Text(string? message, string? start, string? contains) =>
        message is not null ? text => text == message
        : start is not null ? text => text.StartsWith(start, StringComparison.Ordinal)
        : contains is not null ? text => text.Contains(contains, StringComparison.Ordinal)
        : _ => true;

    public static Func<string, bool> Text(Regex pattern) => pattern.IsMatch;

    public static Func<LogEvent, bool> Level(LogLevel level, Func<string, bool> text, string? source) => logEvent =>
        logEvent.LogLevel() == level && SourceMatches(logEvent, source) && text(logEvent.Message.ToString() ?? string.Empty);

    public static Func<LogEvent, bool> Exception(Type type, Func<string, bool> text, string? source, bool checkInner) => logEvent =>
        logEvent is Error error && SourceMatches(logEvent, source) && Matches(error.Cause, type, text, checkInner, error);

    public static Func<LogEvent, bool> DeadLetter(Func<object, bool> isMatch, string? source) => logEvent =>
        logEvent is Warning { Message: DeadLetter letter } && SourceMatches(logEvent, source) && isMatch(letter.Message);

    private static bool Matches(Exception? cause, Type type, Func<string, bool> text, bool checkInner, Error error)
    {
        if (cause is null)
        {
            return false;
        }

        if (type.IsInstanceOfType(cause) && (text(error.Message.ToString() ?? string.Empty) || text(cause.Message)))
        {
            return true;
        }

        return checkInner && Matches(cause.InnerException, type, text, checkInner, error);
    }

    // A source may be told without the system's address.
    private static bool SourceMatches(LogEvent logEvent, string? source) =>
        source is null || logEvent.LogSource == source
            || (ActorPath.TryParse(logEvent.LogSource, out var path) && path.ToStringWithoutAddress() == source);
}
