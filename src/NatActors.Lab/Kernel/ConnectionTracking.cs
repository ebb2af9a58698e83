using System.Buffers.Binary;

namespace NatActors.Lab.Kernel;

/// <summary>Empties a namespace's connection tracking table, and with it every NAT mapping, by one netlink message.</summary>
/// <remarks>linux/netfilter/nfnetlink.h and nfnetlink_conntrack.h; what the tool <c>conntrack -F</c> does, without needing it.</remarks>
internal static class ConnectionTracking
{
    private const int NetlinkFamily = 16;
    private const int RawType = 3;
    private const int NetfilterProtocol = 12;
    private const int HeaderBytes = 16;
    private const int MessageBytes = HeaderBytes + 4;
    private const ushort ConntrackSubsystem = 1 << 8;
    private const ushort DeleteMessage = 2;
    private const ushort RequestWithAnswer = 0x1 | 0x4;
    private const ushort ErrorMessage = 2;

    /// <exception cref="LabException">The kernel refused.</exception>
    internal static void Flush(NetNamespace netns)
    {
        var error = netns.Run(FlushHere);
        if (error != 0)
        {
            throw new LabException($"emptying connection tracking in {netns.Name} failed: error {error}");
        }
    }

    private static unsafe int FlushHere()
    {
        var socket = Native.RawSocket(NetlinkFamily, RawType | Native.CloseOnExec, NetfilterProtocol);
        if (socket < 0)
        {
            throw Native.Failure("netlink socket");
        }

        try
        {
            Span<byte> message = stackalloc byte[MessageBytes];
            message.Clear();
            BinaryPrimitives.WriteInt32LittleEndian(message, MessageBytes);
            BinaryPrimitives.WriteUInt16LittleEndian(message[4..], ConntrackSubsystem | DeleteMessage);
            BinaryPrimitives.WriteUInt16LittleEndian(message[6..], RequestWithAnswer);
            Span<byte> answer = stackalloc byte[256];
            fixed (byte* sent = message, received = answer)
            {
                if (Native.Write(socket, sent, MessageBytes) < 0 || Native.Read(socket, received, (nuint)answer.Length) < HeaderBytes + 4)
                {
                    throw Native.Failure("netlink");
                }
            }

            return BinaryPrimitives.ReadUInt16LittleEndian(answer[4..]) == ErrorMessage
                ? -BinaryPrimitives.ReadInt32LittleEndian(answer[HeaderBytes..])
                : 0;
        }
        finally
        {
            _ = Native.Close(socket);
        }
    }
}
