using Xunit;

namespace NatActors.Testing;

/// <summary>What a test needs of the machine: on a user's machine it skips and says why, under CI it fails, for there nothing is left out.</summary>
public static class Requirement
{
    /// <summary>Goes on where it is met; else skips the SkippableFact, or fails it under CI.</summary>
    /// <param name="isMet">Whether the machine has it.</param>
    /// <param name="why">What is missing, and what to do.</param>
    public static void OrSkip(bool isMet, string why)
    {
        // As the build program reads it.
        var isCi = Environment.GetEnvironmentVariable("CI") is "true" or "1";
        Assert.False(isCi && !isMet, why);
        Skip.IfNot(isMet, why);
    }
}
