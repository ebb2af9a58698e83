using Google.Protobuf;
using NatActors.Multiformats;
using NatActors.Multiformats.Tests.Shared;
using NatActors.Protocols.Records;
using NatActors.Protocols.Records.Proto;

namespace NatActors.Protocols.Tests.Records;

public sealed class EnvelopeTests : IDisposable
{
    private static readonly RecordKind Kind = new("natactors-test", "/test"u8);

    private readonly PrivateKey _key = PrivateKey.GenerateEd25519(new SeededRandom(1));

    [Fact]
    public void Opens_what_was_sealed()
    {
        var bytes = Envelope.Seal(_key, Kind, "payload"u8);
        Assert.True(Envelope.TryOpen(bytes, Kind, out var envelope, out var failure));
        Assert.Equal(DecodeFailure.None, failure);
        Assert.Equal(_key.PublicKey, envelope.Key);
        Assert.Equal(_key.PeerId, envelope.Signer);
        Assert.Equal("payload"u8, envelope.Payload.Span);
    }

    [Fact]
    public void Opens_from_a_slice_of_a_larger_buffer_and_keeps_nothing_of_it()
    {
        var bytes = Envelope.Seal(_key, Kind, "payload"u8);
        byte[] larger = [0xff, .. bytes, 0xff];
        Assert.True(Envelope.TryOpen(larger.AsSpan(1, bytes.Length), Kind, out var envelope, out _));
        larger.AsSpan().Clear();
        Assert.Equal("payload"u8, envelope.Payload.Span);
    }

    /// <summary>libp2p/specs RFC 0002: a signature for one domain or payload type is none for another.</summary>
    [Fact]
    public void Is_bound_to_its_domain_and_type()
    {
        var bytes = Envelope.Seal(_key, Kind, "payload"u8);
        Assert.False(Envelope.TryOpen(bytes, new RecordKind("natactors-other", "/test"u8), out _, out var failure));
        Assert.Equal(DecodeFailure.BadSignature, failure);
        Assert.False(Envelope.TryOpen(bytes, new RecordKind("natactors-test", "/other"u8), out _, out failure));
        Assert.Equal(DecodeFailure.Mismatch, failure);
    }

    [Fact]
    public void Is_refused_at_every_split()
    {
        var bytes = Envelope.Seal(_key, Kind, "payload"u8);
        for (var split = 0; split < bytes.Length; split++)
        {
            Assert.False(Envelope.TryOpen(bytes.AsSpan(0, split), Kind, out var envelope, out var failure));
            Assert.Null(envelope);
            Assert.Contains(failure, new[] { DecodeFailure.Truncated, DecodeFailure.MissingField });
        }
    }

    [Fact]
    public void Is_refused_with_any_bit_flipped()
    {
        var bytes = Envelope.Seal(_key, Kind, "payload"u8);
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Envelope.TryOpen(bytes, Kind, out _, out var failure));
            Assert.NotEqual(DecodeFailure.None, failure);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Is_refused_by_its_length_alone_when_oversized()
    {
        Assert.False(Envelope.TryOpen(new byte[Envelope.MaxLength + 1], Kind, out _, out var failure));
        Assert.Equal(DecodeFailure.TooLarge, failure);
    }

    [Theory]
    [InlineData(DecodeFailure.MissingField, true, false, false)]
    [InlineData(DecodeFailure.MissingField, false, true, false)]
    [InlineData(DecodeFailure.MissingField, false, false, true)]
    public void Is_refused_when_a_field_is_absent(DecodeFailure reason, bool withoutKey, bool withoutPayload, bool withoutSignature)
    {
        var message = EnvelopeMessage.Parser.ParseFrom(Envelope.Seal(_key, Kind, "payload"u8));
        if (withoutKey)
        {
            message.ClearPublicKey();
        }

        if (withoutPayload)
        {
            message.ClearPayload();
        }

        if (withoutSignature)
        {
            message.ClearSignature();
        }

        Assert.False(Envelope.TryOpen(message.ToByteArray(), Kind, out _, out var failure));
        Assert.Equal(reason, failure);
    }

    [Fact]
    public void A_key_that_is_none_is_refused_with_the_keys_own_reason()
    {
        var message = EnvelopeMessage.Parser.ParseFrom(Envelope.Seal(_key, Kind, "payload"u8));
        message.PublicKey = ByteString.CopyFrom(0x08, 0x07, 0x12, 0x00);
        Assert.False(Envelope.TryOpen(message.ToByteArray(), Kind, out _, out var failure));
        Assert.Equal(DecodeFailure.Unsupported, failure);
    }

    [Fact]
    public void Random_bytes_never_throw()
    {
        var random = new SeededRandom(5);
        var good = Envelope.Seal(_key, Kind, "payload"u8);
        for (var round = 0; round < 5000; round++)
        {
            byte[] bytes = round % 2 == 0 ? [.. good] : new byte[random.NextInt(200)];
            if (round % 2 != 0)
            {
                random.Fill(bytes);
            }

            for (var i = 0; i < 3 && bytes.Length > 0; i++)
            {
                bytes[random.NextInt(bytes.Length)] = (byte)random.NextInt(256);
            }

            Assert.Equal(Envelope.TryOpen(bytes, Kind, out _, out var failure), failure == DecodeFailure.None);
        }
    }

    public void Dispose() => _key.Dispose();
}
