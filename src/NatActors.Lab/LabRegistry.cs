using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using NatActors.Lab.Kernel;

namespace NatActors.Lab;

/// <summary>What a laboratory writes down about itself, for the other processes of the machine.</summary>
/// <param name="Id">Its name; every namespace's name begins with it and a hyphen.</param>
/// <param name="Owner">The process that keeps it up.</param>
/// <param name="OwnerStarted">When that process started, in the kernel's clock ticks since boot: process ids are used again.</param>
/// <param name="Hosts">Its hosts.</param>
/// <param name="Routers">Its routers.</param>
/// <param name="PathDelayMs">One way through the core, in milliseconds.</param>
/// <param name="IsKept">Whether its process does nothing but keep it up, until <c>lab down</c>.</param>
public sealed record LabRecord(
    string Id,
    int Owner,
    long OwnerStarted,
    IReadOnlyList<LabHostRecord> Hosts,
    IReadOnlyList<LabRouterRecord> Routers,
    double PathDelayMs,
    bool IsKept)
{
    /// <summary>Whether the process that made it is still there.</summary>
    [JsonIgnore]
    public bool IsAlive => LabRegistry.StartOf(Owner) is { } started && (started == OwnerStarted || OwnerStarted == 0);
}

/// <summary>A host of a <see cref="LabRecord"/>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Namespace">Its network namespace.</param>
/// <param name="Addresses">Its addresses.</param>
/// <param name="Behind">Its router, or null.</param>
public sealed record LabHostRecord(string Name, string Namespace, IReadOnlyList<string> Addresses, string? Behind);

/// <summary>A router of a <see cref="LabRecord"/>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Namespace">Its network namespace.</param>
/// <param name="Kind">Its type and modifiers, as written.</param>
/// <param name="PublicAddress">The IPv4 address by which the world sees the hosts behind it, or its own outer one.</param>
public sealed record LabRouterRecord(string Name, string Namespace, string Kind, string? PublicAddress);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LabRecord))]
[JsonSerializable(typeof(IReadOnlyList<LabRecord>))]
internal sealed partial class LabJson : JsonSerializerContext;

/// <summary>The laboratories of this machine: their records, their leftovers, the blackhole routes they share.</summary>
internal static class LabRegistry
{
    internal const string NamePrefix = "nal";

    /// <summary>An environment variable that says where records stand: a laboratory in a user namespace has a /run of its own.</summary>
    internal const string FolderVariable = "NATACTORS_LAB_STATE";

    private const string DefaultFolder = "/run/natactors-lab";
    private const string LockName = "lock";
    private const string RouteMark = "231";
    private const int StartTimeField = 19;

    // One minute of pauses: the lock is held only while a record is read and written, so longer is a fault, a full disk for example.
    private const int MaxLockTries = 3000;

    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(20);
    private static int _count;

