using System.Security.Cryptography;
using NatActors.Node.Streams;

namespace NatActors.Soak.Tests.Steps;

/// <summary>Sends bytes to an echo and looks whether the same come back; compared by hash.</summary>
public static class Echo
{
    private const int LargestChunk = 48 * 1024;

    /// <summary>Up to so many bytes there and back, in pieces of any size, to the end of the stream.</summary>
    public static async Task RunAsync(PeerStream stream, Random random, int most, Ledger ledger)
    {
        var sent = new byte[random.Next(1, most)];
        random.NextBytes(sent);
        var receiving = ReceiveAsync(stream, sent.Length);
        try
        {
            for (var at = 0; at < sent.Length;)
            {
                var chunk = Math.Min(random.Next(1, LargestChunk), sent.Length - at);
                await stream.WriteAsync(sent.AsMemory(at, chunk));
                at += chunk;
            }

            await stream.CompleteWritesAsync();
        }
        catch
        {
            stream.Reset();
            await ((Task)receiving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        var (bytes, hash) = await receiving;
        if (bytes != sent.Length || !hash.AsSpan().SequenceEqual(SHA256.HashData(sent)))
        {
            ledger.Violation($"sent {sent.Length} bytes over {stream.Protocol} (relayed: {stream.Relayed}), {bytes} came back"
                + (bytes == sent.Length ? ", others" : ""));
        }
    }

    private static async Task<(int Bytes, byte[] Hash)> ReceiveAsync(PeerStream stream, int expected)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[LargestChunk];
        var bytes = 0;
        while (await stream.ReadAsync(buffer) is var read and > 0)
        {
            hash.AppendData(buffer, 0, read);
            bytes += read;
            if (bytes > expected)
            {
                break;
            }
        }

        return (bytes, hash.GetHashAndReset());
    }
}
