using NatActors.Fuzz.Engine;
using NatActors.Protocols.AutoNat;

namespace NatActors.Fuzz.Entries.Protocols.AutoNat;

/// <summary>Messages of AutoNAT version 2.</summary>
public sealed class AutoNatV2MessageEntry : FuzzEntry
{
    /// <inheritdoc />
    public override string Name => "protocols.autonat.v2";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.Protobuf;

    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 512, AllocatedConstant: 8 * 1024, StepsPerByte: 256, StepsConstant: 8 * 1024);

    /// <inheritdoc />
    public override int Cost => 5;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        AutoNatV2Codec.Encode(new AutoNatV2Message.DialRequest([.. Samples.Addresses.Take(12)], 77)),
        AutoNatV2Codec.Encode(new AutoNatV2Message.DialDataRequest(1, 40_000)),
        AutoNatV2Codec.Encode(new AutoNatV2Message.DialDataResponse(new byte[150])),
        AutoNatV2Codec.Encode(new AutoNatV2Message.DialResponse(AutoNatV2Status.Ok, 0, AutoNatV2DialStatus.Ok)),
    ];

    /// <inheritdoc />
    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var decoded = AutoNatV2Codec.Decode(input);
        Require.That(decoded.Message is null == (decoded.Fault != AutoNatMessageFault.None), "a message and a fault at once, or neither");
        if (decoded.Message is not { } message)
        {
            return FuzzOutcome.Refused(decoded.Fault);
        }

        var digest = default(FuzzDigest);
        switch (message)
        {
            case AutoNatV2Message.DialRequest request:
                Require.That(request.Addresses.Count <= AutoNatV2Codec.MaxAddresses, "too many addresses are kept");
                digest.Add(request.Nonce);
                digest.Add(request.Addresses.Count(a => a is not null));
                if (request.Addresses.All(a => a is not null))
                {
                    var again = AutoNatV2Codec.Decode(AutoNatV2Codec.Encode(message)).Message as AutoNatV2Message.DialRequest;
                    Require.That(
                        again?.Nonce == request.Nonce && again.Addresses.SequenceEqual(request.Addresses),
                        "a request is written otherwise than it was read");
                }

                break;
            case AutoNatV2Message.DialDataResponse data:
                Require.That(data.Data.Length <= AutoNatV2Codec.MaxDataSize, "too long a piece of data is kept");
                var counted = new AutoNatServerData(200);
                Require.That(counted.OnMessage(decoded) != DialDataOutcome.Owed || counted.Owed is > 0 and < 200, "data is miscounted");
                digest.Add(data.Data.Length);
                break;
            default:
                Require.That(
                    AutoNatV2Codec.Decode(AutoNatV2Codec.Encode(message)).Message == message,
                    "a message is written otherwise than it was read");
                break;
        }

        return FuzzOutcome.Taken(digest);
    }
}
