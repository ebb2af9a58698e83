using System.Net.Sockets;

namespace NatActors.Hosting.Control;

/// <summary>
/// Makes the file of a control socket, so that at no moment anybody but the owner can connect, a dead node's file is replaced, and a live
/// node's is left alone.
/// </summary>
internal static class ControlSocketFile
{
    /// <summary>The longest path that a Unix socket can have, unix(7): 108 bytes with the zero at the end.</summary>
    public const int MaxPathBytes = 107;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnersFolder = OwnerOnly | UnixFileMode.UserExecute;

    /// <summary>Connections that may wait to be accepted: see <see cref="ControlServer.MaxClients"/>.</summary>
    private const int Backlog = ControlServer.MaxClients;

    /// <summary>How often a folder that another process holds is tried, and how long in between. Ours: holding it takes microseconds.</summary>
    private const int LockTries = 40;

    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(25);

    /// <summary>A listening socket at that very path.</summary>
    /// <exception cref="ControlSocketException">A live node has it, or it cannot be made there.</exception>
    public static async Task<(Socket Socket, string Path)> ListenAtAsync(string path)
    {
        var full = Path.GetFullPath(path);
        return await GuardedAsync(full, Path.GetDirectoryName(full)!, () => Listen(full)
            ?? throw new ControlSocketException($"A node answers at the control socket {full} already; name another with --control, or end that node."));
    }

    /// <summary>A listening socket in the folder, which is made the owner's alone, under the first name that no live node has.</summary>
    /// <exception cref="ControlSocketException">None can be made there.</exception>
    public static async Task<(Socket Socket, string Path)> ListenInAsync(string folder)
    {
        return await GuardedAsync(folder, folder, () =>
        {
            foreach (var path in ControlPaths.Names(folder))
            {
                if (Listen(path) is { } socket)
                {
                    return socket;
                }
            }

            throw new ControlSocketException($"{ControlPaths.MaxNames} nodes have their control sockets in {folder}; name another place with --control.");
        }, isOwn: true);
    }

    /// <summary>True when a process listens there.</summary>
    public static bool IsAlive(string path)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException e)
        {
            // A full queue of connections, or one that is not ours to use, is a live one all the same.
            return e.SocketErrorCode is not (SocketError.ConnectionRefused or SocketError.AddressNotAvailable or SocketError.HostNotFound)
                && File.Exists(path);
        }
    }

    private static async Task<(Socket Socket, string Path)> GuardedAsync(
        string path, string folder, Func<(Socket Socket, string Path)> make, bool isOwn = false)
    {
        try
        {
            MakeFolder(folder, isOwn);
            for (var i = 0; i < LockTries; i++)
            {
                using var held = UnixOwner.TryLock(folder);
                if (held is not null)
                {
                    return make();
                }

                await Task.Delay(LockPause);
            }
        }
        catch (Exception e) when (e is (IOException or UnauthorizedAccessException or SocketException) and not ControlSocketException)
        {
            throw new ControlSocketException($"The control socket {path} cannot be made: {e.Message}", e);
        }

        throw new ControlSocketException($"The control socket {path} cannot be made: another process holds {folder}.");
    }

    /// <summary>A folder that exists and is another's cannot be given its rights, and then nothing is put there.</summary>
    private static void MakeFolder(string folder, bool isOwn)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new ControlSocketException("Control sockets are made on Linux only: elsewhere nobody says who is at the other end.");
        }

        Directory.CreateDirectory(folder, OwnersFolder);
        if (isOwn)
        {
            File.SetUnixFileMode(folder, OwnersFolder);
        }
    }

    /// <summary>Null when a live one is there.</summary>
    private static (Socket Socket, string Path)? Listen(string path)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(path) > MaxPathBytes)
        {
            throw new ControlSocketException($"The control socket {path} cannot be made: its path is longer than {MaxPathBytes} bytes.");
        }

        if (Path.Exists(path))
        {
            if (IsAlive(path))
            {
                return null;
            }

            RemoveDead(path);
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // Between bind and listen nobody can connect: the rights are right before anybody can.
            socket.Bind(new UnixDomainSocketEndPoint(path));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, OwnerOnly);
            }

            socket.Listen(Backlog);
            return (socket, path);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Only what a node left behind is removed: an ordinary file of that name is somebody's.</summary>
    private static void RemoveDead(string path)
    {
        // A socket is neither a folder nor a link, and has no content to be read.
        var file = new FileInfo(path);
        if ((file.Attributes & (FileAttributes.Directory | FileAttributes.ReparsePoint)) != 0 || !IsSocket(path))
        {
            throw new ControlSocketException($"The control socket {path} cannot be made: something else is there.");
        }

        File.Delete(path);
    }

    /// <summary>Opening a socket's file fails (ENXIO), whatever its rights; any other kind of file opens, or is refused for its rights.</summary>
    private static bool IsSocket(string path)
    {
        try
        {
            using var opened = File.OpenHandle(path);
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
