using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace NatActors.Multiformats;

/// <summary>What loading a key file came to.</summary>
/// <param name="Key">The key; the caller's to dispose.</param>
/// <param name="Created">True when the file was made just now.</param>
/// <param name="Warning">One line for a person about who else can read the file; null when nobody can.</param>
public sealed record KeyFileResult(PrivateKey Key, bool Created, string? Warning);

/// <summary>
/// A node's identity on disk: a libp2p private key in its wire form (libp2p/specs peer-ids, "Keys"), readable by its owner alone.
/// </summary>
public static partial class KeyFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>As <see cref="Open"/>, for callers who want the key and nothing else.</summary>
    /// <exception cref="KeyFileException">The file is unreadable or holds no key, or cannot be made.</exception>
    public static PrivateKey LoadOrCreate(string path, RandomSource random) => Open(path, random).Key;

    /// <summary>Loads the key, or makes the file with a new Ed25519 key (mode 0600) if there is none. An existing file is never written to.</summary>
    /// <exception cref="KeyFileException">The file is unreadable or holds no key, or cannot be made.</exception>
    public static KeyFileResult Open(string path, RandomSource random)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(random);
        // Two processes may start at once: whoever loses the race to make the file loads the winner's.
        return File.Exists(path) ? Load(path) : TryCreate(path, random) ?? Load(path);
    }

    /// <summary>Loads the key.</summary>
    /// <exception cref="KeyFileException">The file is absent, unreadable or holds no key.</exception>
    public static KeyFileResult Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var bytes = ReadBounded(path);
        try
        {
            return PrivateKey.TryFromProtobuf(bytes, out var key, out var failure)
                ? new KeyFileResult(key, Created: false, WarningFor(path))
                : throw new KeyFileException(
                    KeyFileProblem.NotAKey,
                    $"The key file '{path}' holds no libp2p private key ({failure}). Give another file, or move it away to have a new key made.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static byte[] ReadBounded(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (file.Length > PrivateKey.MaxLength)
            {
                throw new KeyFileException(
                    KeyFileProblem.NotAKey,
                    $"The key file '{path}' has {file.Length} bytes; a libp2p private key has at most {PrivateKey.MaxLength}. Give another file.");
            }

            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyFileException(
                KeyFileProblem.NotAccessible,
                $"The key file '{path}' cannot be read: {e.Message} Check that it is a file and that this user may read it.",
                e);
        }
    }

    /// <summary>Null when somebody else made the file in the meantime.</summary>
    private static KeyFileResult? TryCreate(string path, RandomSource random)
    {
        var key = PrivateKey.GenerateEd25519(random);
        var bytes = key.ToProtobuf();
        try
        {
            if (!TryPublishWhole(path, bytes, random))
            {
                WriteNew(path, bytes);
            }

            return new KeyFileResult(key, Created: true, Warning: null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            key.Dispose();
            return File.Exists(path)
                ? null
                : throw new KeyFileException(
                    KeyFileProblem.NotAccessible,
                    $"The key file '{path}' cannot be made: {e.Message} Check that the folder exists and that this user may write to it.",
                    e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>
    /// Writes the key under another name and links it to its own, so that nobody ever sees half a key: link(2) never replaces a file, rename
    /// would. False where the file system has no hard links.
    /// </summary>
    private static bool TryPublishWhole(string path, ReadOnlySpan<byte> bytes, RandomSource random)
    {
        if (OperatingSystem.IsWindows())
        {
            return false;
        }

        var temporary = $"{path}.{random.NextUInt64():x16}.new";
        WriteNew(temporary, bytes);
        try
        {
            return Link(temporary, path) == 0;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
        finally
        {
            TryDelete(temporary);
        }
    }

    private static void WriteNew(string path, ReadOnlySpan<byte> bytes)
    {
        // CreateNew is O_EXCL; the mode is set by the same call that makes the file.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using var file = new FileStream(path, options);
        file.Write(bytes);
        file.Flush(flushToDisk: true);
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What cannot be made usually cannot be deleted either; the reason of the first failure is the one to tell.
        }
    }

    private static string? WarningFor(string path) => OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & Others) == 0
        ? null
        : $"The key file '{path}' can be read or written by other users; run 'chmod 600 {path}'.";

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string added);
}
