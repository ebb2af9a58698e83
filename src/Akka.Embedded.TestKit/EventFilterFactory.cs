using System.Text.RegularExpressions;
using Akka.Actor;
using Akka.Event;
using Akka.TestKit.Internal;

namespace Akka.TestKit;

/// <summary>Makes expectations on the log: which events, then how many while some action runs.</summary>
public class EventFilterFactory
{
    private readonly TestKitBase _testKit;
    private readonly ActorSystem _system;
    private readonly IReadOnlyList<CountingFilter> _before;

    public EventFilterFactory(TestKitBase testkit)
        : this(testkit, testkit.Sys, [])
    {
    }

    public EventFilterFactory(TestKitBase testkit, ActorSystem system)
        : this(testkit, system, [])
    {
    }

    internal EventFilterFactory(TestKitBase testKit, ActorSystem system, IReadOnlyList<CountingFilter> before)
    {
        _testKit = testKit;
        _system = system;
        _before = before;
    }

    /// <summary>Errors with an exception of a type, or of a type derived from it.</summary>
    public IEventFilterApplier Exception<TException>(
        string? message = null, string? start = null, string? contains = null, string? source = null)
        where TException : Exception => Exception(typeof(TException), message, start, contains, source);

    public IEventFilterApplier Exception<TException>(Regex pattern, string? source = null)
        where TException : Exception => Exception(typeof(TException), pattern, source);

    public IEventFilterApplier Exception(
        Type exceptionType,
        string? message = null,
        string? start = null,
        string? contains = null,
        string? source = null,
        bool checkInnerExceptions = false) =>
        With(FilterRules.Exception(exceptionType, FilterRules.Text(message, start, contains), source, checkInnerExceptions), exceptionType.Name);

    public IEventFilterApplier Exception(Type exceptionType, Regex pattern, string? source = null, bool checkInnerExceptions = false) =>
        With(FilterRules.Exception(exceptionType, FilterRules.Text(pattern), source, checkInnerExceptions), exceptionType.Name);

    public IEventFilterApplier Error(
        string? message = null, string? start = null, string? contains = null, string? source = null) =>
        ForLogLevel(LogLevel.ErrorLevel, message, start, contains, source);

    public IEventFilterApplier Error(Regex pattern, string? source = null) => ForLogLevel(LogLevel.ErrorLevel, pattern, source);

    public IEventFilterApplier Warning(
        string? message = null, string? start = null, string? contains = null, string? source = null) =>
        ForLogLevel(LogLevel.WarningLevel, message, start, contains, source);

    public IEventFilterApplier Warning(Regex pattern, string? source = null) => ForLogLevel(LogLevel.WarningLevel, pattern, source);

    public IEventFilterApplier Info(
        string? message = null, string? start = null, string? contains = null, string? source = null) =>
        ForLogLevel(LogLevel.InfoLevel, message, start, contains, source);

    public IEventFilterApplier Info(Regex pattern, string? source = null) => ForLogLevel(LogLevel.InfoLevel, pattern, source);

    public IEventFilterApplier Debug(
        string? message = null, string? start = null, string? contains = null, string? source = null) =>
        ForLogLevel(LogLevel.DebugLevel, message, start, contains, source);

    public IEventFilterApplier Debug(Regex pattern, string? source = null) => ForLogLevel(LogLevel.DebugLevel, pattern, source);

    public IEventFilterApplier ForLogLevel(
        LogLevel logLevel, string? message = null, string? start = null, string? contains = null, string? source = null) =>
        With(FilterRules.Level(logLevel, FilterRules.Text(message, start, contains), source), logLevel.ToString());

    public IEventFilterApplier ForLogLevel(LogLevel logLevel, Regex pattern, string? source = null) =>
        With(FilterRules.Level(logLevel, FilterRules.Text(pattern), source), logLevel.ToString());

    public IEventFilterApplier Custom(Predicate<LogEvent> predicate) => With(logEvent => predicate(logEvent), "custom");

    public IEventFilterApplier Custom<TLogEvent>(Predicate<TLogEvent> predicate)
        where TLogEvent : LogEvent => With(logEvent => logEvent is TLogEvent typed && predicate(typed), "custom");

    /// <summary>Any dead letter.</summary>
    public IEventFilterApplier DeadLetter() => With(FilterRules.DeadLetter(_ => true, null), "dead letter");

    public IEventFilterApplier DeadLetter<TMessage>(string? source = null) => DeadLetter(typeof(TMessage), source);

    public IEventFilterApplier DeadLetter<TMessage>(Func<TMessage, bool> isMatch, string? source = null) =>
        With(FilterRules.DeadLetter(message => message is TMessage typed && isMatch(typed), source), "dead letter");

    public IEventFilterApplier DeadLetter(Type type, string? source = null) =>
        With(FilterRules.DeadLetter(type.IsInstanceOfType, source), "dead letter");

    public IEventFilterApplier DeadLetter(Type type, Func<object, bool> isMatch, string? source = null) =>
        With(FilterRules.DeadLetter(message => type.IsInstanceOfType(message) && isMatch(message), source), "dead letter");

    private EventFilterApplier With(Func<LogEvent, bool> matches, string name) =>
        new(_testKit, _system, [.. _before, new CountingFilter(matches, name)]);
}
