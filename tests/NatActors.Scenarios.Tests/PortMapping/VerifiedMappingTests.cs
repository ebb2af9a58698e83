using System.Net;
using System.Net.Sockets;
using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.PortMapping;
using NatActors.Scenarios.Tests.Support;

namespace NatActors.Scenarios.Tests.PortMapping;

/// <summary>What a router confirms is told to others when it was proven, and not before.</summary>
public sealed class VerifiedMappingTests
{
    [SkippableFact]
    public async Task A_mapping_that_works_is_proven_and_makes_the_node_public()
    {
        await using var home = await Home.StartAsync(RouterType.Symmetric, new MiniupnpdOptions());
        var servers = await home.StartServersAsync();

        var node = await home.StartNodeAsync(new LabNodeOptions { Node = new NodeOptions { Bootstrap = servers } });

        var external = (await node.Events.NextAsync<NodeEvents.Mapping>()).External;
        await node.Events.NextAsync<NodeEvents.AddressConfirmed>(e => e.Address == external);
        await node.Events.NextAsync<NodeEvents.ReachabilityChanged>(e => e.Verdict == Reachability.Public);
        Assert.Contains(external, (await node.Node.GetReportAsync()).Addresses.Announced);
    }

    [SkippableFact]
    public async Task A_mapping_that_the_router_only_claims_is_never_told_to_others()
    {
        await using var home = await Home.StartAsync(RouterType.PortRestricted, daemon: null);
        await using var liar = new LyingRouter(home.Router, externalPort: 5001);
        var servers = await home.StartServersAsync();

        var node = await home.StartNodeAsync(new LabNodeOptions { Node = new NodeOptions { Bootstrap = servers } });

        var mapping = await node.Events.NextAsync<NodeEvents.Mapping>();
        Assert.Equal(("nat-pmp", home.External(5001)), (mapping.Protocol, mapping.External.ToString()));
        using var guard = new CancellationTokenSource(EventLog.Guard);
        var verdict = Reachability.Unknown;
        while (verdict != Reachability.Private)
        {
            guard.Token.ThrowIfCancellationRequested();
            var report = await node.Node.GetReportAsync(guard.Token);
            Assert.DoesNotContain(mapping.External, report.Addresses.Announced);
            verdict = report.Reachability.Addresses.FirstOrDefault(a => a.Address == mapping.External)?.Verdict ?? Reachability.Unknown;
        }

        Assert.DoesNotContain(node.Events.All, e => e is NodeEvents.AddressConfirmed confirmed && confirmed.Address == mapping.External);
    }

    /// <summary>Answers every request by NAT-PMP as if it had done it.</summary>
    private sealed class LyingRouter : IAsyncDisposable
    {
        private readonly Socket _socket;
        private readonly CancellationTokenSource _cancel = new();
        private readonly LabRouter _router;
        private readonly int _externalPort;
        private readonly Task _serving;

        public LyingRouter(LabRouter router, int externalPort)
        {
            _router = router;
            _externalPort = externalPort;
            _socket = router.CreateSocket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            _socket.Bind(new IPEndPoint(router.LanAddress, NatPmpCodec.ServerPort));
            _serving = ServeAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await _cancel.CancelAsync();
            await _serving.ContinueWith(_ => { }, TaskScheduler.Default);
            _socket.Dispose();
        }

        private async Task ServeAsync()
        {
            var buffer = new byte[64];
            while (true)
            {
                var asked = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _cancel.Token);
                if (Answer(buffer.AsSpan(0, asked.ReceivedBytes)) is { } answer)
                {
                    await _socket.SendToAsync(answer, SocketFlags.None, asked.RemoteEndPoint, _cancel.Token);
                }
            }
        }

        private byte[]? Answer(ReadOnlySpan<byte> request)
        {
            const uint Epoch = 1000;
            switch (request)
            {
                case [0, 0]:
                    return [0, 128, 0, 0, 0, 0, (byte)(Epoch >> 8), (byte)(Epoch & 255), .. _router.PublicAddress.GetAddressBytes()];
                case [0, _, _, _, var high, var low, _, _, .. var lease] when request.Length == 12:
                    return
                    [
                        0, (byte)(128 + request[1]), 0, 0, 0, 0, (byte)(Epoch >> 8), (byte)(Epoch & 255), high, low,
                        (byte)(_externalPort >> 8), (byte)_externalPort, .. lease,
                    ];
                default:
                    return null;
            }
        }
    }
}
