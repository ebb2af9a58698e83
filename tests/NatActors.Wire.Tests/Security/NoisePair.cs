using System.Buffers;
using NatActors.Multiformats;
using NatActors.Multiformats.Tests.Shared;
using NatActors.Wire.Security;

namespace NatActors.Wire.Tests.Security;

/// <summary>Two ends of one handshake, and what each has to send.</summary>
internal sealed class NoisePair : IDisposable
{
    public NoisePair(
        PrivateKey? initiatorKey = null,
        PrivateKey? responderKey = null,
        string[]? initiatorMuxers = null,
        string[]? responderMuxers = null,
        Func<PrivateKey, PeerId?>? expected = null)
    {
        InitiatorKey = initiatorKey ?? PrivateKey.GenerateEd25519(new SeededRandom(1));
        ResponderKey = responderKey ?? PrivateKey.GenerateEd25519(new SeededRandom(2));
        var expectedPeer = expected is null ? ResponderKey.PeerId : expected(ResponderKey);
        Initiator = new NoiseHandshake(true, InitiatorKey, new SeededRandom(3), expectedPeer, initiatorMuxers ?? []);
        Responder = new NoiseHandshake(false, ResponderKey, new SeededRandom(4), null, responderMuxers ?? []);
    }

    public PrivateKey InitiatorKey { get; }

    public PrivateKey ResponderKey { get; }

    public NoiseHandshake Initiator { get; }

    public NoiseHandshake Responder { get; }

    public ArrayBufferWriter<byte> FromInitiator { get; } = new();

    public ArrayBufferWriter<byte> FromResponder { get; } = new();

    /// <summary>The three messages, each in its frame, of a handshake that works.</summary>
    public byte[][] Run()
    {
        Initiator.Start(FromInitiator);
        Responder.Start(FromResponder);
        var first = Take(FromInitiator);
        Feed(Responder, first, FromResponder);
        var second = Take(FromResponder);
        Feed(Initiator, second, FromInitiator);
        var third = Take(FromInitiator);
        Feed(Responder, third, FromResponder);
        return [first, second, third];
    }

    public static NoiseStatus Feed(NoiseHandshake handshake, ReadOnlySpan<byte> bytes, ArrayBufferWriter<byte> output)
    {
        var status = handshake.Read(bytes, output, out var consumed);
        Assert.True(consumed == bytes.Length || status != NoiseStatus.NeedMoreData);
        return status;
    }

    public static byte[] Take(ArrayBufferWriter<byte> writer)
    {
        var bytes = writer.WrittenSpan.ToArray();
        writer.ResetWrittenCount();
        return bytes;
    }

    public void Dispose()
    {
        Initiator.Session?.Dispose();
        Responder.Session?.Dispose();
        Initiator.Dispose();
        Responder.Dispose();
        InitiatorKey.Dispose();
        ResponderKey.Dispose();
    }
}
