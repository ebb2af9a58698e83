using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Security;
using NatActors.Testing;
using NatActors.Transports;
using NatActors.Transports.Muxing;
using NatActors.Transports.Security;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Connections;

/// <summary>Nodes that can secure a conduit in memory, and the far end of one as the tests need it.</summary>
internal static class ConnectionHarness
{
    /// <summary>A node that speaks Noise.</summary>
    public static NodeContext MakeSecuredNode(ulong seed, NodeOptions? options = null, IConnectionGater? gater = null)
    {
        var node = MakeNode(seed, options);
        return node with { Security = [new NoiseUpgrade(node.Key, node.Random)], Gater = gater ?? node.Gater };
    }

    /// <summary>The other side of a connection: upgraded by the same code, its link in the test's hands.</summary>
    public static async Task<FarEnd> UpgradeFarAsync(NodeContext node, IConduit conduit, ConnectionRole role)
    {
        var seed = new ConnectionSeed { Id = 1, Conduit = conduit, Role = role, Direction = ConnectionDirection.Inbound };
        var done = await ConnectionUpgrade.RunAsync(node, seed, () => TimeSpan.Zero, Task.CompletedTask, CancellationToken.None).WaitAsync(Patience);
        return new FarEnd(done.Result!.Link);
    }

    /// <summary>True when the conduit's other side has cut it.</summary>
    public static async Task<bool> IsCutAsync(IConduit conduit)
    {
        try
        {
            while (await conduit.ReadAsync(new byte[256]).AsTask().WaitAsync(Patience) > 0)
            {
            }

            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}

/// <summary>A running link whose inbound streams are left alone.</summary>
internal sealed class FarEnd : IMuxedLinkEvents
{
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FarEnd(IMuxedLink link)
    {
        Link = link;
        Ended = link.RunAsync(this);
    }

    public IMuxedLink Link { get; }

    public Task<LinkEnd> Ended { get; }

    /// <summary>Opens a stream and proposes a protocol on it.</summary>
    public async Task<IMuxedStream> ProposeAsync(string protocol)
    {
        var stream = Link.TryOpenStream() ?? throw new InvalidOperationException("No stream can be opened.");
        var proposal = System.Text.Encoding.UTF8.GetBytes($"\u0013/multistream/1.0.0\n{(char)(protocol.Length + 1)}{protocol}\n");
        await stream.WriteAsync(proposal).AsTask().WaitAsync(Patience);
        return stream;
    }

    /// <summary>Completes when the near side has opened a stream.</summary>
    public Task Opened => _opened.Task;

    bool IMuxedLinkEvents.StreamOpened(IMuxedStream stream) => _opened.TrySetResult();

    void IMuxedLinkEvents.StreamEnded(IMuxedStream stream, StreamEnd end)
    {
    }

    void IMuxedLinkEvents.RoundTripMeasured(TimeSpan roundTripTime)
    {
    }
}
