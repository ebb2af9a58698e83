using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NatActors.Transports.Port;

/// <summary>
/// What the framework does not offer by name, as Linux numbers it (asm-generic/socket.h, linux/in6.h, socket(7)). Raw options are used
/// because the framework's <c>ReuseAddress</c> means different things for different sockets.
/// </summary>
internal static partial class LinuxSockets
{
    private const int LevelSocket = 1;
    private const int ReuseAddress = 2;
    private const int ReusePort = 15;
    private const int LevelIpv6 = 41;
    private const int Ipv6Only = 26;
    private const int CloseOnExec = 0x80000;

    /// <summary>
    /// Seconds without traffic before TCP itself asks whether the other side lives. Ours: a net under the pings, which come far sooner. It must not
    /// be what keeps a mapping that is being measured (three minutes at most), nor refresh one more often than was found to be needed; go-libp2p,
    /// which measures nothing, has 30.
    /// </summary>
    private const int KeepAliveSeconds = 300;

    /// <summary>Seconds between two such questions.</summary>
    private const int KeepAliveIntervalSeconds = 30;

    /// <summary>SO_REUSEADDR: a listener may be bound while connections of its port still exist or time out.</summary>
    public static void AllowAddressReuse(Socket socket) => Set(socket, LevelSocket, ReuseAddress);

    /// <summary>SO_REUSEPORT: listener and dialing sockets share one port. Every one of them needs it, before its bind.</summary>
    public static void AllowPortReuse(Socket socket) => Set(socket, LevelSocket, ReusePort);

    /// <summary>IPV6_V6ONLY: <c>::</c> leaves IPv4 alone, so that both families can be bound side by side.</summary>
    public static void KeepToOneFamily(Socket socket)
    {
        if (socket.AddressFamily == AddressFamily.InterNetworkV6)
        {
            Set(socket, LevelIpv6, Ipv6Only);
        }
    }

    /// <summary>No delay for small writes, and keep-alive.</summary>
    public static void SetConnectedOptions(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveIntervalSeconds);
    }

    /// <summary>
    /// Ends listening at once, before the close. The close alone does not where a process that this one is starting at that moment still
    /// holds a copy of the descriptor, between its fork and its exec: for some milliseconds the port would seem held.
    /// </summary>
    public static void StopListening(Socket socket)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // It did not listen.
        }
        catch (ObjectDisposedException)
        {
            // Closed already.
        }
    }

    /// <summary>
    /// The next connection of a non-blocking listener's queue, or null when it is empty now. Unlike the framework's accept it may run
    /// beside a pending asynchronous accept: the kernel hands each connection out once.
    /// </summary>
    public static Socket? TryAccept(Socket listener)
    {
        var handle = listener.SafeHandle;
        var held = false;
        try
        {
            handle.DangerousAddRef(ref held);
            int descriptor;
            do
            {
                descriptor = Accept4((int)handle.DangerousGetHandle(), 0, 0, CloseOnExec);
            }
            while (descriptor < 0 && IsAboutOneConnection(Marshal.GetLastPInvokeError()));

            return descriptor < 0 ? null : new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
        }
        finally
        {
            if (held)
            {
                handle.DangerousRelease();
            }
        }
    }

    /// <summary>Errors of accept(2) that concern one connection that went away while it waited; the next one may be good.</summary>
    public static bool IsAboutOneConnection(int errno) => errno is Errno.Interrupted or Errno.ProtocolError
        or Errno.ConnectionAborted or Errno.NetworkDown or Errno.NetworkUnreachable or Errno.HostDown or Errno.HostUnreachable;

    private static void Set(Socket socket, int level, int option)
    {
        Span<byte> on = stackalloc byte[sizeof(int)];
        BitConverter.TryWriteBytes(on, 1);
        socket.SetRawSocketOption(level, option, on);
    }

    [LibraryImport("libc", EntryPoint = "accept4", SetLastError = true)]
    private static partial int Accept4(int socket, nint address, nint length, int flags);

    /// <summary>The error numbers of asm-generic/errno.h that matter here.</summary>
    internal static class Errno
    {
        public const int Interrupted = 4;
        public const int ProtocolError = 71;
        public const int NetworkDown = 100;
        public const int NetworkUnreachable = 101;
        public const int ConnectionAborted = 103;
        public const int HostDown = 112;
        public const int HostUnreachable = 113;
    }
}
