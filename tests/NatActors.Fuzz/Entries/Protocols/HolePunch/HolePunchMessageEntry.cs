using NatActors.Fuzz.Engine;
using NatActors.Protocols.HolePunch;

namespace NatActors.Fuzz.Entries.Protocols.HolePunch;

/// <summary>DCUtR messages.</summary>
public sealed class HolePunchMessageEntry : FuzzEntry
{
    /// <inheritdoc />
    public override string Name => "protocols.holepunch.message";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.Protobuf;

    // The least of an address are two bytes in a message, and its parts and their text in memory.
    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 256, AllocatedConstant: 8 * 1024, StepsPerByte: 256, StepsConstant: 8 * 1024);

    /// <inheritdoc />
    public override int Cost => 5;

    /// <inheritdoc />
    public override int MaxLength => HolePunchCodec.MaxMessageSize + 16;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        HolePunchCodec.Encode(new HolePunchMessage.Connect([.. Samples.Addresses.Take(20)])),
        HolePunchCodec.Encode(new HolePunchMessage.Connect([])),
        HolePunchCodec.Encode(new HolePunchMessage.Sync()),
    ];

    /// <inheritdoc />
    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var decoded = HolePunchCodec.Decode(input);
        Require.That(decoded.Message is null == (decoded.Fault != HolePunchFault.None), "a message and a fault at once, or neither");
        if (decoded.Message is not { } message)
        {
            return FuzzOutcome.Refused(decoded.Fault);
        }

        var digest = default(FuzzDigest);
        if (message is HolePunchMessage.Connect connect)
        {
            Require.That(connect.ObservedAddresses.Count <= HolePunchCodec.MaxAddresses, "too many addresses are kept");
            var again = HolePunchCodec.Decode(HolePunchCodec.Encode(message)).Message as HolePunchMessage.Connect;
            Require.That(
                again?.ObservedAddresses.SequenceEqual(connect.ObservedAddresses) == true,
                "addresses are written otherwise than they were read");
            foreach (var address in connect.ObservedAddresses)
            {
                digest.Add(address.Bytes.Span);
            }
        }

        return FuzzOutcome.Taken(digest);
    }
}
