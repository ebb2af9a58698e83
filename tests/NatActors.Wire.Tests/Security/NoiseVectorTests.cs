using System.Buffers.Binary;
using NatActors.Multiformats.Tests.Shared;
using NatActors.Wire.Security;

namespace NatActors.Wire.Tests.Security;

/// <summary>The published vectors of Noise_XX_25519_ChaChaPoly_SHA256; Vectors/noise-xx.txt says where they come from.</summary>
public class NoiseVectorTests
{
    private static readonly VectorFile Vectors = new("noise-xx.txt");

    [Theory]
    [InlineData("cacophony")]
    [InlineData("snow")]
    public void Says_byte_for_byte_what_other_implementations_say(string set)
    {
        using var initiator = Side(set, "init", initiator: true);
        using var responder = Side(set, "resp", initiator: false);
        for (var i = 0; i < NoiseXxState.MessageCount; i++)
        {
            var (writer, reader) = i % 2 == 0 ? (initiator, responder) : (responder, initiator);
            Assert.True(writer.IsMyTurn);
            Assert.False(reader.IsMyTurn);
            var message = new byte[1000];
            Assert.True(writer.TryWrite(Vectors[$"{set}.payload{i}"], message, out var length));
            Assert.Equal(Hex(Vectors[$"{set}.ciphertext{i}"]), Hex(message.AsSpan(0, length)));
            var payload = new byte[length];
            Assert.Equal(NoiseReadFailure.None, reader.TryRead(message.AsSpan(0, length), payload, out var payloadLength));
            Assert.Equal(Hex(Vectors[$"{set}.payload{i}"]), Hex(payload.AsSpan(0, payloadLength)));
        }

        Assert.True(initiator.IsComplete && responder.IsComplete);
        Assert.Equal(Hex(initiator.HandshakeHash), Hex(responder.HandshakeHash));
        Assert.Equal(Hex(Vectors.Find(set + ".handshake_hash") ?? initiator.HandshakeHash), Hex(initiator.HandshakeHash));
        Assert.Equal(Hex(initiator.StaticPublicKey), Hex(responder.RemoteStaticPublicKey));
        Assert.Equal(Hex(responder.StaticPublicKey), Hex(initiator.RemoteStaticPublicKey));
        CheckTransport(set, initiator, responder);
    }

    private static void CheckTransport(string set, NoiseXxState initiator, NoiseXxState responder)
    {
        var first = initiator.Split();
        var second = responder.Split();
        var checkedMessages = 0;
        // In these vectors the responder speaks next, and the sides go on taking turns.
        for (var i = NoiseXxState.MessageCount; Vectors.Find($"{set}.payload{i}") is { } payload; i++)
        {
            var (sender, receiver) = i % 2 == 0 ? (first.Sender, second.Receiver) : (second.Sender, first.Receiver);
            var frame = new byte[NoiseCipher.FrameLength(payload.Length)];
            Assert.Equal(frame.Length, sender.Encrypt(payload, frame));
            Assert.Equal(Hex(Vectors[$"{set}.ciphertext{i}"]), Hex(frame.AsSpan(NoiseCipher.HeaderLength)));
            Assert.Equal(frame.Length - NoiseCipher.HeaderLength, BinaryPrimitives.ReadUInt16BigEndian(frame));
            var opened = new byte[payload.Length];
            Assert.True(receiver.TryDecrypt(frame.AsSpan(NoiseCipher.HeaderLength), opened, out var written));
            Assert.Equal(payload, opened[..written]);
            checkedMessages++;
        }

        Assert.True(checkedMessages >= 2);
    }

    private static NoiseXxState Side(string set, string side, bool initiator) => new(
        initiator,
        new FixedKeys(Vectors[$"{set}.{side}_static"], Vectors[$"{set}.{side}_ephemeral"]),
        Vectors[$"{set}.{side}_prologue"]);

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);
}
