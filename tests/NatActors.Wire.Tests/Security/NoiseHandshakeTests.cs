using System.Buffers;
using NatActors.Multiformats;
using NatActors.Multiformats.Tests.Shared;
using NatActors.Wire.Security;

namespace NatActors.Wire.Tests.Security;

public class NoiseHandshakeTests
{
    private const string Yamux = "/yamux/1.0.0";
    private const string Mplex = "/mplex/6.7.0";

    [Fact]
    public void Both_sides_prove_who_they_are_and_talk()
    {
        using var pair = new NoisePair();
        pair.Run();
        Assert.Equal(NoiseStatus.Done, pair.Initiator.Status);
        Assert.Equal(NoiseStatus.Done, pair.Responder.Status);
        var (here, there) = (pair.Initiator.Session!, pair.Responder.Session!);
        Assert.Equal(pair.ResponderKey.PeerId, here.RemotePeer);
        Assert.Equal(pair.ResponderKey.PublicKey, here.RemoteKey);
        Assert.Equal(pair.InitiatorKey.PeerId, there.RemotePeer);
        Assert.Null(here.EarlyMuxer);
        AssertTalk(here.Sender, there.Receiver);
        AssertTalk(there.Sender, here.Receiver);
    }

    [Fact]
    public void One_static_key_serves_many_handshakes_and_no_two_sessions_share_a_key()
    {
        var key = PrivateKey.GenerateEd25519(new SeededRandom(1));
        using var here = new NoiseCredentials(key, new SeededRandom(2), [Yamux]);
        using var there = new NoiseCredentials(PrivateKey.GenerateEd25519(new SeededRandom(3)), new SeededRandom(4), [Yamux]);
        var frames = Enumerable.Range(5, 3).Select(seed =>
        {
            using var initiator = new NoiseHandshake(true, here, new SeededRandom(seed), null);
            using var responder = new NoiseHandshake(false, there, new SeededRandom(seed + 100), key.PeerId);
            var (out1, out2) = (new ArrayBufferWriter<byte>(), new ArrayBufferWriter<byte>());
            initiator.Start(out1);
            responder.Start(out2);
            NoisePair.Feed(responder, NoisePair.Take(out1), out2);
            NoisePair.Feed(initiator, NoisePair.Take(out2), out1);
            NoisePair.Feed(responder, NoisePair.Take(out1), out2);
            Assert.Equal(Yamux, responder.Session!.EarlyMuxer);
            AssertTalk(responder.Session.Sender, initiator.Session!.Receiver);
            var frame = new byte[NoiseCipher.FrameLength(4)];
            initiator.Session.Sender.Encrypt("same"u8, frame);
            return Convert.ToHexString(frame);
        }).ToArray();
        Assert.Equal(frames.Length, frames.Distinct().Count());
    }

    [Theory]
    [InlineData("rsa")]
    [InlineData("secp256k1")]
    [InlineData("ecdsa")]
    public void Works_with_every_kind_of_identity(string kind)
    {
        using var pair = new NoisePair(PrivateKeys.Of(kind), PrivateKeys.Of(kind));
        pair.Run();
        Assert.Equal(pair.ResponderKey.PeerId, pair.Initiator.Session?.RemotePeer);
        Assert.Equal(pair.InitiatorKey.PeerId, pair.Responder.Session?.RemotePeer);
    }

    [Fact]
    public void Takes_its_input_byte_by_byte_and_at_every_split()
    {
        using var reference = new NoisePair();
        var messages = reference.Run();
        foreach (var message in Enumerable.Range(0, 3))
        {
            for (var split = 0; split <= messages[message].Length; split += 7)
            {
                RunSplit(message, split);
            }

            RunSplit(message, messages[message].Length);
        }

        using var slow = new NoisePair();
        slow.Initiator.Start(slow.FromInitiator);
        slow.Responder.Start(slow.FromResponder);
        for (var turn = 0; turn < 3; turn++)
        {
            var (to, from, back) = turn % 2 == 0
                ? (slow.Responder, slow.FromInitiator, slow.FromResponder)
                : (slow.Initiator, slow.FromResponder, slow.FromInitiator);
            foreach (var b in NoisePair.Take(from))
            {
                NoisePair.Feed(to, [b], back);
            }
        }

        Assert.Equal((NoiseStatus.Done, NoiseStatus.Done), (slow.Initiator.Status, slow.Responder.Status));
    }

    [Fact]
    public void Leaves_what_follows_the_handshake_to_the_session()
    {
        using var pair = new NoisePair();
        pair.Initiator.Start(pair.FromInitiator);
        pair.Responder.Start(pair.FromResponder);
        NoisePair.Feed(pair.Responder, NoisePair.Take(pair.FromInitiator), pair.FromResponder);
        NoisePair.Feed(pair.Initiator, NoisePair.Take(pair.FromResponder), pair.FromInitiator);
        var frame = new byte[NoiseCipher.FrameLength(4)];
        pair.Initiator.Session!.Sender.Encrypt([1, 2, 3, 4], frame);
        byte[] together = [.. NoisePair.Take(pair.FromInitiator), .. frame];
        Assert.Equal(NoiseStatus.Done, pair.Responder.Read(together, pair.FromResponder, out var consumed));
        Assert.Equal(frame.Length, together.Length - consumed);
        Assert.True(pair.Responder.Session!.Receiver.TryDecrypt(together.AsSpan(consumed + 2), new byte[4], out _));
        Assert.Equal(NoiseStatus.Done, pair.Responder.Read(frame, pair.FromResponder, out consumed));
        Assert.Equal(0, consumed);
    }

