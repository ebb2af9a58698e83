using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Muxing;
using NatActors.Node.Negotiation;
using NatActors.Node.Security;
using NatActors.Node.Streams;
using NatActors.Node.Tests.BadInput;
using NatActors.Node.Tests.Whole;
using NatActors.Protocols.AutoNat;
using NatActors.Transports;
using NatActors.Transports.Muxing;
using NatActors.Transports.Security;
using NatActors.Wire.Muxing;

namespace NatActors.Node.Tests.AutoNat;

/// <summary>A dial-back as its receiver saw it.</summary>
/// <param name="Nonce">The nonce.</param>
/// <param name="From">Who dialed, by its handshake.</param>
/// <param name="Address">From where.</param>
internal sealed record ReceivedDialBack(ulong Nonce, PeerId From, Multiaddr Address);

/// <summary>
/// A client of an AutoNAT server, whose every message is the test's: a link to the server, and a listener that takes dial-backs on an
/// address of its own of 127/8.
/// </summary>
internal sealed class ServerClient : IAsyncDisposable
{
    private readonly PrivateKey _key = PrivateKey.GenerateEd25519(SystemRandomSource.Instance);
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentBag<YamuxLink> _links = [];
    private readonly Channel<ReceivedDialBack> _dialBacks = Channel.CreateUnbounded<ReceivedDialBack>();
    private readonly IPAddress _ip;
    private YamuxLink _link = null!;
    private int _accepted;

    private ServerClient(IPAddress ip)
    {
        _ip = ip;
        _listener.Bind(new IPEndPoint(ip, 0));
        _listener.Listen(64);
        _ = AcceptAsync();
    }

    /// <summary>What the listener says instead of a receipt; the receipt of the spec unless set.</summary>
    public Func<PeerStream, Task>? OnDialBack { get; init; }

    public PeerId Id => _key.PeerId;

    /// <summary>Where it listens, without peer id.</summary>
    public Multiaddr Address => Multiaddr.FromTcp((IPEndPoint)_listener.LocalEndPoint!);

