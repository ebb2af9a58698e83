using System.Buffers.Binary;
using System.Net;
using NatActors.Protocols.Addresses;

namespace NatActors.Protocols.PortMapping;

/// <summary>What a NAT-PMP router answered (RFC 6886 section 3.5). Numbers that are not listed there are kept as they are.</summary>
public enum NatPmpResult
{
    /// <summary>Done.</summary>
    Success = 0,

    /// <summary>It speaks another version.</summary>
    UnsupportedVersion = 1,

    /// <summary>It speaks the protocol, but its owner has switched it off, or a rule forbids this.</summary>
    NotAuthorized = 2,

    /// <summary>It has no address itself.</summary>
    NetworkFailure = 3,

    /// <summary>It can hold no more mappings.</summary>
    OutOfResources = 4,

    /// <summary>It does not know the operation.</summary>
    UnsupportedOpcode = 5,
}

/// <summary>An answer of a NAT-PMP router.</summary>
/// <param name="Result">What came of the request.</param>
/// <param name="Epoch">Seconds since the router's table was new.</param>
public abstract record NatPmpAnswer(NatPmpResult Result, uint Epoch)
{
    /// <summary>To a request for the external address, or told unasked.</summary>
    /// <param name="Result">What came of it.</param>
    /// <param name="Epoch">The epoch.</param>
    /// <param name="External">The address; null unless the result is a success.</param>
    public sealed record ExternalAddress(NatPmpResult Result, uint Epoch, IPAddress? External) : NatPmpAnswer(Result, Epoch);

    /// <summary>To a request for a mapping.</summary>
    /// <param name="Result">What came of it.</param>
    /// <param name="Epoch">The epoch.</param>
    /// <param name="Protocol">The transport protocol.</param>
    /// <param name="InternalPort">The internal port.</param>
    /// <param name="ExternalPort">The external port, 0 after a removal.</param>
    /// <param name="Lease">The lease.</param>
    public sealed record Mapping(NatPmpResult Result, uint Epoch, IpProtocol Protocol, int InternalPort, int ExternalPort, TimeSpan Lease)
        : NatPmpAnswer(Result, Epoch);

    /// <summary>To a version or an operation that the router does not know.</summary>
    /// <param name="Result">Why.</param>
    public sealed record Unsupported(NatPmpResult Result) : NatPmpAnswer(Result, 0);
}

/// <summary>The datagrams of NAT-PMP (RFC 6886 sections 3.2 and 3.3).</summary>
public static class NatPmpCodec
{
    /// <summary>Where routers listen, for PCP too (RFC 6886 section 3.1, RFC 6887 section 19.1).</summary>
    public const int ServerPort = 5351;

    /// <summary>Where hosts listen for what routers tell everybody.</summary>
    public const int ClientPort = 5350;

    /// <summary>The longest answer.</summary>
    public const int MaxAnswer = 16;

    internal const byte Version = 0;
    private const byte AnswerBit = 128;
    private const byte OpAddress = 0;
    private const byte OpUdp = 1;
    private const byte OpTcp = 2;

    /// <summary>Asks for the external address.</summary>
    public static byte[] AskAddress() => [Version, OpAddress];

    /// <summary>Asks for a mapping, its renewal, or (no lease) its removal.</summary>
    /// <param name="protocol">The transport protocol.</param>
    /// <param name="internalPort">The internal port.</param>
    /// <param name="externalPort">The external port wished for; ignored for a removal, which has to name none (section 3.4).</param>
    /// <param name="lease">The lease; zero removes.</param>
    public static byte[] AskMapping(IpProtocol protocol, int internalPort, int externalPort, TimeSpan lease)
    {
        var request = new byte[12];
        request[1] = protocol == IpProtocol.Tcp ? OpTcp : OpUdp;
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(4), (ushort)internalPort);
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(6), lease == TimeSpan.Zero ? (ushort)0 : (ushort)externalPort);
        BinaryPrimitives.WriteUInt32BigEndian(request.AsSpan(8), (uint)lease.TotalSeconds);
        return request;
    }

    /// <summary>Reads an answer; null for anything that is none.</summary>
    public static NatPmpAnswer? Parse(ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length < 4 || datagram[1] < AnswerBit)
        {
            return null;
        }

        // A server of PCP alone says in its own version that it does not know this one (RFC 6887 section 9).
        if (datagram[0] != Version)
        {
            return new NatPmpAnswer.Unsupported(NatPmpResult.UnsupportedVersion);
        }

        var result = (NatPmpResult)BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]);
        if (result is NatPmpResult.UnsupportedVersion or NatPmpResult.UnsupportedOpcode)
        {
            return new NatPmpAnswer.Unsupported(result);
        }

        return (datagram[1] - AnswerBit) switch
        {
            OpAddress when datagram.Length >= 12 => new NatPmpAnswer.ExternalAddress(
                result, Epoch(datagram), result == NatPmpResult.Success ? new IPAddress(datagram.Slice(8, 4)) : null),

            // A refused request for the address may come without one.
            OpAddress when datagram.Length >= 8 && result != NatPmpResult.Success =>
                new NatPmpAnswer.ExternalAddress(result, Epoch(datagram), null),
            OpUdp or OpTcp when datagram.Length >= 16 => new NatPmpAnswer.Mapping(
                result,
                Epoch(datagram),
                datagram[1] - AnswerBit == OpTcp ? IpProtocol.Tcp : IpProtocol.Udp,
                BinaryPrimitives.ReadUInt16BigEndian(datagram[8..]),
                BinaryPrimitives.ReadUInt16BigEndian(datagram[10..]),
                TimeSpan.FromSeconds(BinaryPrimitives.ReadUInt32BigEndian(datagram[12..]))),
            _ => null,
        };
    }

    /// <summary>A result in words for a person.</summary>
    public static string Describe(NatPmpResult result) => result switch
    {
        NatPmpResult.Success => "done",
        NatPmpResult.UnsupportedVersion => "it does not speak NAT-PMP",
        NatPmpResult.NotAuthorized => "its owner or a rule forbids it (not authorized)",
        NatPmpResult.NetworkFailure => GatewayText.NoExternal + " (network failure)",
        NatPmpResult.OutOfResources => "it can hold no more mappings (out of resources)",
        NatPmpResult.UnsupportedOpcode => "it does not know the operation",
        _ => $"result {(int)result}",
    };

    private static uint Epoch(ReadOnlySpan<byte> datagram) => BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]);
}
