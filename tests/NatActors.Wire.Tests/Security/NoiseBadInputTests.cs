using System.Buffers;
using System.Buffers.Binary;
using Google.Protobuf;
using NatActors.Multiformats;
using NatActors.Multiformats.Tests.Shared;
using NatActors.Wire.Security;

namespace NatActors.Wire.Tests.Security;

/// <summary>A peer that speaks Noise well enough to reach the payload, but means ill; and bytes that are no Noise at all.</summary>
public class NoiseBadInputTests
{
    [Fact]
    public void A_message_longer_than_the_limit_is_refused_by_its_length_alone()
    {
        using var pair = new NoisePair();
        pair.Responder.Start(pair.FromResponder);
        var header = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(header, NoiseHandshake.MaxMessageLength + 1);
        Assert.Equal(NoiseStatus.Failed, pair.Responder.Read(header, pair.FromResponder, out _));
        Assert.Equal(NoiseFailure.MessageTooLarge, pair.Responder.Failure);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    public void A_first_message_shorter_than_a_key_is_refused(int length)
    {
        using var pair = new NoisePair();
        pair.Responder.Start(pair.FromResponder);
        Assert.Equal(NoiseStatus.Failed, NoisePair.Feed(pair.Responder, Frame(new byte[length]), pair.FromResponder));
        Assert.Equal(NoiseFailure.MessageTooShort, pair.Responder.Failure);
        Assert.Equal(0, pair.FromResponder.WrittenCount);
    }

    [Fact]
    public void A_key_of_small_order_is_refused()
    {
        using var pair = new NoisePair();
        pair.Responder.Start(pair.FromResponder);
        Assert.Equal(NoiseStatus.Failed, NoisePair.Feed(pair.Responder, Frame(new byte[32]), pair.FromResponder));
        Assert.Equal(NoiseFailure.WeakKey, pair.Responder.Failure);
    }

    [Fact]
    public void Every_shortened_or_damaged_second_message_is_refused()
    {
        using var reference = new NoisePair();
        var second = reference.Run()[1][2..];
        for (var length = 0; length < second.Length; length++)
        {
            // Ephemeral key 32, static key 32 with a tag of 16, and the payload's tag of 16.
            var expected = length == 32 ? NoiseFailure.Crossed : length < 96 ? NoiseFailure.MessageTooShort : NoiseFailure.NotAuthentic;
            Assert.Equal(expected, AnswerWith(second.AsSpan(0, length)));
        }

        for (var i = 0; i < second.Length; i++)
        {
            byte[] damaged = [.. second];
            damaged[i] ^= 0x01;
            Assert.Equal(NoiseFailure.NotAuthentic, AnswerWith(damaged));
        }
    }

    [Fact]
    public void A_payload_that_is_no_protobuf_is_refused() => AssertPayload(NoiseFailure.PayloadMalformed, (_, _) => [0x0a, 0xff]);

    [Fact]
    public void A_payload_without_a_key_is_refused() => AssertPayload(NoiseFailure.BadIdentityKey, (_, _) => []);

    [Fact]
    public void A_key_that_is_none_is_refused() => AssertPayload(
        NoiseFailure.BadIdentityKey,
        (_, _) => new Wire.Security.Proto.NoiseHandshakePayload { IdentityKey = ByteString.CopyFrom(1, 2, 3) }.ToByteArray());

    [Fact]
    public void A_payload_without_a_signature_is_refused() => AssertPayload(
        NoiseFailure.BadSignature,
        (key, _) => new Wire.Security.Proto.NoiseHandshakePayload { IdentityKey = Key(key) }.ToByteArray());

    [Fact]
    public void A_signature_over_another_static_key_is_refused() => AssertPayload(
        NoiseFailure.BadSignature,
        (key, _) => NoisePayload.Encode(key, new byte[32], []));

    [Fact]
    public void A_signature_by_another_identity_is_refused() => AssertPayload(
        NoiseFailure.BadSignature,
        (key, staticKey) =>
        {
            using var other = PrivateKey.GenerateEd25519(new SeededRandom(99));
            var payload = Wire.Security.Proto.NoiseHandshakePayload.Parser.ParseFrom(NoisePayload.Encode(other, staticKey, []));
            payload.IdentityKey = Key(key);
            return payload.ToByteArray();
        });

    /// <summary>libp2p/specs noise: field 3 carried early data once; unknown fields do no harm.</summary>
    [Fact]
    public void Unknown_fields_and_the_old_data_field_are_ignored()
    {
        var failure = PlayResponder((key, staticKey) => [.. NoisePayload.Encode(key, staticKey, []), 0x1a, 0x01, 0x61, 0xf8, 0x01, 0x05]);
        Assert.Equal(NoiseFailure.None, failure);
    }

    [Fact]
    public void Endless_and_oversized_muxer_names_do_not_count()
    {
        var many = Enumerable.Range(0, 100).Select(i => $"/m{i}").Prepend(new string('x', 500)).Append("/yamux/1.0.0").ToArray();
        Assert.Equal(NoiseFailure.NoCommonMuxer, PlayResponder((key, staticKey) => NoisePayload.Encode(key, staticKey, many), ["/yamux/1.0.0"]));
    }

    [Fact]
    public void A_failed_handshake_stays_failed_and_takes_nothing_more()
    {
        using var pair = new NoisePair();
        pair.Responder.Start(pair.FromResponder);
        NoisePair.Feed(pair.Responder, Frame([]), pair.FromResponder);
        Assert.Equal(NoiseStatus.Failed, pair.Responder.Read(new byte[100], pair.FromResponder, out var consumed));
        Assert.Equal(0, consumed);
        Assert.Equal(NoiseStatus.Failed, pair.Responder.OnEndOfStream());
        Assert.Equal(NoiseFailure.MessageTooShort, pair.Responder.Failure);
        Assert.NotNull(pair.Responder.FailureDetail);
    }

    [Fact]
    public void Random_bytes_never_throw()
    {
        var random = new SeededRandom(21);
        for (var round = 0; round < 500; round++)
        {
            using var pair = new NoisePair();
            var target = round % 2 == 0 ? pair.Responder : pair.Initiator;
            target.Start(pair.FromInitiator);
            var bytes = new byte[random.NextInt(300)];
            random.Fill(bytes);
            if (bytes.Length > 1)
            {
                (bytes[0], bytes[1]) = (0, (byte)random.NextInt(256));
            }

            var status = target.Read(bytes, pair.FromResponder, out var consumed);
            Assert.NotEqual(NoiseStatus.Done, status);
            Assert.InRange(consumed, 0, bytes.Length);
        }
    }

    private static ByteString Key(PrivateKey key) => ByteString.CopyFrom(key.PublicKey.ToProtobuf());

    private static byte[] Frame(ReadOnlySpan<byte> message)
    {
        var frame = new byte[2 + message.Length];
        BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)message.Length);
        message.CopyTo(frame.AsSpan(2));
        return frame;
    }

    private static NoiseFailure AnswerWith(ReadOnlySpan<byte> message)
    {
        using var pair = new NoisePair();
        pair.Initiator.Start(pair.FromInitiator);
        NoisePair.Feed(pair.Initiator, Frame(message), pair.FromResponder);
        Assert.Null(pair.Initiator.Session);
        return pair.Initiator.Failure;
    }

    private static void AssertPayload(NoiseFailure expected, Func<PrivateKey, byte[], byte[]> payload) =>
        Assert.Equal(expected, PlayResponder(payload));

    /// <summary>Answers an initiator with a well-sealed message around any payload.</summary>
    private static NoiseFailure PlayResponder(Func<PrivateKey, byte[], byte[]> payload, string[]? muxers = null)
    {
        using var pair = new NoisePair(initiatorMuxers: muxers);
        using var state = new NoiseXxState(false, new SeededRandom(8), []);
        pair.Initiator.Start(pair.FromInitiator);
        var buffer = new byte[NoiseHandshake.MaxMessageLength];
        Assert.Equal(NoiseReadFailure.None, state.TryRead(NoisePair.Take(pair.FromInitiator).AsSpan(2), buffer, out _));
        Assert.True(state.TryWrite(payload(pair.ResponderKey, state.StaticPublicKey.ToArray()), buffer, out var written));
        NoisePair.Feed(pair.Initiator, Frame(buffer.AsSpan(0, written)), pair.FromInitiator);
        return pair.Initiator.Failure;
    }
}
