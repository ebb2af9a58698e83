using System.Diagnostics.CodeAnalysis;

namespace NatActors.Fuzz.Engine;

/// <summary>Something that an entry holds to be always true was not.</summary>
public sealed class FuzzFailureException(string message) : Exception(message);

/// <summary>Assertions of entries: round trips, invariants, limits.</summary>
public static class Require
{
    /// <summary>
    /// Fails the input unless the condition holds. The message must not depend on the input: failures are told apart by it.
    /// </summary>
    public static void That([DoesNotReturnIf(false)] bool condition, string message)
    {
        if (!condition)
        {
            throw new FuzzFailureException(message);
        }
    }

    /// <summary>Fails the input unless both are the same bytes.</summary>
    public static void Same(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, string message) =>
        That(expected.SequenceEqual(actual), message);
}
