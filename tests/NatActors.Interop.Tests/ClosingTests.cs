using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Node.Tests.Whole;
using NatActors.Testing.Js;

namespace NatActors.Interop.Tests;

/// <summary>How connections with js end: in order from either side, or by a crash; the node goes on.</summary>
public sealed class ClosingTests
{
    private const string Loopback = "/ip4/127.0.0.1/tcp/0";

    [SkippableFact]
    public async Task Js_hears_of_our_end()
    {
        await using var js = await JsPeer.StartAsync("--listen", Loopback);
        var ours = await LoopbackNode.StartAsync();
        await ours.Node.DialAsync(Multiaddr.Parse(js.Addresses[0])).WaitAsync(JsPeer.Guard);
        await js.EventAsync("identified");

        await ours.DisposeAsync();

        var gone = await js.EventAsync("disconnected");
        Assert.Equal(ours.Id.ToString(), gone["peer"]!.GetValue<string>());
        Assert.Empty(await js.ConnectionsAsync());
    }

    [SkippableFact]
    public async Task A_connection_that_js_closes_is_gone_and_can_be_made_again()
    {
        await using var js = await JsPeer.StartAsync("--listen", Loopback);
        await using var ours = await LoopbackNode.StartAsync();
        var address = Multiaddr.Parse(js.Addresses[0]);
        await ours.Node.DialAsync(address).WaitAsync(JsPeer.Guard);
        await js.EventAsync("identified");

        await js.CloseAsync(ours.Id.ToString());

        var gone = await ours.Events.NextAsync<NodeEvents.Disconnected>();
        Assert.Equal((js.PeerId, false), (gone.Peer.ToString(), gone.Relayed));
        await ours.Node.DialAsync(address).WaitAsync(JsPeer.Guard);
        Assert.Single(await js.PingAsync(ours.Id.ToString()));
    }

    [SkippableFact]
    public async Task A_js_peer_that_stops_in_order_is_gone()
    {
        await using var js = await JsPeer.StartAsync("--listen", Loopback);
        await using var ours = await LoopbackNode.StartAsync();
        await ours.Node.DialAsync(Multiaddr.Parse(js.Addresses[0])).WaitAsync(JsPeer.Guard);

        await js.StopAsync();

        Assert.Equal(js.PeerId, (await ours.Events.NextAsync<NodeEvents.Disconnected>()).Peer.ToString());
    }

    [SkippableFact]
    public async Task A_js_peer_that_crashes_is_gone()
    {
        await using var js = await JsPeer.StartAsync("--listen", Loopback);
        await using var ours = await LoopbackNode.StartAsync();
        await ours.Node.DialAsync(Multiaddr.Parse(js.Addresses[0])).WaitAsync(JsPeer.Guard);

        js.Kill();

        Assert.Equal(js.PeerId, (await ours.Events.NextAsync<NodeEvents.Disconnected>()).Peer.ToString());
    }

    [SkippableFact]
    public async Task Both_dial_at_once_and_a_connection_stays()
    {
        const int Times = 20;
        await using var js = await JsPeer.StartAsync("--listen", Loopback, "--inbound-threshold", "1000");
        for (var i = 0; i < Times; i++)
        {
            await using var ours = await LoopbackNode.StartAsync();
            var theirs = js.DialAsync(ours.Address.ToString());
            var own = ours.Node.DialAsync(Multiaddr.Parse(js.Addresses[0])).WaitAsync(JsPeer.Guard);

            // One of the two may lose to the other while it is still in its handshake; the peers are connected all the same.
            await Task.WhenAll(Settled(theirs), Settled(own));

            Assert.True(theirs.IsCompletedSuccessfully || own.IsCompletedSuccessfully);
            Assert.True(await OnceMoreAsync(() => ours.Node.PingAsync(PeerId.Parse(js.PeerId)).WaitAsync(JsPeer.Guard)) > TimeSpan.Zero);
            Assert.Single(await js.PingAsync(ours.Id.ToString()));
        }
    }

    /// <summary>
    /// js cuts one of the two connections as soon as it sees that it has both. A ping that runs on that one goes with it; the next takes the
    /// one that stays.
    /// </summary>
    private static async Task<T> OnceMoreAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (PeerFailedException)
        {
            return await ask();
        }
    }

    private static async Task Settled(Task task) => await task.ContinueWith(_ => { }, TaskScheduler.Default);
}
