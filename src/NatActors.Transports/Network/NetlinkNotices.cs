using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NatActors.Transports.Network;

/// <summary>
/// Notices by a routing netlink socket (rtnetlink(7)), of the network namespace of the thread that opened it. What the messages say is not
/// read: whoever hears one asks for the whole state, so a lost message loses nothing.
/// </summary>
internal sealed partial class NetlinkNotices : INetworkNotices
{
    // sys/socket.h, linux/netlink.h, linux/rtnetlink.h
    private const int NetlinkFamily = 16;
    private const int RawType = 3;
    private const int CloseOnExec = 0x80000;
    private const int RouteProtocol = 0;
    private const int AddressSize = 12;
    private const int GroupsOffset = 8;
    private const uint LinkGroup = 0x1;
    private const uint Ipv4AddressGroup = 0x10;
    private const uint Ipv4RouteGroup = 0x40;
    private const uint Ipv6AddressGroup = 0x100;
    private const uint Ipv6RouteGroup = 0x400;
    private const uint Groups = LinkGroup | Ipv4AddressGroup | Ipv4RouteGroup | Ipv6AddressGroup | Ipv6RouteGroup;

    // ENOBUFS: messages were lost; that too is a notice.
    private const int NoBufferSpace = 105;

    /// <summary>Longer messages are cut short, as nobody reads them.</summary>
    private const int BufferSize = 8192;

    /// <summary>Messages taken for one notice: a storm is a few of them, not thousands.</summary>
    private const int MostAtOnce = 64;

    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[BufferSize];

    private NetlinkNotices(Socket socket) => _socket = socket;

    /// <summary>Opens the socket on the calling thread, starting nothing; null where the system does not allow it.</summary>
    public static unsafe NetlinkNotices? TryOpen()
    {
        var descriptor = OpenSocket(NetlinkFamily, RawType | CloseOnExec, RouteProtocol);
        if (descriptor < 0)
        {
            return null;
        }

        var handle = new SafeSocketHandle(descriptor, ownsHandle: true);
        var address = stackalloc byte[AddressSize];
        new Span<byte>(address, AddressSize).Clear();
        *(ushort*)address = NetlinkFamily;
        *(uint*)(address + GroupsOffset) = Groups;
        if (Bind(descriptor, address, AddressSize) != 0)
        {
            handle.Dispose();
            return null;
        }

        return new NetlinkNotices(new Socket(handle));
    }

    /// <inheritdoc />
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _socket.ReceiveAsync(_buffer, SocketFlags.None, cancellationToken).ConfigureAwait(false);
            for (var more = 0; more < MostAtOnce && _socket.Poll(0, SelectMode.SelectRead); more++)
            {
                _socket.Receive(_buffer);
            }
        }
        catch (SocketException lost) when (lost.NativeErrorCode == NoBufferSpace)
        {
            // Many changes at a time: as good as any one.
        }
        catch (SocketException error)
        {
            throw new IOException($"The system gives no more notice of network changes: {error.Message}", error);
        }
        catch (ObjectDisposedException error)
        {
            throw new IOException("The notices were stopped.", error);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _socket.Dispose();

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int OpenSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static unsafe partial int Bind(int socket, byte* address, int length);
}
