using NatActors.Lab;

namespace NatActors.Testing;

/// <summary>For tests that need the kernel laboratory: on a user's machine they skip and say why, under CI they fail.</summary>
public static class RequiresLab
{
    /// <summary>Goes on where a laboratory with path delay can be built; else skips the SkippableFact, or fails it under CI.</summary>
    public static void OrSkip()
    {
        var ability = LabAbility.Check();
        Requirement.OrSkip(ability is { IsReady: true, HasPathDelay: true }, $"no laboratory here: {ability.Reason}; {ability.Remedy}");
    }
}
