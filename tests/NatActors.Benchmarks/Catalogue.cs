using NatActors.Benchmarks.Handshakes;
using NatActors.Benchmarks.Hostile;
using NatActors.Benchmarks.Lab;
using NatActors.Benchmarks.Relay;
using NatActors.Benchmarks.Streams;
using NatActors.Benchmarks.Runtime;
using NatActors.Benchmarks.Memory;
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
        new StreamsBenchmark(),
        new MessagesBenchmark(),
        new PingBenchmark(),

        // Connections.
        new HandshakesBenchmark(),
        new FirstByteBenchmark(),
        new RelayBenchmark(),

        // What others notice of an attack.
        new HostileBenchmark(),

        // What they cost in memory.
        new MemoryBenchmark(),
        new AllocationBenchmark(),

        // The kernel laboratory.
        new DirectBenchmark(),
        new RelayedBenchmark(),

        // The actor runtime.
        new RuntimeBenchmark(),
    ];
}
