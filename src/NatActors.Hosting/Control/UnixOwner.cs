using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NatActors.Hosting.Control;

/// <summary>Who owns this process, and who stands at the other end of a Unix socket.</summary>
internal static partial class UnixOwner
{
    /// <summary>The user id of root.</summary>
    public const uint Root = 0;

    // unix(7), asm-generic/socket.h.
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    /// <summary>The effective user of this process.</summary>
    public static uint Self { get; } = OperatingSystem.IsWindows() ? uint.MaxValue : EffectiveUser();

    /// <summary>The user at the other end, as the kernel says; null where it does not.</summary>
    public static uint? OtherEndOf(Socket socket)
    {
        // struct ucred: process, user, group, four bytes each.
        Span<byte> credentials = stackalloc byte[12];
        try
        {
            return socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials) == credentials.Length
                ? BitConverter.IsLittleEndian
                    ? BinaryPrimitives.ReadUInt32LittleEndian(credentials[4..])
                    : BinaryPrimitives.ReadUInt32BigEndian(credentials[4..])
                : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>
    /// Holds a folder against other processes that do the same, until disposed: between looking at a socket's file and replacing it nobody
    /// else may. The lock dies with the process. Null when another holds it.
    /// </summary>
    public static SafeHandle? TryLock(string folder)
    {
        // fcntl.h and sys/file.h of Linux: O_RDONLY and O_CLOEXEC; LOCK_EX and LOCK_NB.
        const int CloseOnExec = 0x80000;
        const int ExclusiveNow = 2 | 4;
        var file = new Microsoft.Win32.SafeHandles.SafeFileHandle(Open(folder, CloseOnExec), ownsHandle: true);
        if (!file.IsInvalid && Lock(file, ExclusiveNow) == 0)
        {
            return file;
        }

        file.Dispose();
        return null;
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Lock(SafeHandle file, int operation);
}