    /// <summary>Where records stand: /run for root, for others their own folder below the temporary ones.</summary>
    internal static string Folder
    {
        get
        {
            if (Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } folder)
            {
                return folder;
            }

            var user = Native.EffectiveUser();
            var own = string.Create(CultureInfo.InvariantCulture, $"natactors-lab-{user}");
            return user == 0 ? DefaultFolder : Path.Combine(Path.GetTempPath(), own);
        }
    }

    /// <summary>A name no other laboratory has.</summary>
    internal static string NewId() =>
        string.Create(CultureInfo.InvariantCulture, $"{NamePrefix}{Environment.ProcessId}x{Interlocked.Increment(ref _count)}");

    /// <summary>The records of all laboratories, of dead ones too.</summary>
    internal static IReadOnlyList<LabRecord> Read()
    {
        if (!Directory.Exists(Folder))
        {
            return [];
        }

        var records = new List<LabRecord>();
        foreach (var file in Directory.EnumerateFiles(Folder, NamePrefix + "*.json").Order())
        {
            try
            {
                if (JsonSerializer.Deserialize(File.ReadAllText(file), LabJson.Default.LabRecord) is { } record)
                {
                    records.Add(record);
                }
            }
            catch (Exception failure) when (failure is JsonException or IOException)
            {
                // Half written, or gone since: its namespaces' names still say whose they are.
            }
        }

        return records;
    }

    /// <summary>Notes a new laboratory, sends its ranges nowhere in the machine's own namespace, and clears what dead ones left.</summary>
    internal static void Enter(LabRecord record)
    {
        using var held = Lock();
        Sweep();
        Write(record);
        Tool.Ip(null, AddressPlan.Ranges.Except(BlackholeRoutes()).Select(range => $"route add blackhole {range} proto {RouteMark}"));
    }

    /// <summary>Replaces a laboratory's record.</summary>
    internal static void Write(LabRecord record)
    {
        var path = RecordPath(record.Id);
        File.WriteAllText(path + ".new", JsonSerializer.Serialize(record, LabJson.Default.LabRecord));
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Removes a laboratory's namespaces and record; with the last one the blackhole routes go.</summary>
    internal static void Leave(string id)
    {
        using var held = Lock();
        Remove(id);
        RemoveRoutesIfLast();
    }

    /// <summary>Removes everything that laboratories of dead processes left; answers their names.</summary>
    internal static IReadOnlyList<string> Clean()
    {
        if (!Directory.Exists(Folder))
        {
            return [];
        }

        using var held = Lock();
        var removed = Sweep();
        RemoveRoutesIfLast();
        return removed;
    }

    /// <summary>When a process started, in clock ticks since boot; null where there is none (or only its corpse).</summary>
    internal static long? StartOf(int process)
    {
        try
        {
            // The name in parentheses may hold anything; the fields after it are counted from its end (proc_pid_stat(5)).
            var stat = File.ReadAllText($"/proc/{process}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : long.Parse(fields[StartTimeField], CultureInfo.InvariantCulture);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The namespaces of one laboratory, or of all.</summary>
    internal static IReadOnlyList<string> Namespaces(string? id) => Directory.Exists(NetNamespace.Folder)
        ? [.. Directory.EnumerateFiles(NetNamespace.Folder, (id is null ? NamePrefix + "*" : id) + "-*").Select(Path.GetFileName).Order()!]
        : [];

    private static string RecordPath(string id) => Path.Combine(Folder, id + ".json");

    private static List<string> Sweep()
    {
        var alive = Read().Where(record => record.IsAlive).Select(record => record.Id).ToHashSet();
        var known = Directory.EnumerateFiles(Folder, NamePrefix + "*.json").Select(Path.GetFileNameWithoutExtension);
        var named = Namespaces(null).Select(name => name.Split('-')[0]).Where(id => !OwnerLives(id));
        var dead = known.Concat(named).OfType<string>().Where(id => !alive.Contains(id)).Distinct().ToList();
        dead.ForEach(Remove);
        return dead;
    }

    private static bool OwnerLives(string id) =>
        int.TryParse(id[NamePrefix.Length..].Split('x')[0], CultureInfo.InvariantCulture, out var owner) && StartOf(owner) is not null;

    private static void Remove(string id)
    {
        var names = Namespaces(id);
        Residents.Kill(names);
        Tool.Ip(null, names.Select(name => $"netns del {name}"), force: true);
        File.Delete(RecordPath(id));
    }

    private static void RemoveRoutesIfLast()
    {
        if (Read().Count == 0)
        {
            var ours = BlackholeRoutes().Intersect(AddressPlan.Ranges);
            Tool.Ip(null, ours.Select(range => $"route del blackhole {range} proto {RouteMark}"), force: true);
        }
    }

    private static HashSet<string> BlackholeRoutes()
    {
        string[] lines =
        [
            .. Tool.Run("ip", ["-4", "route", "show", "type", "blackhole"], null, false).Split('\n'),
            .. Tool.Run("ip", ["-6", "route", "show", "type", "blackhole"], null, false).Split('\n'),
        ];
        return [.. lines.Select(line => line.Split(' ')).Where(words => words.Length > 1).Select(words => words[1])];
    }

    /// <summary>Holds the registry against other processes: two may start a laboratory in the same moment.</summary>
    private static FileStream Lock()
    {
        Directory.CreateDirectory(Folder);
        for (var tries = 1; ; tries++)
        {
            try
            {
                return new FileStream(Path.Combine(Folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (tries < MaxLockTries)
            {
                Thread.Sleep(LockPause);
            }
            catch (IOException refusal)
            {
                throw new LabException($"the list of laboratories in {Folder} stays locked; end the command that holds it ({refusal.Message})", refusal);
            }
        }
    }
}
