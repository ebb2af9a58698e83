namespace NatActors.Node.Tests.BadInput;

/// <summary>These tests look at the heap of the process, so none runs beside another.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class BadInputCollection
{
    public const string Name = "bad input";
}
