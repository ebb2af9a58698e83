namespace NatActors.Soak.Tests.Steps;

/// <summary>A step came to nothing for a reason that has a name, which is as good an end as any.</summary>
public sealed class StepFailed(string reason) : Exception(reason);
