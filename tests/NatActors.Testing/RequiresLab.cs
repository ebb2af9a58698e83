using NatActors.Lab;
using Xunit;

namespace NatActors.Testing;

/// <summary>For tests that need the kernel laboratory: on a user's machine they skip and say why, under CI they fail.</summary>
public static class RequiresLab
{
    private const string CiVariable = "CI";

    /// <summary>Goes on where a laboratory with path delay can be built; else skips the SkippableFact, or fails it under CI.</summary>
    public static void OrSkip()
    {
        var ability = LabAbility.Check();
        if (ability.IsReady && ability.HasPathDelay)
        {
            return;
        }

        var why = $"no laboratory here: {ability.Reason}; {ability.Remedy}";
        var isCi = string.Equals(Environment.GetEnvironmentVariable(CiVariable), "true", StringComparison.OrdinalIgnoreCase);
        Assert.False(isCi, why);
        Skip.If(true, why);
    }
}
