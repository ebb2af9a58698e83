using NatActors.Fuzz.Engine;
using NatActors.Protocols.AutoNat;

namespace NatActors.Fuzz.Entries.Protocols.AutoNat;

/// <summary>The messages of dial-backs, of partners and of second ports: the same bytes are read as each of them.</summary>
public sealed class SmallMessagesEntry : FuzzEntry
{
    /// <inheritdoc />
    public override string Name => "protocols.autonat.small";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.Protobuf;

    // Six readers, each with a constant of its own.
    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 256, AllocatedConstant: 16 * 1024, StepsPerByte: 1024, StepsConstant: 16 * 1024);

    /// <inheritdoc />
    public override int Cost => 5;

    /// <inheritdoc />
    public override int MaxLength => 1100;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        DialBackCodec.Encode(9),
        DialBackCodec.EncodeReceipt(),
        DialBackPartnerCodec.Encode(new DialBackAsk(Samples.Peers[1], Samples.Addresses[0], 5, DialBackBasis.DataPaid)),
        DialBackPartnerCodec.Encode(DialBackPartnerStatus.Ok),
        SecondPortCodec.Encode(3UL),
        SecondPortCodec.Encode(new SecondPortReply(SecondPortStatus.Open, 5000)),
        SecondPortCodec.Encode(new SecondPortReply(SecondPortStatus.Seen, 0, Samples.Addresses[0])),
    ];

    /// <inheritdoc />
    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var digest = default(FuzzDigest);
        var good = DialBack(input, ref digest) | Partner(input, ref digest) | SecondPort(input, ref digest);
        return new FuzzOutcome(good, digest.Value);
    }

    private static bool DialBack(ReadOnlySpan<byte> input, ref FuzzDigest digest)
    {
        var nonce = DialBackCodec.Decode(input);
        digest.Add(nonce.Nonce);
        digest.Add((int)nonce.Fault);
        digest.Add((int)DialBackCodec.DecodeReceipt(input));
        if (nonce.Fault != AutoNatMessageFault.None)
        {
            Require.That(nonce.Nonce == 0, "a refused message has a nonce");
            return false;
        }

        Require.That(DialBackCodec.Decode(DialBackCodec.Encode(nonce.Nonce)) == nonce, "a nonce is written otherwise than it was read");
        return true;
    }

    private static bool Partner(ReadOnlySpan<byte> input, ref FuzzDigest digest)
    {
        var ask = DialBackPartnerCodec.DecodeAsk(input);
        Require.That(ask.Ask is null == (ask.Fault != AutoNatMessageFault.None), "an ask and a fault at once, or neither");
        Require.That(
            ask.Ask is null || DialBackPartnerCodec.DecodeAsk(DialBackPartnerCodec.Encode(ask.Ask)) == ask,
            "an ask is written otherwise than it was read");
        var reply = DialBackPartnerCodec.DecodeReply(input);
        var outcome = DialBackPartnerRules.OutcomeOf(reply);
        Require.That(reply.Fault == AutoNatMessageFault.None || outcome == DialBackOutcome.NotTried, "an unreadable reply is evidence");
        digest.Add((int)ask.Fault);
        digest.Add((int)outcome);
        return ask.Ask is not null;
    }

    private static bool SecondPort(ReadOnlySpan<byte> input, ref FuzzDigest digest)
    {
        var ask = SecondPortCodec.DecodeAsk(input);
        Require.That((ask.Nonce == 0) == (ask.Fault != SecondPortFault.None), "a nonce and a fault at once, or neither");
        var reply = SecondPortCodec.DecodeReply(input);
        Require.That(reply.Reply is null == (reply.Fault != SecondPortFault.None), "a reply and a fault at once, or neither");
        if (reply.Reply is { } said)
        {
            Require.That(said.Port is 0 or >= SecondPortProtocol.LowestPort, "a client is aimed at a well-known port");
            Require.That(
                (said.Status == SecondPortStatus.Seen) == (said.Seen is not null),
                "a sighting without an address, or an address without one");
            Require.That(
                SecondPortCodec.DecodeReply(SecondPortCodec.Encode(said)) == reply,
                "a reply is written otherwise than it was read");
        }

        digest.Add((int)ask.Fault);
        digest.Add((int)reply.Fault);
        return reply.Reply is not null;
    }
}
