using System.Buffers.Binary;
using System.Net;

namespace NatActors.Lab.Delay;

/// <summary>How long a packet crosses the core: the path's delay, and what either end adds to it.</summary>
/// <param name="path">One way, between any two cables of the core.</param>
internal sealed class DelayPlan(TimeSpan path)
{
    private const int SourceV4 = 12;
    private const int DestinationV4 = 16;
    private const int SourceV6 = 8;
    private const int DestinationV6 = 24;
    private const int ShortestPacket = 20;
    private const int ShortestPacketV6 = 40;

    // By the first 16 or 32 bits, which tell the cables of the core apart (AddressPlan).
    private readonly Dictionary<uint, TimeSpan> _extras = [];

    internal TimeSpan Path { get; } = path;

    /// <summary>True where no packet waits at all.</summary>
    internal bool IsZero => Path == TimeSpan.Zero && _extras.Count == 0;

    /// <summary>Adds a delay to everything that comes from, or goes to, the networks of a cable.</summary>
    internal void Add(IPAddress onCable, TimeSpan extra)
    {
        if (extra > TimeSpan.Zero)
        {
            _extras[Key(onCable.GetAddressBytes())] = extra;
        }
    }

    /// <summary>The delay of one IP packet.</summary>
    internal TimeSpan Of(ReadOnlySpan<byte> packet)
    {
        if (_extras.Count == 0 || packet.Length < ShortestPacket)
        {
            return Path;
        }

        var six = packet[0] >> 4 == 6;
        if (six && packet.Length < ShortestPacketV6)
        {
            return Path;
        }

        var source = six ? packet.Slice(SourceV6, 16) : packet.Slice(SourceV4, 4);
        var destination = six ? packet.Slice(DestinationV6, 16) : packet.Slice(DestinationV4, 4);
        return Path + _extras.GetValueOrDefault(Key(source)) + _extras.GetValueOrDefault(Key(destination));
    }

    private static uint Key(ReadOnlySpan<byte> address) => address.Length == 4
        ? BinaryPrimitives.ReadUInt16BigEndian(address)
        : BinaryPrimitives.ReadUInt32BigEndian(address);
}
