using NatActors.Benchmarks.Suite;
using NatActors.Benchmarks.Transfer;

namespace NatActors.Benchmarks;

/// <summary>All benchmarks, in the order in which they run and stand in the table.</summary>
internal static class Catalogue
{
    public static IReadOnlyList<IBenchmark> All { get; } =
    [
        // Bytes over one connection.
        new TransferBenchmark(),

        // Connections.

        // What they cost in memory.

        // The kernel laboratory.

        // The actor runtime.
    ];
}
