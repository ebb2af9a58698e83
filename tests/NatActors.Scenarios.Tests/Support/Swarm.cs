using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Protocols.AutoNat;
using NatActors.Testing;

namespace NatActors.Scenarios.Tests.Support;

/// <summary>
/// A small network with nothing configured but whom to begin with: R and S are the peers that A knows, T and U know R and S and are never
/// contacted by A. Nobody is told whether it is public, who serves AutoNAT, or which relay to use: it is ready when T and U have found out
/// that they are public, and dial back for R and S.
/// </summary>
public sealed class Swarm : IAsyncDisposable
{
    private readonly List<LabNode> _nodes = [];

    private Swarm(Laboratory lab) => Lab = lab;

    public Laboratory Lab { get; }

    public LabNode R => _nodes[0];

    public LabNode S => _nodes[1];

    /// <summary>What a peer that knows only R and S is started with.</summary>
    public NodeOptions Newcomer => new() { Bootstrap = [R.Address, S.Address] };

    public static async Task<Swarm> StartAsync(RouterKind kind, string? relayServer = "private")
    {
        RequiresLab.OrSkip();
        var swarm = new Swarm(Laboratory.Create(LabPlan.TwoPeers(kind, RouterType.PortRestricted)));
        try
        {
            var relay = new NodeOptions { RelayServer = relayServer };
            await swarm.StartAsync("R", relay);
            await swarm.StartAsync("S", relay with { Bootstrap = [swarm.R.Address] });
            await swarm.StartAsync("T", swarm.Newcomer);
            await swarm.StartAsync("U", swarm.Newcomer);
            foreach (var server in new[] { swarm.R, swarm.S })
            {
                await server.Events.NextAsync<NodeEvents.Identified>(e => IsPartner(e, swarm._nodes[2]));
                await server.Events.NextAsync<NodeEvents.Identified>(e => IsPartner(e, swarm._nodes[3]));
            }

            return swarm;
        }
        catch
        {
            await swarm.DisposeAsync();
            throw;
        }
    }

    private static bool IsPartner(NodeEvents.Identified identified, LabNode peer) =>
        identified.Peer.Equals(peer.Id) && identified.Protocols.Contains(AutoNatProtocol.Partner);

    /// <summary>Starts a node in a host; it ends with the swarm.</summary>
    public async Task<LabNode> StartAsync(string host, NodeOptions options, PrivateKey? key = null)
    {
        var node = await LabNode.StartAsync(Lab.Host(host), new LabNodeOptions { Node = options, Key = key });
        _nodes.Add(node);
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Enumerable.Reverse(_nodes))
        {
            await node.DisposeAsync();
        }

        await Lab.DisposeAsync();
    }
}
