using System.Buffers;
using System.Buffers.Binary;
using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Wire.Security;

namespace NatActors.Fuzz.Entries.Wire;

/// <summary>
/// The Noise handshake in one role, fed with bytes. The keys are fixed, so what an honest peer says in answer can be replayed.
/// </summary>
public abstract class NoiseHandshakeEntry(bool initiator) : ChunkedEntry
{
    private const ulong OurSeed = 11;
    private const ulong TheirSeed = 12;

    public sealed override string Name => "wire.noise.handshake." + (initiator ? "initiator" : "responder");

    public sealed override InputShape Shape => InputShape.Bytes;

    public sealed override FuzzBounds Bounds =>
        new(AllocatedPerByte: 64, AllocatedConstant: 48 * 1024, StepsPerByte: 64, StepsConstant: 12 * 1024);

    public sealed override int Cost => 1000;

    public sealed override int MaxLength => 5000;

    public sealed override IEnumerable<byte[]> Seeds()
    {
        foreach (var theirKey in FuzzKeys.Private)
        {
            using var we = Start(initiator, FuzzKeys.Ed25519, OurSeed);
            using var they = Start(!initiator, theirKey, TheirSeed);
            var (mine, theirs, all) = (new ArrayBufferWriter<byte>(), new ArrayBufferWriter<byte>(), new List<byte>());
            we.Start(mine);
            they.Start(theirs);
            for (var turn = 0; turn < 3; turn++)
            {
                all.AddRange(theirs.WrittenSpan);
                we.Read(theirs.WrittenSpan, mine, out _);
                theirs.Clear();
                they.Read(mine.WrittenSpan, theirs, out _);
                mine.Clear();
            }

            yield return [.. all];
        }

        // Both sides take themselves for the dialer; a key of small order; an empty message.
        yield return [0, 32, .. Enumerable.Repeat((byte)5, 32)];
        yield return [0, 96, .. new byte[96]];
        yield return [0, 0];
    }

    protected sealed override IChunkReader Begin() => new Reader(Ours(initiator));

    /// <summary>Our side, with the keys that recordings are made with: what a peer answered to it once, it answers again.</summary>
    public static NoiseHandshake Ours(bool initiator) => Start(initiator, FuzzKeys.Ed25519, OurSeed);

    private static NoiseHandshake Start(bool initiator, PrivateKey identity, ulong seed) =>
        new(initiator, identity, new FuzzRandomSource(seed), null, ["/yamux/1.0.0", "/mplex/6.7.0"]);

    private sealed class Reader : IChunkReader
    {
        private readonly NoiseHandshake _handshake;
        private readonly ArrayBufferWriter<byte> _output = new(512);
        private FuzzDigest _digest;

        public Reader(NoiseHandshake handshake)
        {
            _handshake = handshake;
            handshake.Start(_output);
        }

        public void Take(ReadOnlySpan<byte> chunk)
        {
            var status = _handshake.Read(chunk, _output, out var consumed);
            Require.That(status != NoiseStatus.NeedMoreData || consumed == chunk.Length, "more is needed and some is left");
            _digest.AddStream(status == NoiseStatus.Done ? chunk[consumed..] : []);
        }

        public FuzzOutcome End()
        {
            var status = _handshake.OnEndOfStream();
            Require.That(status != NoiseStatus.NeedMoreData && (_handshake.Session is null) == (status == NoiseStatus.Failed),
                "neither done nor failed in the end");
            Require.That(status == NoiseStatus.Done || _handshake.FailureDetail is { Length: > 0 }, "a failure without words");
            _digest.Add((int)_handshake.Failure);
            _digest.Add(_output.WrittenSpan);
            _digest.Add(_handshake.Session?.RemotePeer.ToString());
            _handshake.Session?.Dispose();
            _handshake.Dispose();
            return new FuzzOutcome(status == NoiseStatus.Done, _digest.Value);
        }
    }
}

/// <summary>The side that speaks first.</summary>
public sealed class NoiseInitiatorEntry() : NoiseHandshakeEntry(initiator: true);