    /// <summary>Connections that came in.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>A client on that address, connected to the server from it.</summary>
    public static async Task<ServerClient> ConnectAsync(LoopbackNode server, string ip = "127.0.0.1", Func<PeerStream, Task>? onDialBack = null)
    {
        var client = new ServerClient(IPAddress.Parse(ip)) { OnDialBack = onDialBack };
        Assert.True(server.Address.WithoutPeerId().TryGetTcpEndPoint(out var endPoint));
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(client._ip, 0));
        await socket.ConnectAsync(endPoint);
        var link = await client.UpgradeAsync(SocketConduit.Of(socket), ConnectionRole.Dialer, server.Id);
        client._link = (YamuxLink)link.Link;
        return client;
    }

    /// <summary>Opens a stream to the server.</summary>
    public async Task<PeerStream> OpenAsync(string protocol)
    {
        var raw = _link.TryOpenStream() ?? throw new IOException("no stream");
        var agreed = await StreamNegotiation.ProposeAsync(raw, [protocol], CancellationToken.None).WaitAsync(LoopbackNode.Guard);
        Assert.Equal(protocol, agreed.Protocol);
        return new PeerStream(raw, Id, protocol, relayed: false, limits: null, lazy: false, agreed.Leftover);
    }

    /// <summary>Asks by version 2, pays what is asked for, and returns the answer; null when the stream was cut.</summary>
    public async Task<AutoNatV2Message.DialResponse?> AskAsync(ulong nonce, params Multiaddr[] addresses)
    {
        var messages = new MessageStream(await OpenAsync(AutoNatProtocol.V2DialRequest));
        await SendAsync(messages, new AutoNatV2Message.DialRequest(addresses, nonce));
        var answer = await ReadAsync(messages);
        if (answer is AutoNatV2Message.DialDataRequest due)
        {
            await PayAsync(messages, due.ByteCount);
            answer = await ReadAsync(messages);
        }

        return (AutoNatV2Message.DialResponse?)answer;
    }

    /// <summary>Asks by version 1.</summary>
    public async Task<AutoNatV1Message.DialResponse> AskV1Async(PeerId peer, params Multiaddr[] addresses)
    {
        var messages = new MessageStream(await OpenAsync(AutoNatProtocol.V1));
        using var guard = new CancellationTokenSource(LoopbackNode.Guard);
        await messages.WriteMessageAsync(AutoNatV1Codec.Encode(new AutoNatV1Message.Dial(peer, addresses)), guard.Token);
        var read = await messages.ReadMessageAsync(AutoNatV1Codec.MaxMessageSize, guard.Token);
        return Assert.IsType<AutoNatV1Message.DialResponse>(AutoNatV1Codec.Decode(read.Message!.Value.Span).Message);
    }

    /// <summary>Asks it to dial for another server.</summary>
    public async Task<DialBackPartnerStatus> AskPartnerAsync(DialBackAsk ask)
    {
        var stream = await OpenAsync(AutoNatProtocol.Partner);
        using var guard = new CancellationTokenSource(LoopbackNode.Guard);
        var messages = new MessageStream(stream);
        await messages.WriteMessageAsync(DialBackPartnerCodec.Encode(ask), guard.Token);
        var read = await messages.ReadMessageAsync(DialBackPartnerCodec.MaxMessageSize, guard.Token);
        return DialBackPartnerCodec.DecodeReply(read.Message!.Value.Span).Status;
    }

    public static async Task SendAsync(MessageStream messages, AutoNatV2Message message)
    {
        using var guard = new CancellationTokenSource(LoopbackNode.Guard);
        await messages.WriteMessageAsync(AutoNatV2Codec.Encode(message), guard.Token);
    }

    /// <summary>The next message; null when the stream ended or was cut.</summary>
    public static async Task<AutoNatV2Message?> ReadAsync(MessageStream messages)
    {
        using var guard = new CancellationTokenSource(LoopbackNode.Guard);
        try
        {
            var read = await messages.ReadMessageAsync(AutoNatV2Codec.MaxMessageSize, guard.Token);
            return read.Message is { } message ? AutoNatV2Codec.Decode(message.Span).Message : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Sends so much dial data.</summary>
    public static async Task PayAsync(MessageStream messages, ulong bytes, int piece = 4000)
    {
        for (var left = (long)bytes; left > 0; left -= piece)
        {
            await SendAsync(messages, new AutoNatV2Message.DialDataResponse(new byte[Math.Min(left, piece)]));
        }
    }

    /// <summary>The next dial-back that came in.</summary>
    public Task<ReceivedDialBack> NextDialBackAsync() => _dialBacks.Reader.ReadAsync().AsTask().WaitAsync(LoopbackNode.Guard);

    public ValueTask DisposeAsync()
    {
        _listener.Dispose();
        foreach (var link in _links)
        {
            link.Abort();
        }

        return ValueTask.CompletedTask;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync();
                Interlocked.Increment(ref _accepted);
                _ = UpgradeAsync(SocketConduit.Of(socket), ConnectionRole.Listener, null);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task<UpgradeResult> UpgradeAsync(IConduit conduit, ConnectionRole role, PeerId? expected)
    {
        var node = NodeHarness.MakeNode(1) with { Security = [new NoiseUpgrade(_key, SystemRandomSource.Instance)] };
        var seed = new ConnectionSeed
        {
            Id = 1,
            Conduit = conduit,
            Role = role,
            Direction = ConnectionDirection.Outbound,
            ExpectedPeer = expected,
        };
        var done = await ConnectionUpgrade.RunAsync(node, seed, () => _clock.Elapsed, Task.CompletedTask, CancellationToken.None);
        var result = done.Result ?? throw new IOException(done.Failure);
        var link = (YamuxLink)result.Link;
        _links.Add(link);
        _ = link.RunAsync(new Inbound(this, result.Peer, conduit.RemoteAddress));
        return result;
    }

    private async Task ServeAsync(IMuxedStream raw, PeerId from, Multiaddr address)
    {
        try
        {
            var agreed = await StreamNegotiation.AnswerAsync(raw, p => p == AutoNatProtocol.V2DialBack, CancellationToken.None);
            if (agreed.Protocol is not { } protocol)
            {
                return;
            }

            var stream = new PeerStream(raw, from, protocol, relayed: false, limits: null, lazy: false, agreed.Leftover);
            var messages = new MessageStream(stream);
            var read = await messages.ReadMessageAsync(DialBackCodec.MaxMessageSize, CancellationToken.None);
            _dialBacks.Writer.TryWrite(new ReceivedDialBack(DialBackCodec.Decode(read.Message!.Value.Span).Nonce, from, address));
            if (OnDialBack is { } other)
            {
                await other(stream);
                return;
            }

            await messages.WriteMessageAsync(DialBackCodec.EncodeReceipt(), CancellationToken.None);
            await stream.DisposeAsync();
        }
        catch (IOException)
        {
            // The server cut the stream.
        }
    }

    private sealed class Inbound(ServerClient client, PeerId from, Multiaddr address) : IMuxedLinkEvents
    {
        public bool StreamOpened(IMuxedStream stream)
        {
            _ = client.ServeAsync(stream, from, address);
            return true;
        }

        public void StreamEnded(IMuxedStream stream, StreamEnd end)
        {
        }

        public void RoundTripMeasured(TimeSpan roundTripTime)
        {
        }
    }
}
