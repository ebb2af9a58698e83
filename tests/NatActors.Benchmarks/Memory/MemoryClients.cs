using System.Diagnostics;
using System.Globalization;
using System.Net;
using NatActors.Benchmarks.Suite;
using NatActors.Multiformats;
using NatActors.Transports.Port;

namespace NatActors.Benchmarks.Memory;

/// <summary>The process with the peers: each line is how many there are to be; it answers when they are, with the seconds that took.</summary>
internal static class MemoryClients
{
    public const string Role = "memory-peers";

    /// <summary>Connections set up side by side: enough to keep the processors busy, well below what the node lets in half-open.</summary>
    private const int AtOnce = 32;

    public static async Task PlayAsync(RoleTalk talk)
    {
        var node = IPEndPoint.Parse(talk.Arguments[0]);
        var bound = new TcpTransport().BindForDialing(Multiaddr.Parse("/ip4/127.0.0.1/tcp/0"));
        var binding = bound.Binding ?? throw new IOException(bound.Detail);
        var peers = new List<LightPeer>();
        while (await talk.HearAsync() is { } line)
        {
            var started = Stopwatch.GetTimestamp();
            await ConnectAsync(binding, node, int.Parse(line, CultureInfo.InvariantCulture) - peers.Count, peers);
            await talk.TellAsync(Stopwatch.GetElapsedTime(started).TotalSeconds.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static Task ConnectAsync(IPortBinding binding, IPEndPoint node, int count, List<LightPeer> peers)
    {
        var left = count;
        return Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => WorkAsync()));

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
    }
}
