using System.ComponentModel;
using System.Runtime.InteropServices;

namespace NatActors.Lab.Kernel;

/// <summary>The few Linux calls the laboratory needs and .NET does not offer.</summary>
internal static partial class Native
{
    internal const int ReadOnly = 0;
    internal const int ReadWriteNonBlocking = 0x2 | 0x800;
    internal const int CloseOnExec = 0x80000;
    internal const int CloneNewNet = 0x40000000;
    internal const short PollIn = 1;
    internal const int TryAgain = 11;
    internal const int Interrupted = 4;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    internal static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNs(int descriptor, int kind);

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    private static partial int UnshareCall(int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    internal static unsafe partial int Ioctl(int descriptor, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    internal static partial int IoctlValue(int descriptor, nuint request, nuint value);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    internal static unsafe partial nint Read(int descriptor, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    internal static unsafe partial nint Write(int descriptor, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "ppoll", SetLastError = true)]
    internal static unsafe partial int PollUntil(PollEntry* entries, nuint count, TimeSpec* timeout, void* signals);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    internal static partial int EventDescriptor(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    internal static partial int RawSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    internal static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    internal static partial int SendSignal(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "setsid", SetLastError = true)]
    internal static partial int NewSession();

    /// <summary>Opens a file, close-on-exec.</summary>
    /// <exception cref="Win32Exception">The kernel refused.</exception>
    internal static int Open(string path, int flags)
    {
        var descriptor = OpenFile(path, flags | CloseOnExec);
        return descriptor >= 0 ? descriptor : throw Failure($"open {path}");
    }

    /// <summary>Moves the calling thread, and only it, into the network namespace behind a descriptor.</summary>
    internal static void EnterNetwork(int descriptor)
    {
        if (SetNs(descriptor, CloneNewNet) != 0)
        {
            throw Failure("setns");
        }
    }

    /// <summary>Gives the calling thread a network namespace of its own; answers whether the kernel allowed it.</summary>
    internal static bool TryLeaveNetwork() => UnshareCall(CloneNewNet) == 0;

    internal static Win32Exception Failure(string what)
    {
        var error = Marshal.GetLastPInvokeError();
        return new Win32Exception(error, $"{what}: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollEntry
    {
        internal int Descriptor;
        internal short Wanted;
        internal short Seen;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct TimeSpec
    {
        internal long Seconds;
        internal long Nanoseconds;
    }
}
