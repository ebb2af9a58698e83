using Xunit;
using Xunit.Sdk;

namespace Akka.TestKit.Xunit2;

/// <summary>Failures as xunit's exceptions.</summary>
public class XunitAssertions : ITestKitAssertions
{
    public void Fail(string format = "", params object[] args) => throw FailException.ForFailure(Text(format, args));

    public void AssertTrue(bool condition, string format = "", params object[] args)
    {
        if (!condition)
        {
            Assert.True(condition, Text(format, args));
        }
    }

    public void AssertFalse(bool condition, string format = "", params object[] args)
    {
        if (condition)
        {
            Assert.False(condition, Text(format, args));
        }
    }

    public void AssertEqual<T>(T expected, T actual, string format = "", params object[] args) =>
        AssertEqual(expected, actual, EqualityComparer<T>.Default.Equals, format, args);

    public void AssertEqual<T>(T expected, T actual, Func<T, T, bool> comparer, string format = "", params object[] args)
    {
        if (!comparer(expected, actual))
        {
            throw FailException.ForFailure($"Expected: {expected}\nActual:   {actual}\n{Text(format, args)}");
        }
    }

    private static string Text(string format, object[] args) => args is { Length: > 0 } ? string.Format(format, args) : format;
}
