using System.Buffers;
using System.Diagnostics;
using NatActors.Multiformats;
using NatActors.Node.Muxing;
using NatActors.Node.Negotiation;
using NatActors.Node.Security;
using NatActors.Node.Streams;
using NatActors.Node.Tests.Whole;
using NatActors.Transports;
using NatActors.Transports.Muxing;
using NatActors.Transports.Security;
using NatActors.Wire.Muxing;

namespace NatActors.Node.Tests.BadInput;

/// <summary>A peer that is honest up to some layer, and from there on whatever a test makes of it.</summary>
internal sealed class BadPeer : IAsyncDisposable
{
    private readonly PrivateKey _key = PrivateKey.GenerateEd25519(SystemRandomSource.Instance);
    private readonly LinkEvents _events;

    private BadPeer(IReadOnlyDictionary<string, Func<PeerStream, Task>>? serves) => _events = new LinkEvents(this, serves);

    public PeerId Id => _key.PeerId;

    /// <summary>The encrypted conduit: what is written to it is yamux.</summary>
    public IConduit Secured { get; private set; } = null!;

    /// <summary>The muxed link, when the peer is honest up to there.</summary>
    public YamuxLink Link { get; private set; } = null!;

    /// <summary>Completes when the link has ended.</summary>
    public Task<LinkEnd> Ended { get; private set; } = null!;

    /// <summary>Honest up to Noise: yamux frames are the test's.</summary>
    public static async Task<BadPeer> SecuredAsync(LoopbackNode node, IReadOnlyDictionary<string, Func<PeerStream, Task>>? serves = null)
    {
        var peer = new BadPeer(serves);
        var conduit = await SocketConduit.ConnectAsync(node.Address);
        var agreed = await ConduitNegotiation.ProposeAsync(conduit, ["/noise"], CancellationToken.None).WaitAsync(LoopbackNode.Guard);
        Assert.Equal("/noise", agreed.Protocol);
        var noise = new NoiseUpgrade(peer._key, SystemRandomSource.Instance);
        var secured = await noise.UpgradeAsync(agreed.Conduit, ConnectionRole.Dialer, node.Id, CancellationToken.None);
        Assert.Equal(YamuxSession.ProtocolId, secured.EarlyMuxer);
        peer.Secured = secured.Conduit!;
        return peer;
    }

    /// <summary>Honest up to yamux: the bytes of its streams are the test's.</summary>
    public static async Task<BadPeer> LinkedAsync(LoopbackNode node, IReadOnlyDictionary<string, Func<PeerStream, Task>>? serves = null)
    {
        var peer = await SecuredAsync(node, serves);
        var clock = Stopwatch.StartNew();
        peer.Link = new YamuxLink(peer.Secured, ConnectionRole.Dialer, new YamuxOptions(), () => clock.Elapsed);
        peer.Ended = peer.Link.RunAsync(peer._events);
        return peer;
    }

    /// <summary>Honest up to the stream's protocol.</summary>
    public async Task<PeerStream> OpenAsync(string protocol)
    {
        var raw = Link.TryOpenStream() ?? throw new IOException("no stream");
        var agreed = await StreamNegotiation.ProposeAsync(raw, [protocol], CancellationToken.None).WaitAsync(LoopbackNode.Guard);
        Assert.Equal(protocol, agreed.Protocol);
        return new PeerStream(raw, Id, protocol, relayed: false, limits: null, lazy: false, agreed.Leftover);
    }

    /// <summary>Sends one yamux frame under the cipher.</summary>
    public ValueTask SendFrameAsync(YamuxHeader header, ReadOnlySpan<byte> payload = default)
    {
        var frame = new byte[YamuxHeader.Size + payload.Length];
        header.Write(frame);
        payload.CopyTo(frame.AsSpan(YamuxHeader.Size));
        return Secured.WriteAsync(frame);
    }

    /// <summary>Reads until the other side has closed; true when it did so in order or by a reset.</summary>
    public static async Task<bool> IsCutAsync(IConduit conduit)
    {
        var buffer = new byte[65_536];
        using var guard = new CancellationTokenSource(LoopbackNode.Guard);
        try
        {
            while (await conduit.ReadAsync(buffer, guard.Token) > 0)
            {
                // What it still says does not matter.
            }
        }
        catch (IOException)
        {
            // A reset is an end as well.
        }

        return true;
    }

    public async ValueTask DisposeAsync()
    {
        if (Link is not null)
        {
            Link.Abort();
            await Ended;
        }
        else
        {
            Secured.Abort();
        }

        _key.Dispose();
    }

    private sealed class LinkEvents(BadPeer peer, IReadOnlyDictionary<string, Func<PeerStream, Task>>? serves) : IMuxedLinkEvents
    {
        public bool StreamOpened(IMuxedStream stream)
        {
            if (serves is null)
            {
                return false;
            }

            _ = ServeAsync(stream, serves);
            return true;
        }

        public void StreamEnded(IMuxedStream stream, StreamEnd end)
        {
        }

        public void RoundTripMeasured(TimeSpan roundTripTime)
        {
        }

        private async Task ServeAsync(IMuxedStream raw, IReadOnlyDictionary<string, Func<PeerStream, Task>> protocols)
        {
            try
            {
                var agreed = await StreamNegotiation.AnswerAsync(raw, protocols.ContainsKey, CancellationToken.None);
                if (agreed.Protocol is { } protocol)
                {
                    await protocols[protocol](new PeerStream(raw, peer.Id, protocol, relayed: false, limits: null, lazy: false, agreed.Leftover));
                }
            }
            catch (IOException)
            {
                // The node cut the stream, as it should.
            }
        }
    }
}
