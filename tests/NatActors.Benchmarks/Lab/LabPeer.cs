using NatActors.Benchmarks.Peers;
using NatActors.Lab;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Node.Security;
using NatActors.Testing;
using NatActors.Transports;
using NatActors.Transports.Port;

namespace NatActors.Benchmarks.Lab;

/// <summary>A measured node of the laboratory that punches holes, on a port of its own, its steps stamped.</summary>
internal static class LabPeer
{
    /// <summary>Starts one.</summary>
    public static Task<BenchNode> StartAsync(LabHost host, int port, Stamps stamps, BenchNodeOptions options) =>
        BenchNode.StartAsync(options with { Host = host, SetUp = setup => SetUp(setup, host, port, stamps) });

    private static NodeSetup SetUp(NodeSetup setup, LabHost host, int port, Stamps stamps) => setup with
    {
        Options = setup.Options with { Listen = [Multiaddr.Parse($"/ip4/{host.Address}/tcp/{port}")], HolePunching = true },
        Transports = [stamps.On(new TcpTransport(new LabSockets(host)))],
        Security = [stamps.On(new NoiseUpgrade(setup.Key, SystemRandomSource.Instance))],
    };
}