    [Theory]
    [InlineData(new[] { Yamux }, new[] { Yamux }, Yamux)]
    [InlineData(new[] { Mplex, Yamux }, new[] { Yamux, Mplex }, Mplex)]
    [InlineData(new[] { "/x", Yamux }, new[] { Yamux, Mplex }, Yamux)]
    [InlineData(new string[0], new[] { Yamux }, null)]
    [InlineData(new[] { Yamux }, new string[0], null)]
    [InlineData(new string[0], new string[0], null)]
    public void The_muxer_is_the_initiators_first_choice_that_the_responder_has(string[] initiator, string[] responder, string? agreed)
    {
        using var pair = new NoisePair(initiatorMuxers: initiator, responderMuxers: responder);
        pair.Run();
        Assert.Equal(agreed, pair.Initiator.Session!.EarlyMuxer);
        Assert.Equal(agreed, pair.Responder.Session!.EarlyMuxer);
    }

    [Fact]
    public void No_muxer_in_common_is_a_failure_that_names_both_lists()
    {
        using var pair = new NoisePair(initiatorMuxers: [Yamux], responderMuxers: [Mplex]);
        pair.Run();
        Assert.Equal(NoiseFailure.NoCommonMuxer, pair.Initiator.Failure);
        Assert.Contains(Yamux, pair.Initiator.FailureDetail, StringComparison.Ordinal);
        Assert.Contains(Mplex, pair.Initiator.FailureDetail, StringComparison.Ordinal);
        Assert.Null(pair.Initiator.Session);
    }

    [Fact]
    public void Somebody_else_than_the_dialed_peer_is_refused_by_name()
    {
        using var wanted = PrivateKey.GenerateEd25519(new SeededRandom(77));
        using var pair = new NoisePair(expected: _ => wanted.PeerId);
        pair.Run();
        Assert.Equal(NoiseFailure.WrongPeer, pair.Initiator.Failure);
        Assert.Contains(wanted.PeerId.ToString(), pair.Initiator.FailureDetail, StringComparison.Ordinal);
        Assert.Contains(pair.ResponderKey.PeerId.ToString(), pair.Initiator.FailureDetail, StringComparison.Ordinal);
        Assert.NotEqual(NoiseStatus.Done, pair.Responder.Status);
    }

    [Fact]
    public void Anybody_is_accepted_when_nobody_is_expected()
    {
        using var pair = new NoisePair(expected: _ => null);
        pair.Run();
        Assert.Equal(pair.ResponderKey.PeerId, pair.Initiator.Session!.RemotePeer);
    }

    [Fact]
    public void An_end_in_the_middle_is_a_failure_and_after_the_end_is_none()
    {
        using var pair = new NoisePair();
        pair.Initiator.Start(pair.FromInitiator);
        Assert.Equal(NoiseStatus.Failed, pair.Initiator.OnEndOfStream());
        Assert.Equal(NoiseFailure.Truncated, pair.Initiator.Failure);
        using var whole = new NoisePair();
        whole.Run();
        Assert.Equal(NoiseStatus.Done, whole.Responder.OnEndOfStream());
    }

    [Fact]
    public void Using_it_in_the_wrong_order_is_our_bug()
    {
        using var pair = new NoisePair();
        Assert.Throws<InvalidOperationException>(() => pair.Responder.Read([1], pair.FromResponder, out _));
        pair.Responder.Start(pair.FromResponder);
        Assert.Throws<InvalidOperationException>(() => pair.Responder.Start(pair.FromResponder));
    }

    private static void RunSplit(int message, int split)
    {
        using var pair = new NoisePair();
        pair.Initiator.Start(pair.FromInitiator);
        pair.Responder.Start(pair.FromResponder);
        for (var turn = 0; turn < 3; turn++)
        {
            var (to, from, back) = turn % 2 == 0
                ? (pair.Responder, pair.FromInitiator, pair.FromResponder)
                : (pair.Initiator, pair.FromResponder, pair.FromInitiator);
            var bytes = NoisePair.Take(from);
            var cut = turn == message ? split : 0;
            NoisePair.Feed(to, bytes.AsSpan(0, cut), back);
            NoisePair.Feed(to, bytes.AsSpan(cut), back);
        }

        Assert.Equal((NoiseStatus.Done, NoiseStatus.Done), (pair.Initiator.Status, pair.Responder.Status));
    }

    private static void AssertTalk(NoiseCipher sender, NoiseCipher receiver)
    {
        var frame = new byte[NoiseCipher.FrameLength(5)];
        sender.Encrypt("hello"u8, frame);
        var opened = new byte[5];
        Assert.True(receiver.TryDecrypt(frame.AsSpan(NoiseCipher.HeaderLength), opened, out _));
        Assert.Equal("hello"u8, opened);
    }
}
