using NatActors.Node.Ping;
using NatActors.Node.Streams;

namespace NatActors.Soak.Tests.Steps;

/// <summary>The steps that use a stream in every way in which one can be used, and left.</summary>
public sealed class Streaming(SoakNetwork network, Ledger ledger)
{
    /// <summary>More than a window, so that a writer has to wait for it.</summary>
    private const int MostDirect = 768 * 1024;

    private const int MostRelayed = 128 * 1024;

    public Task RunAsync(Step step)
    {
        var (from, to) = (network.Peers[step.From], network.Peers[step.To]);
        var random = step.Draw();
        return step.Kind switch
        {
            StepKind.Echo => EchoAsync(from, to, random, allowLimited: true),
            StepKind.EchoDirect => EchoAsync(from, to, random, allowLimited: false),
            StepKind.HalfClose => HalfCloseAsync(from, to, random),
            StepKind.ResetMidway => ResetMidwayAsync(from, to, random),
            StepKind.NeverRead => NeverReadAsync(from, to, random),
            _ => throw new ArgumentException($"{step.Kind} is no step of this kind", nameof(step)),
        };
    }

    private async Task<PeerStream> OpenAsync(SoakNode from, SoakNode to, string protocol, bool allowLimited)
    {
        await ledger.AskAsync("dial", from.Node.DialAsync(network.Relay.Circuit(to.Id)));
        return await ledger.AskAsync("stream", from.Node.OpenStreamAsync(to.Id, protocol, allowLimited));
    }

    private async Task EchoAsync(SoakNode from, SoakNode to, Random random, bool allowLimited)
    {
        await using var stream = await OpenAsync(from, to, EchoService.Id, allowLimited);
        await ledger.AskAsync("echo", Echo.RunAsync(stream, random, stream.Relayed ? MostRelayed : MostDirect, ledger));
    }

    /// <summary>Finishes writing before it reads anything, and reads to the end.</summary>
    private async Task HalfCloseAsync(SoakNode from, SoakNode to, Random random)
    {
        await using var stream = await OpenAsync(from, to, EchoService.Id, allowLimited: true);
        await ledger.AskAsync("half close", HalfCloseAsync(stream, new byte[random.Next(1, 4096)]));
    }

    private static async Task HalfCloseAsync(PeerStream stream, byte[] words)
    {
        await stream.WriteAsync(words);
        await stream.CompleteWritesAsync();
        var left = words.Length;
        while (await stream.ReadAsync(words) is var read and > 0)
        {
            left -= read;
        }

        if (left != 0)
        {
            throw new InvalidDataException($"{words.Length} bytes were echoed less {left}");
        }
    }

    /// <summary>Writes and reads, and resets the stream at any point: before the first byte, in the middle of a write, while it
    /// reads.</summary>
    private async Task ResetMidwayAsync(SoakNode from, SoakNode to, Random random)
    {
        await using var stream = await OpenAsync(from, to, EchoService.Id, allowLimited: true);
        if (random.Next(8) == 0)
        {
            stream.Reset();
            return;
        }

        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(random.Next(200)));
        using var cut = patience.Token.Register(() => stream.Reset());
        await ledger.AskAsync("echo, reset", TalkUntilResetAsync(stream, random));
    }

    private static async Task TalkUntilResetAsync(PeerStream stream, Random random)
    {
        var words = new byte[random.Next(1, 1 << 16)];
        while (true)
        {
            await stream.WriteAsync(words);
            await stream.ReadExactlyAsync(words);
        }
    }

    /// <summary>Lets the other side write until the window is full, and leaves: by a reset, or by closing what it never read.</summary>
    private async Task NeverReadAsync(SoakNode from, SoakNode to, Random random)
    {
        await using var stream = await OpenAsync(from, to, SoakNode.Fountain, allowLimited: true);
        await ledger.AskAsync("never read", ProposeAsync(stream));
        var patience = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var timer = new Timer(_ => patience.TrySetResult(), null, random.Next(1000), Timeout.Infinite);
        await patience.Task;
        if (random.Next(2) == 0)
        {
            stream.Reset();
        }
    }

    private static async Task ProposeAsync(PeerStream stream)
    {
        await stream.FlushAsync();
        await stream.ReadExactlyAsync(new byte[1]);
    }
}
