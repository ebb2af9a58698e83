using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Node;
using NatActors.Testing;

namespace NatActors.Scenarios.Tests.Support;

/// <summary>
/// One laboratory with one relay for many pairs: the routers change their kind from pair to pair, every pair has new nodes on a port of its
/// own, so that nothing an earlier pair left (mappings, TIME_WAIT) meets a later one.
/// </summary>
public sealed class MatrixLab : IAsyncLifetime
{
    private Laboratory? _lab;
    private LabNode? _relay;
    private int _port = LabNode.DefaultPort;

    public LabNode Relay => _relay!;

    /// <summary>Sets the routers for the next pair; skips the test where there can be no laboratory.</summary>
    public async Task<(LabNode A, LabNode B)> StartPairAsync(RouterKind a, RouterKind b)
    {
        RequiresLab.OrSkip();
        _lab ??= Laboratory.Create();
        _relay ??= await LabNode.StartAsync(_lab.Host("R"), new NodeOptions { RelayServer = "private" });
        var port = ++_port;
        _lab.Router("NA").SetKind(a with { ForwardedPort = port });
        _lab.Router("NB").SetKind(b with { ForwardedPort = port });
        var waiting = new NodeOptions { Relays = [_relay.Address], Echo = true };
        var peerB = await LabNode.StartAsync(_lab.Host("B"), new LabNodeOptions { Node = waiting, Port = port });
        var peerA = await LabNode.StartAsync(_lab.Host("A"), new LabNodeOptions { Port = port });
        return (peerA, peerB);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_relay is not null)
        {
            await _relay.DisposeAsync();
        }

        if (_lab is not null)
        {
            await _lab.DisposeAsync();
        }
    }
}
