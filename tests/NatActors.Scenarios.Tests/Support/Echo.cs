using System.Security.Cryptography;
using NatActors.Node.Ping;
using NatActors.Node.Streams;

namespace NatActors.Scenarios.Tests.Support;

/// <summary>Proof that a connection carries data: a mebibyte there and back, intact.</summary>
public static class Echo
{
    public const int Mebibyte = 1 << 20;

    /// <summary>Sends random bytes over the best connection and compares what comes back.</summary>
    public static async Task RunAsync(LabNode from, LabNode to, bool relayed, int bytes = Mebibyte)
    {
        await using var stream = await from.Node.OpenStreamAsync(to.Id, EchoService.Id, allowLimited: relayed).WaitAsync(EventLog.Guard);
        Assert.Equal(relayed, stream.Relayed);
        await RunAsync(stream, bytes);
    }

    /// <summary>The same over a stream that is open, up to its end.</summary>
    public static async Task RunAsync(PeerStream stream, int bytes = Mebibyte)
    {
        await ExchangeAsync(stream, bytes);
        await stream.CompleteWritesAsync();
        Assert.Equal(0, await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(EventLog.Guard));
    }

    /// <summary>The same, and the stream stays open.</summary>
    public static async Task ExchangeAsync(PeerStream stream, int bytes)
    {
        var sent = RandomNumberGenerator.GetBytes(bytes);
        var received = new byte[bytes];
        var reading = stream.ReadExactlyAsync(received).AsTask();
        await stream.WriteAsync(sent).AsTask().WaitAsync(EventLog.Guard);
        await reading.WaitAsync(EventLog.Guard);
        Assert.True(sent.AsSpan().SequenceEqual(received));
    }
}
