using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using NatActors.Multiformats;
using NatActors.Node.Muxing;
using NatActors.Node.Negotiation;
using NatActors.Node.Security;
using NatActors.Node.Streams;
using NatActors.Transports;
using NatActors.Transports.Muxing;
using NatActors.Transports.Port;
using NatActors.Transports.Security;
using NatActors.Wire.Muxing;

namespace NatActors.Benchmarks.Transfer;

/// <summary>
/// The stack under test, as a connection's actor puts it together: TCP, multistream-select, Noise, yamux, and on each stream
/// multistream-select and the perf protocol (8 bytes big-endian wanted back, then payload until its end) or ping (32 bytes echoed).
/// </summary>
internal sealed class Stack : IMuxedLinkEvents
{
    public const string Perf = "/perf/1.0.0";
    public const string Ping = "/ipfs/ping/1.0.0";
    private const int PingSize = 32;
    private const int BufferSize = 256 * 1024;

    private static readonly NoiseUpgrade Noise = new(
        PrivateKey.GenerateEd25519(SystemRandomSource.Instance), SystemRandomSource.Instance);

    private readonly YamuxLink _link;
    private readonly PeerId _peer;
    private readonly Task _done;

    private Stack(YamuxLink link, PeerId peer)
    {
        _link = link;
        _peer = peer;
        _done = link.RunAsync(this);
    }

    /// <summary>Accepts connections for the life of the process; returns the port.</summary>
    public static int Listen()
    {
        var binding = Bind();
        _ = AcceptAsync(binding);
        return binding.LocalEndPoint.Port;
    }

    public static async Task<Stack> ConnectAsync(int port)
    {
        var result = await Bind().ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), DialPort.Shared, CancellationToken.None);
        return await UpgradeAsync(result.Conduit ?? throw new IOException(result.Failure!.Detail), ConnectionRole.Dialer);
    }

    public async Task<TimeSpan> UploadAsync(long bytes)
    {
        await using var stream = await OpenAsync(Perf);
        var started = Stopwatch.GetTimestamp();
        var header = new byte[sizeof(ulong)];
        await stream.WriteAsync(header);
        await SendAsync(stream, bytes);
        await stream.CompleteWritesAsync();
        await DrainAsync(stream);
        return Stopwatch.GetElapsedTime(started);
    }

    public async Task<TimeSpan> DownloadAsync(long bytes)
    {
        await using var stream = await OpenAsync(Perf);
        var started = Stopwatch.GetTimestamp();
        var header = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(header, (ulong)bytes);
        await stream.WriteAsync(header);
        await stream.CompleteWritesAsync();
        var received = await DrainAsync(stream);
        return received == bytes ? Stopwatch.GetElapsedTime(started) : throw new IOException($"{received} bytes came instead of {bytes}.");
    }

    public async Task<TimeSpan[]> PingAsync(int count)
    {
        await using var stream = await OpenAsync(Ping);
        var times = new TimeSpan[count];
        var buffer = new byte[PingSize];
        for (var i = 0; i < count; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await stream.WriteAsync(buffer);
            await stream.ReadExactlyAsync(buffer);
            times[i] = Stopwatch.GetElapsedTime(started);
        }

        return times;
    }

    public async Task CloseAsync()
    {
        await _link.DisposeAsync();
        await _done;
    }

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

    private static IPortBinding Bind()
    {
        var result = new TcpTransport().Bind(Multiaddr.Parse("/ip4/127.0.0.1/tcp/0"));
        return result.Binding ?? throw new IOException(result.Detail);
    }

    private static async Task AcceptAsync(IPortBinding binding)
    {
        while (await binding.AcceptAsync(CancellationToken.None) is { } conduit)
        {
            await UpgradeAsync(conduit, ConnectionRole.Listener);
        }
    }

    private static async Task<Stack> UpgradeAsync(IConduit conduit, ConnectionRole role)
    {
        var agreed = role == ConnectionRole.Dialer
            ? await ConduitNegotiation.ProposeAsync(conduit, [Noise.Protocol], CancellationToken.None)
            : await ConduitNegotiation.AnswerAsync(conduit, id => id == Noise.Protocol, CancellationToken.None);
        var secured = await Noise.UpgradeAsync(agreed.Conduit, role, null, CancellationToken.None);
        var link = new YamuxLink(
            secured.Conduit ?? throw new IOException(secured.Failure), role, new YamuxOptions(), () => Stopwatch.GetElapsedTime(0));
        return new Stack(link, secured.RemotePeer!);
    }

    private async Task<PeerStream> OpenAsync(string protocol)
    {
        var raw = _link.TryOpenStream() ?? throw new IOException("The link opens no stream.");
        var agreed = await StreamNegotiation.ProposeAsync(raw, [protocol], CancellationToken.None);
        return Wrap(raw, agreed.Protocol ?? throw new IOException(agreed.Failure), agreed.Leftover);
    }

    private PeerStream Wrap(IMuxedStream raw, string protocol, ReadOnlyMemory<byte> leftover) =>
        new(raw, _peer, protocol, relayed: false, limits: null, lazy: false, leftover);

    private async Task ServeAsync(IMuxedStream raw)
    {
        var agreed = await StreamNegotiation.AnswerAsync(raw, id => id is Perf or Ping, CancellationToken.None);
        if (agreed.Protocol is null)
        {
            raw.Reset();
            return;
        }

        await using var stream = Wrap(raw, agreed.Protocol, agreed.Leftover);
        if (agreed.Protocol == Ping)
        {
            await EchoAsync(stream);
            return;
        }

        var header = new byte[sizeof(ulong)];
        await stream.ReadExactlyAsync(header);
        await DrainAsync(stream);
        await SendAsync(stream, (long)BinaryPrimitives.ReadUInt64BigEndian(header));
        await stream.CompleteWritesAsync();
    }

    private static async Task EchoAsync(PeerStream stream)
    {
        var buffer = new byte[PingSize];
        while (await stream.ReadAtLeastAsync(buffer, PingSize, throwOnEndOfStream: false) == PingSize)
        {
            await stream.WriteAsync(buffer);
        }
    }

    private static async Task SendAsync(PeerStream stream, long bytes)
    {
        var buffer = new byte[BufferSize];
        for (var left = bytes; left > 0; left -= BufferSize)
        {
            await stream.WriteAsync(buffer.AsMemory(0, (int)Math.Min(left, BufferSize)));
        }
    }

    private static async Task<long> DrainAsync(PeerStream stream)
    {
        var buffer = new byte[BufferSize];
        long total = 0;
        while (await stream.ReadAsync(buffer) is var read and > 0)
        {
            total += read;
        }

        return total;
    }
}
