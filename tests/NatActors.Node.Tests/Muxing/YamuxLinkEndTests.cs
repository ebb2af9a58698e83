using NatActors.Multiformats;
using NatActors.Node.Muxing;
using NatActors.Node.Security;
using NatActors.Testing;
using NatActors.Transports.Muxing;
using NatActors.Transports.Security;
using NatActors.Wire.Muxing;

namespace NatActors.Node.Tests.Muxing;

public sealed class YamuxLinkEndTests
{
    [Fact]
    public async Task Close_flushes_what_was_written_and_both_ends_say_who_closed()
    {
        await using var pair = new LinkPair(capacity: 1024);
        var (near, far) = await pair.OpenAsync();
        var bytes = StreamTestExtensions.Pattern(100_000, 1);
        await near.WriteAsync(bytes);
        await near.CompleteWritesAsync();
        await far.CompleteWritesAsync();
        var closing = pair.Dialer.Link.CloseAsync(CancellationToken.None).AsTask();
        Assert.Null(pair.Dialer.Link.TryOpenStream());
        Assert.Equal(bytes, await far.ReadToEndAsync().WaitAsync(LinkPair.Patience));
        await closing.WaitAsync(LinkPair.Patience);
        Assert.Equal(LinkEndKind.ClosedLocally, (await pair.Dialer.Done.WaitAsync(LinkPair.Patience)).Kind);
        Assert.Equal(LinkEndKind.ClosedByPeer, (await pair.Listener.Done.WaitAsync(LinkPair.Patience)).Kind);
    }

    [Fact]
    public async Task Close_gives_up_when_its_time_is_over()
    {
        var (near, _) = MemoryConduit.CreatePair(capacity: 10);
        var owner = new LinkOwner(near, ConnectionRole.Dialer, new YamuxOptions(), () => TimeSpan.Zero);
        using var cancel = new CancellationTokenSource();
        var closing = owner.Link.CloseAsync(cancel.Token).AsTask();
        Assert.False(closing.IsCompleted);
        await cancel.CancelAsync();
        await closing.WaitAsync(LinkPair.Patience);
        Assert.Equal(LinkEndKind.ClosedLocally, (await owner.Done.WaitAsync(LinkPair.Patience)).Kind);
    }

    [Fact]
    public async Task A_goaway_is_answered_although_the_peers_end_comes_along()
    {
        // The link's first ping does not fit: it is still writing when both come.
        var (near, far) = MemoryConduit.CreatePair(capacity: 10);
        var owner = new LinkOwner(far, ConnectionRole.Listener, new YamuxOptions(), () => TimeSpan.Zero);
        await near.WriteAsync(GoAway());
        await near.CompleteWritesAsync();

        var sent = new byte[3 * YamuxHeader.Size];
        var length = 0;
        while (await near.ReadAsync(sent.AsMemory(length)) is var read and > 0)
        {
            length += read;
        }

        Assert.Equal(2 * YamuxHeader.Size, length);
        Assert.Equal(
            new YamuxHeader(YamuxFrameType.GoAway, YamuxFlags.None, 0, (uint)YamuxGoAwayCode.Normal),
            YamuxHeader.Read(sent.AsSpan(YamuxHeader.Size)));
        Assert.Equal(LinkEndKind.ClosedByPeer, (await owner.Done.WaitAsync(LinkPair.Patience)).Kind);
    }

    [Fact]
    public async Task A_peer_that_goes_away_and_takes_no_answer_is_given_up_by_the_owners_timer()
    {
        var now = TimeSpan.FromHours(1);
        var (near, far) = MemoryConduit.CreatePair(capacity: 10);
        var owner = new LinkOwner(far, ConnectionRole.Listener, new YamuxOptions(), () => now);
        owner.Link.OnTimer();
        await near.WriteAsync(GoAway());
        await near.CompleteWritesAsync();
        now += TimeSpan.FromHours(1);
        owner.Link.OnTimer();
        Assert.Equal(LinkEndKind.KeepAliveTimeout, (await owner.Done.WaitAsync(LinkPair.Patience)).Kind);
    }

    private static byte[] GoAway()
    {
        var frame = new byte[YamuxHeader.Size];
        new YamuxHeader(YamuxFrameType.GoAway, YamuxFlags.None, 0, (uint)YamuxGoAwayCode.Normal).Write(frame);
        return frame;
    }

    [Fact]
    public async Task A_broken_conduit_fails_every_stream()
    {
        await using var pair = new LinkPair();
        var (near, _) = await pair.OpenAsync();
        var reading = near.ReadAsync(new byte[1]).AsTask();
        pair.ListenerConduit.Abort();
        Assert.Equal(StreamEnd.LinkLost, (await Assert.ThrowsAsync<MuxedStreamException>(() => reading)).End);
        Assert.Equal(StreamEnd.LinkLost, await pair.Dialer.EndOfAsync(near.Id));
        Assert.Equal(LinkEndKind.TransportBroken, (await pair.Dialer.Done.WaitAsync(LinkPair.Patience)).Kind);
        Assert.Null(pair.Dialer.Link.TryOpenStream());
    }

