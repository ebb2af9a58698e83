using NatActors.Lab.Delay;
using NatActors.Lab.Kernel;

namespace NatActors.Lab;

/// <summary>By what right a process can build a laboratory.</summary>
public enum LabMode
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>As root, in this process.</summary>
    Root,

    /// <summary>Not in this process, but in one started by <see cref="LabAbility.InUserNamespace"/>; mostly without path delay.</summary>
    UserNamespace,
}

/// <summary>Whether a laboratory can be built here, and what to do where it cannot.</summary>
/// <param name="Mode">By what right.</param>
/// <param name="Reason">Why not, or why only so; empty for root with everything at hand.</param>
/// <param name="Remedy">What to type instead; empty where nothing is amiss.</param>
/// <param name="HasPathDelay">Whether the kernel will let a laboratory delay its paths.</param>
public sealed record LabAbility(LabMode Mode, string Reason, string Remedy, bool HasPathDelay)
{
    // What a laboratory needs of the kernel, tried in a namespace that ends with the command.
    private const string Probe = """
        table inet probe {
          set seen { type ipv4_addr; flags dynamic,timeout; timeout 1s; }
          chain postrouting { type nat hook postrouting priority srcnat; masquerade fully-random; }
          chain forward { type filter hook forward priority filter; ct state established accept; meta l4proto tcp reject with tcp reset; }
        }
        """;

    private static readonly (string Name, string Package)[] Needed = [("ip", "iproute2"), ("nft", "nftables"), ("unshare", "util-linux")];
    private static readonly string[] UserNamespaceFlags = ["-U", "-r", "-n", "-m"];
    private static readonly Lazy<LabAbility> Known = new(Find);

    /// <summary>True where this very process can build one.</summary>
    public bool IsReady => Mode == LabMode.Root;

    /// <summary>Looks once, by trying: tools, rights, and the kernel's NAT in a namespace of its own.</summary>
    public static LabAbility Check() => Known.Value;

    /// <summary>The command that runs another one with a laboratory's rights, for a user who is not root (<c>unshare -Urnm</c>).</summary>
    /// <param name="stateFolder">Where laboratories are noted, since the command gets a /run of its own; it must exist.</param>
    /// <param name="command">Program and arguments.</param>
    public static IReadOnlyList<string> InUserNamespace(string stateFolder, IEnumerable<string> command) =>
    [
        Tool.Find("unshare") ?? "unshare", .. UserNamespaceFlags, "sh", "-c",
        $"mount -t tmpfs tmpfs /run && export {LabRegistry.FolderVariable}=\"$0\" && exec \"$@\"", stateFolder, .. command,
    ];

    private static LabAbility Find()
    {
        if (!OperatingSystem.IsLinux())
        {
            return new LabAbility(LabMode.None, "it is made of Linux network namespaces", "run it on Linux or in a virtual machine", false);
        }

        var missing = Needed.Where(tool => Tool.Find(tool.Name) is null).ToList();
        if (missing.Count > 0)
        {
            var packages = string.Join(' ', missing.Select(tool => tool.Package));
            return new LabAbility(LabMode.None, $"not installed: {packages}", $"sudo apt-get install -y {packages}", false);
        }

        var isRoot = Native.EffectiveUser() == 0;
        var refusal = isRoot ? Try(["-n"]) : Try(UserNamespaceFlags);
        return (isRoot, refusal) switch
        {
            (true, null) => WithDelay(LabMode.Root, "", ""),
            (true, _) => new LabAbility(LabMode.None, $"this root may not use namespaces and nftables: {refusal}",
                "in a container, start it with --privileged; else use a virtual machine", false),
            (false, null) => WithDelay(LabMode.UserNamespace, "not root: a user namespace will do", "for path delays, run it with sudo"),
            _ => new LabAbility(LabMode.None, $"not root, and user namespaces are refused: {refusal}", "run it as root (sudo)", false),
        };
    }

    private static LabAbility WithDelay(LabMode mode, string reason, string remedy)
    {
        try
        {
            _ = Native.Close(Native.Open(TunDelay.DevicePath, Native.ReadWriteNonBlocking));
            return new LabAbility(mode, reason, remedy, true);
        }
        catch (System.ComponentModel.Win32Exception refusal)
        {
            var why = "no path delay: " + refusal.Message;
            return new LabAbility(mode, reason.Length == 0 ? why : reason + "; " + why, remedy, false);
        }
    }

    private static string? Try(string[] flags)
    {
        try
        {
            Tool.Run("unshare", [.. flags, Tool.Find("nft")!, "-f", "-"], Probe, false);
            return null;
        }
        catch (LabException refusal)
        {
            return refusal.Message;
        }
    }
}
