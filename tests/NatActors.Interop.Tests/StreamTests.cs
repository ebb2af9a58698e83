using System.Security.Cryptography;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Node.Ping;
using NatActors.Node.Streams;
using NatActors.Node.Tests.Whole;
using NatActors.Testing.Js;

namespace NatActors.Interop.Tests;

/// <summary>Streams with js: bulk both ways, half-close, refusal, reset.</summary>
public sealed class StreamTests
{
    private const string Loopback = "/ip4/127.0.0.1/tcp/0";
    private const int EchoBytes = 16 << 20;

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Sixteen_mebibytes_come_back_whole_from_js(bool weDial)
    {
        await using var js = await JsPeer.StartAsync("--listen", Loopback, "--echo");
        await using var ours = await LoopbackNode.StartAsync();
        await ConnectAsync(js, ours, weDial);
        var peer = PeerId.Parse(js.PeerId);
        await using var stream = await ours.Node.OpenStreamAsync(peer, EchoService.Id).WaitAsync(JsPeer.Guard);
        var sent = RandomNumberGenerator.GetBytes(EchoBytes);

        var received = new byte[sent.Length];
        var reading = stream.ReadExactlyAsync(received).AsTask();
        await stream.WriteAsync(sent).AsTask().WaitAsync(JsPeer.Guard);
        await stream.CompleteWritesAsync();
        await reading.WaitAsync(JsPeer.Guard);

        Assert.True(sent.AsSpan().SequenceEqual(received));
        Assert.Equal(0, await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(JsPeer.Guard));
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Sixteen_mebibytes_of_js_come_back_whole_from_our_node(bool weDial)
    {
        await using var js = await JsPeer.StartAsync("--listen", Loopback);
        await using var ours = await LoopbackNode.StartAsync(o => o with { Echo = true });
        await ConnectAsync(js, ours, weDial);

        Assert.Equal(EchoBytes, await js.EchoAsync(ours.Id.ToString(), EchoBytes));
    }

    [SkippableFact]
    public async Task Perf_is_measured_against_js_and_by_js()
    {
        const int Upload = 8 << 20;
        const int Download = 12 << 20;
        await using var js = await JsPeer.StartAsync("--listen", Loopback, "--perf");
        await using var ours = await LoopbackNode.StartAsync();
        await ConnectAsync(js, ours, weDial: true);

        var result = await ours.Node.MeasureAsync(PeerId.Parse(js.PeerId), Upload, Download).WaitAsync(JsPeer.Guard);
        var theirs = await js.PerfAsync(ours.Id.ToString(), Upload, Download);

        Assert.Equal((Upload, Download, false), (result.UploadBytes, result.DownloadBytes, result.Relayed));
        Assert.True(result.UploadTime > TimeSpan.Zero && result.DownloadTime > TimeSpan.Zero);
        Assert.Equal((Upload, Download), (theirs["uploadBytes"]!.GetValue<long>(), theirs["downloadBytes"]!.GetValue<long>()));
    }

    [SkippableFact]
    public async Task Many_streams_at_once_do_not_mix()
    {
        const int Streams = 16;
        const int Bytes = 256 << 10;
        await using var js = await JsPeer.StartAsync("--listen", Loopback, "--echo");
        await using var ours = await LoopbackNode.StartAsync(o => o with { Echo = true });
        await ConnectAsync(js, ours, weDial: true);

        var theirs = Enumerable.Range(0, Streams).Select(_ => js.EchoAsync(ours.Id.ToString(), Bytes));
        var own = Enumerable.Range(0, Streams).Select(_ => EchoAsync(ours, js, Bytes));

        Assert.All(await Task.WhenAll(theirs), bytes => Assert.Equal(Bytes, bytes));
        Assert.All(await Task.WhenAll(own), Assert.True);
    }

    [SkippableFact]
    public async Task Ended_streams_leave_room_for_others_on_both_sides()
    {
        const int Limit = 8;
        const int Streams = 8 * Limit;
        await using var js = await JsPeer.StartAsync("--listen", Loopback, "--echo");
        await using var ours = await LoopbackNode.StartAsync(
            o => o with { Echo = true, Connections = new ConnectionOptions { MaxStreamsPerConnection = Limit } });
        await ConnectAsync(js, ours, weDial: true);
        await ours.Events.NextAsync<NodeEvents.Identified>();

        for (var i = 0; i < Streams; i++)
        {
            // From identify on our streams are lazy: negotiation, byte and end must not reach js in one frame.
            Assert.True(await EchoAsync(ours, js, 1));
            Assert.Equal(1, await js.EchoAsync(ours.Id.ToString(), 1));
        }

        // js takes two ping streams at once, so one that stayed open would be missed here.
        Assert.Equal(Streams, (await js.PingAsync(ours.Id.ToString(), Streams)).Count);
        for (var i = 0; i < Limit; i++)
        {
            Assert.True(await ours.Node.PingAsync(PeerId.Parse(js.PeerId)).WaitAsync(JsPeer.Guard) > TimeSpan.Zero);
        }

        Assert.Single(await js.ConnectionsAsync());
    }

    [SkippableFact]
    public async Task A_protocol_that_the_other_does_not_serve_is_refused_and_the_connection_stays()
    {
        await using var js = await JsPeer.StartAsync("--listen", Loopback);
        await using var ours = await LoopbackNode.StartAsync();
        await ConnectAsync(js, ours, weDial: true);

        var refused = await Assert.ThrowsAsync<StreamNotOpenedException>(
            () => ours.Node.OpenStreamAsync(PeerId.Parse(js.PeerId), "/nobody/1.0.0").WaitAsync(JsPeer.Guard));
        var theirs = await Assert.ThrowsAsync<JsPeerException>(
            () => js.AskAsync("openStream", new { peer = ours.Id.ToString(), protocol = "/nobody/1.0.0" }));

        Assert.Equal(StreamFailureKind.ProtocolNotSupported, refused.Failure.Kind);
        Assert.Contains("UnsupportedProtocolError", theirs.Message, StringComparison.Ordinal);
        Assert.Single(await js.PingAsync(ours.Id.ToString()));
        Assert.Single(await js.ConnectionsAsync());
    }

    [SkippableFact]
    public async Task A_stream_that_js_resets_ends_alone()
    {
        var ended = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var js = await JsPeer.StartAsync("--listen", Loopback);
        await using var ours = await LoopbackNode.StartAsync();
        using var serving = ours.Node.Handle("/wait/1.0.0", async (stream, stopping) =>
            ended.SetResult(await Record.ExceptionAsync(async () => await stream.ReadExactlyAsync(new byte[1], stopping))));
        await ConnectAsync(js, ours, weDial: true);

        var opened = await js.AskAsync("openStream", new { peer = ours.Id.ToString(), protocol = "/wait/1.0.0" });
        await js.AskAsync("closeStream", new { stream = opened["stream"]!.GetValue<int>(), reset = true });

        Assert.IsAssignableFrom<IOException>(await ended.Task.WaitAsync(JsPeer.Guard));
        Assert.Single(await js.PingAsync(ours.Id.ToString()));
    }

    [SkippableFact]
    public async Task A_stream_that_we_reset_ends_alone()
    {
        await using var js = await JsPeer.StartAsync("--listen", Loopback, "--echo");
        await using var ours = await LoopbackNode.StartAsync();
        await ConnectAsync(js, ours, weDial: true);
        var peer = PeerId.Parse(js.PeerId);

        var stream = await ours.Node.OpenStreamAsync(peer, EchoService.Id).WaitAsync(JsPeer.Guard);
        await stream.WriteAsync(new byte[1]);
        await stream.ReadExactlyAsync(new byte[1]).AsTask().WaitAsync(JsPeer.Guard);
        stream.Reset();
        await stream.DisposeAsync();

        Assert.True(await EchoAsync(ours, js, 1000));
        Assert.Single(await js.ConnectionsAsync());
    }

    private static async Task ConnectAsync(JsPeer js, LoopbackNode ours, bool weDial)
    {
        if (weDial)
        {
            await ours.Node.DialAsync(Multiaddr.Parse(js.Addresses[0])).WaitAsync(JsPeer.Guard);
        }
        else
        {
            await js.DialAsync(ours.Address.ToString());
        }
    }

    private static async Task<bool> EchoAsync(LoopbackNode ours, JsPeer js, int bytes)
    {
        await using var stream = await ours.Node.OpenStreamAsync(PeerId.Parse(js.PeerId), EchoService.Id).WaitAsync(JsPeer.Guard);
        var sent = RandomNumberGenerator.GetBytes(bytes);
        var received = new byte[bytes];
        var reading = stream.ReadExactlyAsync(received).AsTask();
        await stream.WriteAsync(sent);
        await stream.CompleteWritesAsync();
        await reading.WaitAsync(JsPeer.Guard);
        return sent.AsSpan().SequenceEqual(received);
    }
}
