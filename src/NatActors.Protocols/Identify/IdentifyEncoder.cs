using System.Buffers;
using Google.Protobuf;
using NatActors.Multiformats;
using NatActors.Protocols.Identify.Proto;

namespace NatActors.Protocols.Identify;

/// <summary>What this node says about itself.</summary>
/// <param name="PublicKey">Its identity key, serialised.</param>
/// <param name="AgentVersion">The program.</param>
/// <param name="ListenAddresses">Where it listens, the most important first, already filtered for the receiver.</param>
/// <param name="Protocols">What it speaks.</param>
/// <param name="ObservedAddress">Where it sees the receiver; null over a relay, where there is nothing to see.</param>
/// <param name="SignedPeerRecord">The same addresses in a signed record, serialised envelope; empty for none.</param>
public sealed record IdentifySelf(
    ReadOnlyMemory<byte> PublicKey,
    string AgentVersion,
    IReadOnlyList<Multiaddr> ListenAddresses,
    IReadOnlyList<string> Protocols,
    Multiaddr? ObservedAddress,
    ReadOnlyMemory<byte> SignedPeerRecord);

/// <summary>
/// Writes what this node says. No message is over 4 KiB, for rust-libp2p reads no more: usually one message has all; what does not fit goes
/// into further ones, first the signed record (as go-libp2p does), then the protocols.
/// </summary>
public static class IdentifyEncoder
{
    /// <summary>
    /// The addresses that are told: the first ones, up to <see cref="IdentifyProtocol.MaxSentAddressBytes"/>. Seal the signed record over
    /// these.
    /// </summary>
    public static IReadOnlyList<Multiaddr> Fit(IEnumerable<Multiaddr> addresses)
    {
        var fitting = new List<Multiaddr>();
        var size = 0;
        foreach (var address in addresses.Distinct())
        {
            size += FieldSize(address.Bytes.Length);
            if (size > IdentifyProtocol.MaxSentAddressBytes)
            {
                break;
            }

            fitting.Add(address);
        }

        return fitting;
    }

    /// <summary>Writes the messages, each behind its length.</summary>
    public static void Write(IdentifySelf self, IBufferWriter<byte> output)
    {
        foreach (var message in Messages(self))
        {
            var length = message.CalculateSize();
            var prefix = output.GetSpan(Varint.MaxLength);
            output.Advance(Varint.Write(prefix, (ulong)length));
            message.WriteTo(output);
        }
    }

    private static List<IdentifyMessage> Messages(IdentifySelf self)
    {
        var first = new IdentifyMessage
        {
            PublicKey = ByteString.CopyFrom(self.PublicKey.Span),
            ProtocolVersion = IdentifyProtocol.ProtocolVersion,
            AgentVersion = self.AgentVersion,
        };
        if (self.ObservedAddress is { } observed)
        {
            first.ObservedAddr = ByteString.CopyFrom(observed.Bytes.Span);
        }

        foreach (var address in Fit(self.ListenAddresses))
        {
            first.ListenAddrs.Add(ByteString.CopyFrom(address.Bytes.Span));
        }

        List<IdentifyMessage> messages = [first];
        if (!self.SignedPeerRecord.IsEmpty)
        {
            var room = FieldSize(self.SignedPeerRecord.Length) + self.Protocols.Sum(p => FieldSize(p.Length));
            Target(messages, room).SignedPeerRecord = ByteString.CopyFrom(self.SignedPeerRecord.Span);
        }

        foreach (var protocol in self.Protocols)
        {
            var fits = messages.Find(m => Fits(m, FieldSize(System.Text.Encoding.UTF8.GetByteCount(protocol))));
            if (fits is null)
            {
                messages.Add(fits = new IdentifyMessage());
            }

            fits.Protocols.Add(protocol);
        }

        return messages;
    }

    // The record goes with the rest when all fits in one message, else into a second.
    private static IdentifyMessage Target(List<IdentifyMessage> messages, int room)
    {
        if (!Fits(messages[0], room))
        {
            messages.Add(new IdentifyMessage());
        }

        return messages[^1];
    }

    private static bool Fits(IdentifyMessage message, int size) =>
        message.CalculateSize() + size <= IdentifyProtocol.MaxSentMessageLength;

    // One byte of tag, the length, the value.
    private static int FieldSize(int length) => 1 + Varint.Length((ulong)length) + length;
}