    [Fact]
    public async Task What_has_arrived_completely_stays_readable_after_the_link()
    {
        await using var pair = new LinkPair();
        var (near, far) = await pair.OpenAsync();
        await near.WriteAsync(new byte[] { 1, 2, 3 });
        await near.CompleteWritesAsync();
        await far.CompleteWritesAsync();
        Assert.Equal(StreamEnd.Completed, await pair.Listener.EndOfAsync(near.Id));
        pair.Listener.Link.Abort();
        Assert.Equal([1, 2, 3], await far.ReadToEndAsync().WaitAsync(LinkPair.Patience));
    }

    [Fact]
    public async Task Abort_ends_both_ends()
    {
        await using var pair = new LinkPair();
        await pair.OpenAsync();
        pair.Dialer.Link.Abort();
        pair.Dialer.Link.Abort();
        Assert.Equal(LinkEndKind.ClosedLocally, (await pair.Dialer.Done.WaitAsync(LinkPair.Patience)).Kind);
        await pair.Listener.Done.WaitAsync(LinkPair.Patience);
    }

    [Fact]
    public async Task A_conduit_that_ends_inside_a_secured_frame_was_cut_and_not_closed()
    {
        var random = new SeededRandomSource();
        var upgrade = new NoiseUpgrade(PrivateKey.GenerateEd25519(random), random);
        var (near, far) = MemoryConduit.CreatePair();
        var listening = upgrade.UpgradeAsync(far, ConnectionRole.Listener, null, CancellationToken.None);
        var dialed = await upgrade.UpgradeAsync(near, ConnectionRole.Dialer, null, CancellationToken.None);
        Assert.NotNull((await listening).Conduit);

        await far.WriteAsync(new byte[] { 0 });
        await far.CompleteWritesAsync();
        var owner = new LinkOwner(dialed.Conduit!, ConnectionRole.Dialer, new YamuxOptions(), () => TimeSpan.Zero);

        Assert.Equal(LinkEndKind.TransportBroken, (await owner.Done.WaitAsync(LinkPair.Patience)).Kind);
    }

    [Fact]
    public async Task A_violation_is_named_and_answered_with_goaway()
    {
        await using var pair = new LinkPair();
        var (near, far) = MemoryConduit.CreatePair();
        var owner = new LinkOwner(far, ConnectionRole.Listener, new YamuxOptions(), () => pair.Now);
        await near.WriteAsync(new byte[] { 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 });
        var end = await owner.Done.WaitAsync(LinkPair.Patience);
        Assert.Equal(LinkEndKind.ProtocolViolation, end.Kind);
        Assert.Contains(nameof(YamuxViolation.UnknownVersion), end.Detail);

        var sent = new byte[2 * YamuxHeader.Size];
        var length = 0;
        while (await near.ReadAsync(sent.AsMemory(length)) is var read and > 0)
        {
            length += read;
        }

        Assert.Equal(sent.Length, length);
        Assert.Equal(
            new YamuxHeader(YamuxFrameType.GoAway, YamuxFlags.None, 0, (uint)YamuxGoAwayCode.ProtocolError),
            YamuxHeader.Read(sent.AsSpan(YamuxHeader.Size)));
    }

    [Fact]
    public async Task A_silent_peer_is_given_up_by_the_owners_timer()
    {
        var now = TimeSpan.FromHours(1);
        var (near, _) = MemoryConduit.CreatePair();
        var owner = new LinkOwner(near, ConnectionRole.Dialer, new YamuxOptions(), () => now);
        owner.Link.OnTimer();
        Assert.False(owner.Done.IsCompleted);
        now += new YamuxOptions().KeepAliveTimeout;
        owner.Link.OnTimer();
        Assert.Equal(LinkEndKind.KeepAliveTimeout, (await owner.Done.WaitAsync(LinkPair.Patience)).Kind);
    }

    [Fact]
    public async Task The_round_trip_is_measured_at_the_start()
    {
        await using var pair = new LinkPair();
        Assert.Equal(TimeSpan.Zero, await pair.Dialer.RoundTrip.WaitAsync(LinkPair.Patience));
        Assert.Equal(TimeSpan.Zero, pair.Dialer.Link.RoundTripTime);
    }

    [Fact]
    public async Task After_the_peers_goaway_the_last_streams_end_closes_the_link()
    {
        await using var pair = new LinkPair();
        var (near, far) = await pair.OpenAsync();
        var closing = pair.Listener.Link.CloseAsync(CancellationToken.None).AsTask();
        near.Reset();
        Assert.Equal(LinkEndKind.ClosedByPeer, (await pair.Dialer.Done.WaitAsync(LinkPair.Patience)).Kind);
        await closing.WaitAsync(LinkPair.Patience);
        _ = far;
    }
}
