using System.Buffers;
using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.Identify;

namespace NatActors.Fuzz.Entries.Protocols.Identify;

/// <summary>An identify answer or push: several messages, merged; what was taken is written and read again.</summary>
public sealed class IdentifyDecoderEntry : ChunkedEntry
{
    /// <inheritdoc />
    public override string Name => "protocols.identify.decoder";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.LengthPrefixed;

    // The least of an address in a message are four bytes, which become an object with its parts and their text.
    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 384, AllocatedConstant: 24 * 1024, StepsPerByte: 512, StepsConstant: 16 * 1024);

    /// <inheritdoc />
    public override int Cost => 100;

    /// <inheritdoc />
    public override int MaxLength => 12 * 1024;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds()
    {
        yield return Written(new IdentifySelf(
            Samples.Key.PublicKey.ToProtobuf(), "natactors/0.1", Samples.Addresses, ["/ipfs/ping/1.0.0", "/ipfs/id/1.0.0"],
                Samples.Addresses[0], default));
        yield return Written(new IdentifySelf(
            Samples.Key.PublicKey.ToProtobuf(), "go-libp2p/0.36", [.. Samples.Addresses.Take(4)],
            [.. Enumerable.Range(0, 400).Select(i => $"/some/protocol/{i}")], null, new byte[300]));
    }

    /// <inheritdoc />
    protected override IChunkReader Begin() => new Reader();

    private static byte[] Written(IdentifySelf self)
    {
        var output = new ArrayBufferWriter<byte>();
        IdentifyEncoder.Write(self, output);
        return output.WrittenSpan.ToArray();
    }

    private sealed class Reader : IChunkReader
    {
        private readonly IdentifyDecoder _decoder = new();

        public void Take(ReadOnlySpan<byte> chunk)
        {
            var wasRefused = _decoder.Failure != IdentifyFailure.None;
            var good = _decoder.OnBytes(chunk);
            Require.That(good == (_decoder.Failure == IdentifyFailure.None) && !(good && wasRefused), "a refused answer is taken later");
            Require.That(_decoder.MessageCount <= IdentifyProtocol.MaxMessages, "more messages are merged than allowed");
        }

        public FuzzOutcome End()
        {
            if (_decoder.OnEnd() is not { } update)
            {
                return FuzzOutcome.Refused(_decoder.Failure);
            }

            Hold(update);
            var digest = default(FuzzDigest);
            digest.Add(_decoder.MessageCount);
            digest.Add(update.AgentVersion);
            digest.Add(update.ProtocolVersion);
            digest.Add(update.ListenAddresses?.Count ?? -1);
            digest.Add(update.Protocols?.Count ?? -1);
            digest.Add(update.PublicKey is { } key ? key.Span : default);
            digest.Add(update.SignedPeerRecord is { } record ? record.Span : default);
            digest.Add(update.ObservedAddress is { } observed ? observed.Bytes.Span : default);
            return FuzzOutcome.Taken(digest);
        }

        private static void Hold(IdentifyUpdate update)
        {
            Require.That(update.ListenAddresses is not { Count: > IdentifyProtocol.MaxAddresses }, "too many addresses are kept");
            Require.That(update.Protocols is not { Count: > IdentifyProtocol.MaxProtocols }, "too many protocols are kept");
            foreach (var text in (string?[])[update.AgentVersion, update.ProtocolVersion])
            {
                Require.That(text is not { Length: > IdentifyProtocol.MaxVersionLength }, "a version is too long");
                Require.That(text is null || Samples.IsPrintable(text), "a version has control characters");
            }

            foreach (var protocol in update.Protocols ?? [])
            {
                Require.That(protocol.Length is > 0 and <= IdentifyProtocol.MaxProtocolLength, "a protocol's name is too long, or empty");
                Require.That(Samples.IsPrintable(protocol), "a protocol's name has control characters");
            }

            foreach (var address in update.ListenAddresses ?? [])
            {
                Require.That(address.Bytes.Length <= Multiaddr.MaxForeignLength, "an address is too long");
            }

            Require.That(update.PublicKey is not { Length: > IdentifyProtocol.MaxTotalLength }, "a key is too long");
        }
    }
}
