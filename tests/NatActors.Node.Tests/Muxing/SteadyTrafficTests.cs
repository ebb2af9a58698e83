using System.Diagnostics;
using System.Net;
using NatActors.Multiformats;
using NatActors.Node.Muxing;
using NatActors.Node.Security;
using NatActors.Node.Tests.BadInput;
using NatActors.Testing;
using NatActors.Transports;
using NatActors.Transports.Muxing;
using NatActors.Transports.Port;
using NatActors.Transports.Security;
using NatActors.Wire.Muxing;

namespace NatActors.Node.Tests.Muxing;

/// <summary>The data path as a whole, over real sockets. What all threads allocate is counted, so no other test may run beside it.</summary>
[Collection(BadInputCollection.Name)]
public sealed class SteadyTrafficTests
{
    private const int Piece = 64 * 1024;
    private const int Pieces = 1024;

    /// <summary>Something else in the process may allocate meanwhile, but not every time.</summary>
    private const int Tries = 5;

    /// <summary>Allowed for both ends together. In a debug build the state of every async method that is called is an object.</summary>
    private static readonly int MostBytes =
        typeof(YamuxLink).Assembly.GetCustomAttributes(typeof(DebuggableAttribute), false) is [DebuggableAttribute { IsJITOptimizerDisabled: true }]
            ? 4096
            : 64;

    [Fact]
    public async Task Sixty_four_kibibytes_pass_without_garbage()
    {
        var (near, far) = await ConnectAsync();
        await using var dialer = near.Link;
        await using var listener = far.Link;
        var sending = dialer.TryOpenStream()!;
        await sending.WriteAsync(new byte[] { 42 });
        var receiving = await far.AcceptAsync();
        Assert.Equal(1, await receiving.ReadAsync(new byte[1]));
        var (source, target) = (new byte[Piece], new byte[Piece]);
        await TransferAsync(sending, source, receiving, target);
        var least = long.MaxValue;
        for (var i = 0; i < Tries && least > MostBytes; i++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await TransferAsync(sending, source, receiving, target);
            least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / Pieces);
        }

        Assert.InRange(least, 0, MostBytes);
    }

    private static Task TransferAsync(IMuxedStream sending, byte[] source, IMuxedStream receiving, byte[] target)
    {
        return Task.WhenAll(SendAsync(), ReceiveAsync()).WaitAsync(LinkPair.Patience);

        async Task SendAsync()
        {
            for (var i = 0; i < Pieces; i++)
            {
                await sending.WriteAsync(source);
            }
        }

        async Task ReceiveAsync()
        {
            for (long left = (long)Piece * Pieces; left > 0;)
            {
                left -= await receiving.ReadAsync(target);
            }
        }
    }

    private static async Task<(LinkOwner Near, LinkOwner Far)> ConnectAsync()
    {
        var transport = new TcpTransport();
        await using var at = transport.Bind(Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")).Binding!;
        await using var from = transport.BindForDialing(Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")).Binding!;
        var dialing = from.ConnectAsync(new IPEndPoint(IPAddress.Loopback, at.LocalEndPoint.Port), DialPort.Fresh, CancellationToken.None);
        var accepted = await at.AcceptAsync(CancellationToken.None).AsTask().WaitAsync(LinkPair.Patience);
        var listening = LinkAsync(accepted!, ConnectionRole.Listener);
        return (await LinkAsync((await dialing).Conduit!, ConnectionRole.Dialer), await listening);
    }

    private static async Task<LinkOwner> LinkAsync(IConduit conduit, ConnectionRole role)
    {
        var random = new SeededRandomSource();
        var secured = await new NoiseUpgrade(PrivateKey.GenerateEd25519(random), random).UpgradeAsync(conduit, role, null, CancellationToken.None);
        return new LinkOwner(secured.Conduit!, role, new YamuxOptions(), () => Stopwatch.GetElapsedTime(0));
    }
}
