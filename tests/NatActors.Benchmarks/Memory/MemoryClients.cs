using System.Globalization;
using System.Net;
using NatActors.Multiformats;
using NatActors.Transports.Port;

namespace NatActors.Benchmarks.Memory;

/// <summary>
/// The process with the peers: each line on its standard input is how many there are to be; it answers when they are, with how long that
/// took. Ends, and lets go of all, with its input.
/// </summary>
internal static class MemoryClients
{
    public const string Verb = "memory-clients";

    /// <summary>Connections set up side by side: enough to keep two processors busy, well below what the node lets in half-open.</summary>
    private const int AtOnce = 32;

    public static async Task<int> RunAsync(string[] args)
    {
        var node = IPEndPoint.Parse(args[0]);
        var bound = new TcpTransport().BindForDialing(Multiaddr.Parse("/ip4/127.0.0.1/tcp/0"));
        var binding = bound.Binding ?? throw new IOException(bound.Detail);
        var peers = new List<LightPeer>();
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var more = int.Parse(line, CultureInfo.InvariantCulture) - peers.Count;
            var started = System.Diagnostics.Stopwatch.GetTimestamp();
            await ConnectAsync(binding, node, more, peers);
            Console.WriteLine(System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalSeconds.ToString(CultureInfo.InvariantCulture));
        }

        return 0;
    }

    private static async Task ConnectAsync(IPortBinding binding, IPEndPoint node, int count, List<LightPeer> peers)
    {
        var left = count;
        async Task WorkAsync()
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                var peer = await LightPeer.ConnectAsync(binding, node);
                lock (peers)
                {
                    peers.Add(peer);
                }
            }
        }

        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => WorkAsync()));
    }
}