/// <summary>The side that answers.</summary>
public sealed class NoiseResponderEntry() : NoiseHandshakeEntry(initiator: false);

/// <summary>
/// Handshake payloads behind valid cryptography: the input is what the other side puts into its message before it is sealed. An identity
/// that signs the static key is among the seeds, so that mutations get behind the signature.
/// </summary>
public abstract class NoisePayloadEntry(bool initiator) : FuzzEntry
{
    private const ulong OurSeed = 21;
    private const ulong TheirSeed = 22;

    public sealed override string Name => "wire.noise.payload." + (initiator ? "initiator" : "responder");

    public sealed override InputShape Shape => InputShape.Protobuf;

    public sealed override FuzzBounds Bounds =>
        new(AllocatedPerByte: 96, AllocatedConstant: 64 * 1024, StepsPerByte: 48, StepsConstant: 16 * 1024);

    public sealed override int Cost => 1800;

    public sealed override int MaxLength => 4000;

    public sealed override IReadOnlyList<byte[]> Words { get; } =
        [.. new[] { "/yamux/1.0.0", "/mplex/6.7.0", "/yamux/2.0.0" }.Select(FuzzKeys.Text)];

    public sealed override IEnumerable<byte[]> Seeds()
    {
        using var they = new NoiseXxState(!initiator, new FuzzRandomSource(TheirSeed), []);
        foreach (var key in FuzzKeys.Private)
        {
            yield return NoisePayload.Encode(key, they.StaticPublicKey, ["/yamux/1.0.0"]);
        }

        yield return NoisePayload.Encode(FuzzKeys.Ed25519, they.StaticPublicKey, []);
        yield return NoisePayload.Encode(FuzzKeys.Ed25519, they.StaticPublicKey, [.. Enumerable.Range(0, 60).Select(i => "/m" + i)]);
        yield return [];
    }

    public sealed override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        using var we = new NoiseHandshake(initiator, FuzzKeys.Ed25519, new FuzzRandomSource(OurSeed), FuzzKeys.Peers[0], ["/yamux/1.0.0"]);
        using var they = new NoiseXxState(!initiator, new FuzzRandomSource(TheirSeed), []);
        var output = new ArrayBufferWriter<byte>(512);
        we.Start(output);
        Span<byte> read = new byte[4096];
        if (!initiator)
        {
            Send(we, they, [], output);
        }

        Require.That(they.TryRead(output.WrittenSpan[NoiseCipher.HeaderLength..], read, out _) == NoiseReadFailure.None,
            "an honest peer cannot read our message");
        output.Clear();
        Send(we, they, input, output);
        Require.That(we.Status != NoiseStatus.NeedMoreData, "the last message leaves the handshake undecided");
        Require.That(we.Session is null || we.Session.RemotePeer == FuzzKeys.Peers[0], "somebody else than the expected peer is let in");
        var digest = default(FuzzDigest);
        digest.Add((int)we.Failure);
        digest.Add(we.Session?.EarlyMuxer);
        we.Session?.Dispose();
        return new FuzzOutcome(we.Status == NoiseStatus.Done, digest.Value);
    }

    private static void Send(NoiseHandshake we, NoiseXxState they, ReadOnlySpan<byte> payload, ArrayBufferWriter<byte> output)
    {
        Span<byte> message = new byte[payload.Length + 256];
        Require.That(they.TryWrite(payload, message[NoiseCipher.HeaderLength..], out var written),
            "an honest peer cannot write its message");
        BinaryPrimitives.WriteUInt16BigEndian(message, (ushort)written);
        we.Read(message[..(NoiseCipher.HeaderLength + written)], output, out var consumed);
        Require.That(consumed == NoiseCipher.HeaderLength + written || we.Status == NoiseStatus.Failed,
            "a whole message is not taken whole");
    }
}

/// <summary>What an initiator makes of a responder's payload.</summary>
public sealed class NoisePayloadToInitiatorEntry() : NoisePayloadEntry(initiator: true);

/// <summary>What a responder makes of an initiator's payload.</summary>
public sealed class NoisePayloadToResponderEntry() : NoisePayloadEntry(initiator: false);
