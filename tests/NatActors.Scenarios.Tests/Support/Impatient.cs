using NatActors.Node;
using NatActors.Node.KeepAlive;

namespace NatActors.Scenarios.Tests.Support;

/// <summary>Options of nodes that soon notice a dead connection, so that a test of it does not take a minute.</summary>
public static class Impatient
{
    public static ConnectionOptions Connections { get; } = new()
    {
        KeepAliveInterval = TimeSpan.FromSeconds(1),
        KeepAliveTimeout = TimeSpan.FromSeconds(3),
        RelayedGrace = TimeSpan.FromSeconds(1),
    };

    /// <summary>Both sides ping every second: nothing is measured.</summary>
    public static KeepAliveOptions KeepAlive { get; } = new() { Measure = false, Liveness = TimeSpan.FromSeconds(1) };

    public static NodeOptions Options { get; } = new() { Connections = Connections, KeepAlive = KeepAlive, Echo = true };
}
