using NatActors.Lab;

namespace NatActors.Soak.Tests.Counters;

/// <summary>
/// The sockets of a laboratory host that a process holds, by state, as the kernel lists them. What the kernel keeps after a close
/// (TIME_WAIT, orphans) belongs to nobody and is not counted.
/// </summary>
public static class SocketTable
{
    private const int StateField = 3;
    private const int InodeField = 9;
    private const string NoInode = "0";

    // include/net/tcp_states.h, as /proc/net/tcp prints them.
    private static readonly Dictionary<string, string> States = new()
    {
        ["01"] = "established",
        ["02"] = "connecting",
        ["03"] = "connecting",
        ["08"] = "close-wait",
        ["0A"] = "listening",
    };

    public static IReadOnlyDictionary<string, int> Of(LabHost host)
    {
        // Of the thread: the namespace of /proc/net is the process's own.
        var (tcp, udp) = host.RunInside(() => (Lines("tcp").Concat(Lines("tcp6")).ToArray(), Lines("udp").Concat(Lines("udp6")).ToArray()));
        var sockets = tcp.Where(fields => fields[InodeField] != NoInode)
            .Select(fields => States.GetValueOrDefault(fields[StateField], "closing"))
            .Concat(udp.Select(_ => "udp"));
        return sockets.GroupBy(state => state).ToDictionary(group => group.Key, group => group.Count());
    }

    private static string[][] Lines(string table) =>
        [
            .. File.ReadLines("/proc/thread-self/net/" + table).Skip(1)
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)),
        ];
}
