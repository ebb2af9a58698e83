using System.Buffers;
using System.Diagnostics;
using System.Net;
using NatActors.Multiformats;
using NatActors.Node.Muxing;
using NatActors.Node.Negotiation;
using NatActors.Node.Security;
using NatActors.Node.Streams;
using NatActors.Transports;
using NatActors.Transports.Muxing;
using NatActors.Transports.Security;
using NatActors.Wire.Muxing;
using NatActors.Wire.Security;

namespace NatActors.Node.Tests.BadInput;

/// <summary>A peer that is honest up to some layer, and from there on whatever a test makes of it.</summary>
internal sealed class BadPeer : IAsyncDisposable
{
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);

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
    /// <param name="address">The node to connect to, ending in its peer id.</param>
    /// <param name="serves">The protocols that it serves once it is linked, by their id.</param>
    /// <param name="from">The address of this machine to come from; null for any.</param>
    public static async Task<BadPeer> SecuredAsync(
        Multiaddr address, IReadOnlyDictionary<string, Func<PeerStream, Task>>? serves = null, IPAddress? from = null)
    {
        var peer = new BadPeer(serves);
        peer.Secured = await peer.SecureAsync(address, from, [YamuxSession.ProtocolId]);
        return peer;
    }

    /// <summary>Honest up to Noise, in which it agreed on no muxer.</summary>
    public static async Task<BadPeer> WithoutMuxerAsync(Multiaddr address, IPAddress? from = null)
    {
        var peer = new BadPeer(null);
        peer.Secured = await peer.SecureAsync(address, from, []);
        return peer;
    }

    /// <summary>Honest up to yamux: the bytes of its streams are the test's.</summary>
    public static async Task<BadPeer> LinkedAsync(
        Multiaddr address, IReadOnlyDictionary<string, Func<PeerStream, Task>>? serves = null, IPAddress? from = null)
    {
        var peer = await SecuredAsync(address, serves, from);
        var clock = Stopwatch.StartNew();
        peer.Link = new YamuxLink(peer.Secured, ConnectionRole.Dialer, new YamuxOptions(), () => clock.Elapsed);
        peer.Ended = peer.Link.RunAsync(peer._events);
        return peer;
    }

    /// <summary>Honest up to the stream's protocol.</summary>
    public async Task<PeerStream> OpenAsync(string protocol)
    {
        var raw = Link.TryOpenStream() ?? throw new IOException("no stream");
        var agreed = await StreamNegotiation.ProposeAsync(raw, [protocol], CancellationToken.None).WaitAsync(Guard);
        return agreed.Protocol is null ? throw new IOException(agreed.Failure) : new PeerStream(raw, Id, protocol, relayed: false, limits: null, lazy: false, agreed.Leftover);
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
        using var guard = new CancellationTokenSource(Guard);
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

    private async Task<IConduit> SecureAsync(Multiaddr address, IPAddress? from, string[] muxers)
    {
        var conduit = await SocketConduit.ConnectAsync(address, from);
        var agreed = await ConduitNegotiation.ProposeAsync(conduit, [NoiseHandshake.ProtocolId], CancellationToken.None).WaitAsync(Guard);
        if (agreed.Protocol is null)
        {
            throw new IOException(agreed.Failure);
        }

        var noise = new NoiseUpgrade(_key, SystemRandomSource.Instance, muxers);
        var secured = await noise.UpgradeAsync(agreed.Conduit, ConnectionRole.Dialer, address.PeerId, CancellationToken.None).AsTask().WaitAsync(Guard);
        return secured.Conduit is null || secured.EarlyMuxer != muxers.FirstOrDefault()
            ? throw new IOException(secured.Failure ?? "another muxer")
            : secured.Conduit;
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
