using System.Buffers;
using System.Diagnostics;
using System.Net;
using NatActors.Multiformats;
using NatActors.Node.Muxing;
using NatActors.Node.Negotiation;
using NatActors.Node.Security;
using NatActors.Node.Streams;
using NatActors.Protocols.Connections;
using NatActors.Protocols.Identify;
using NatActors.Protocols.Records;
using NatActors.Transports;
using NatActors.Transports.Muxing;
using NatActors.Transports.Port;
using NatActors.Transports.Security;
using NatActors.Wire.Muxing;

namespace NatActors.Benchmarks.Memory;

/// <summary>
/// A peer with an identity of its own and no actors: connects, asks the node who it is, tells it who itself is, and then stays. To the node
/// it is a peer like any other; the process that runs thousands of them is not what is measured.
/// </summary>
internal sealed class LightPeer : IMuxedLinkEvents
{
    private static readonly string[] Spoken = [IdentifyProtocol.Id, IdentifyProtocol.PushId, PingProtocolId];
    private const string PingProtocolId = "/ipfs/ping/1.0.0";
    private const int BufferSize = 4096;

    private readonly PrivateKey _key;
    private readonly IConduit _conduit;
    private YamuxLink _link = null!;
    private PeerId _node = null!;
    private Task<LinkEnd> _done = null!;

    private LightPeer(PrivateKey key, IConduit conduit)
    {
        _key = key;
        _conduit = conduit;
    }

    /// <summary>Ends when the connection does.</summary>
    public Task<LinkEnd> Done => _done;

    /// <summary>Connects from a port of its own and asks the node who it is.</summary>
    public static async Task<LightPeer> ConnectAsync(IPortBinding from, IPEndPoint node)
    {
        var result = await from.ConnectAsync(node, DialPort.Fresh, CancellationToken.None);
        var peer = new LightPeer(
            PrivateKey.GenerateEd25519(SystemRandomSource.Instance),
            result.Conduit ?? throw new IOException(result.Failure!.Detail));
        await peer.UpgradeAsync();
        await peer.AskAsync();
        return peer;
    }

    /// <summary>Cuts the connection.</summary>
    public void Abort() => _link.Abort();

    public bool StreamOpened(IMuxedStream stream)
    {
        _ = ServeAsync(stream);
        return true;
    }

    public void StreamEnded(IMuxedStream stream, StreamEnd end)
    {
    }

    public void RoundTripMeasured(TimeSpan roundTripTime)
    {
    }

    private async Task UpgradeAsync()
    {
        var noise = new NoiseUpgrade(_key, SystemRandomSource.Instance);
        var agreed = await ConduitNegotiation.ProposeAsync(_conduit, [noise.Protocol], CancellationToken.None);
        var secured = await noise.UpgradeAsync(agreed.Conduit, ConnectionRole.Dialer, null, CancellationToken.None);
        _link = new YamuxLink(
            secured.Conduit ?? throw new IOException(secured.Failure),
            ConnectionRole.Dialer,
            new YamuxOptions(),
            () => Stopwatch.GetElapsedTime(0));
        _node = secured.RemotePeer!;
        _done = _link.RunAsync(this);
    }

    private async Task AskAsync()
    {
        var raw = _link.TryOpenStream() ?? throw new IOException("The link opens no stream.");
        var agreed = await StreamNegotiation.ProposeAsync(raw, [IdentifyProtocol.Id], CancellationToken.None);
        await using var stream = Wrap(raw, agreed);
        await DrainAsync(stream);
    }

    private async Task ServeAsync(IMuxedStream raw)
    {
        try
        {
            var agreed = await StreamNegotiation.AnswerAsync(raw, Spoken.Contains, CancellationToken.None);
            await using var stream = Wrap(raw, agreed);
            if (agreed.Protocol == IdentifyProtocol.Id)
            {
                await stream.WriteAsync(Describe());
                await stream.CompleteWritesAsync();
            }
            else if (agreed.Protocol == IdentifyProtocol.PushId)
            {
                await DrainAsync(stream);
            }
            else
            {
                await EchoAsync(stream);
            }
        }
        catch (IOException)
        {
            // The node's side of the story is the one that is measured.
        }
    }

    private PeerStream Wrap(IMuxedStream raw, StreamNegotiationResult agreed) =>
        new(raw, _node, agreed.Protocol ?? throw new IOException(agreed.Failure), relayed: false, limits: null, lazy: false, agreed.Leftover);

    private byte[] Describe()
    {
        Multiaddr[] addresses = [Multiaddr.Parse("/ip4/192.168.1.20/tcp/4001"), Multiaddr.Parse("/ip4/203.0.113.20/tcp/4001")];
        var record = new PeerRecord(_key.PeerId, 1, addresses).Seal(_key);
        var self = new IdentifySelf(
            _key.PublicKey.ToProtobuf(), "natactors-benchmark/0.1.0", addresses, Spoken, _conduit.RemoteAddress, record);
        var bytes = new ArrayBufferWriter<byte>();
        IdentifyEncoder.Write(self, bytes);
        return bytes.WrittenSpan.ToArray();
    }

    private static async Task EchoAsync(PeerStream stream)
    {
        var buffer = new byte[BufferSize];
        while (await stream.ReadAsync(buffer) is var read and > 0)
        {
            await stream.WriteAsync(buffer.AsMemory(0, read));
        }
    }

    private static async Task DrainAsync(PeerStream stream)
    {
        var buffer = new byte[BufferSize];
        while (await stream.ReadAsync(buffer) > 0)
        {
            // Only that it comes counts.
        }
    }
}
