using System.Runtime.InteropServices;

namespace NatActors.Build;

/// <summary>Brings what the demo and the tests need onto the machine where that is allowed, and says what is missing where it is not.</summary>
internal sealed class Setup(Workspace workspace)
{
    /// <summary>Package lists and a handful of small packages; a mirror slower than this is down.</summary>
    private static readonly TimeSpan AptLimit = TimeSpan.FromMinutes(5);

    /// <summary>The npm tree is 260 MB unpacked, most of it a Node binary.</summary>
    private static readonly TimeSpan NpmLimit = TimeSpan.FromMinutes(5);

    private static readonly (string Package, Func<bool> Present, string For)[] Tools =
    [
        ("iproute2", () => Shell.Has("ip"), "namespaces of the laboratory"),
        ("nftables", () => Shell.Has("nft"), "NAT routers of the laboratory"),
        ("conntrack", () => Shell.Has("conntrack"), "flushing NAT mappings in the laboratory"),

        // The program alone: the service of the same name, which would run on this machine, is another package.
        ("miniupnpd-nftables", () => Shell.Has("miniupnpd"), "routers of the laboratory that map ports"),
        ("dnsmasq-base", () => Shell.Has("dnsmasq"), "a name server in the laboratory"),
        ("libssl3", () => NativeLibrary.TryLoad("libcrypto.so.3", out _), "elliptic curves"),
    ];

    private static readonly Dictionary<string, string> Quiet = new() { ["DEBIAN_FRONTEND"] = "noninteractive" };

    /// <summary>True on a build server: there nothing may be skipped.</summary>
    public static bool UnderCi => Environment.GetEnvironmentVariable("CI") is "true" or "1";

    /// <summary>The tools of the laboratory. Returns what is still missing, one line each.</summary>
    public async Task<IReadOnlyList<string>> SystemToolsAsync()
    {
        if (!OperatingSystem.IsLinux())
        {
            return ["Linux: the laboratory is made of kernel namespaces"];
        }

        var missing = Tools.Where(tool => !tool.Present()).ToList();
        if (missing.Count > 0 && Environment.IsPrivilegedProcess && Shell.Has("apt-get"))
        {
            await InstallAsync(missing.Select(tool => tool.Package).ToList());
            missing = Tools.Where(tool => !tool.Present()).ToList();
        }

        return missing.Select(tool => $"{tool.Package} ({tool.For}): apt-get install {tool.Package}, as root").ToList();
    }

    /// <summary>The js-libp2p peers of tests/interop. Returns what is still missing, one line each.</summary>
    public async Task<IReadOnlyList<string>> InteropPeersAsync()
    {
        var wanted = new FileInfo(Path.Combine(workspace.Interop, "package-lock.json"));
        var installed = new FileInfo(Path.Combine(workspace.Interop, "node_modules", ".package-lock.json"));
        if (!wanted.Exists || (installed.Exists && installed.LastWriteTimeUtc >= wanted.LastWriteTimeUtc))
        {
            return [];
        }

        if (!Shell.Has("npm"))
        {
            return ["npm (js-libp2p peers of the interop tests): install Node.js 20 or later with npm"];
        }

        Console.WriteLine("build: npm ci in tests/interop");
        var result = await Shell.CaptureAsync(workspace.Interop, NpmLimit, null, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error");
        if (result.Ok)
        {
            File.SetLastWriteTimeUtc(installed.FullName, DateTime.UtcNow);
            return [];
        }

        Console.Error.WriteLine(result.Output);
        return ["the npm packages of tests/interop: npm ci failed there"];
    }

    private async Task InstallAsync(IReadOnlyList<string> packages)
    {
        Console.WriteLine($"build: apt-get install {string.Join(' ', packages)}");
        string[] options = ["-q", "-y", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=2"];
        var update = await Shell.CaptureAsync(workspace.Root, AptLimit, Quiet, "apt-get", [.. options, "update"]);
        var install = await Shell.CaptureAsync(
            workspace.Root, AptLimit, Quiet, "apt-get", [.. options, "install", "--no-install-recommends", .. packages]);
        if (!install.Ok)
        {
            Console.Error.WriteLine(update.Output);
            Console.Error.WriteLine(install.Output);
        }
    }
}
