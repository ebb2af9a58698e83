using System.Collections.Concurrent;
using System.Net;
using System.Text;
using NatActors.Multiformats;
using NatActors.Transports.Naming;

namespace NatActors.Node.Tests.Naming;

/// <summary>
/// Name servers in memory: each name and type has its values, everything else does not exist; a name may be held back. The messages are real
/// ones.
/// </summary>
internal sealed class ScriptedNameServers : INameServers, INameServerExchange
{
    public static readonly IPEndPoint Server = IPEndPoint.Parse("192.0.2.53:53");

    private readonly ConcurrentDictionary<(string Name, int Type), byte[][]> _records = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _held = new();
    private readonly ConcurrentQueue<string> _asked = new();

    public IReadOnlyDictionary<string, IReadOnlyList<IPAddress>> Hosts { get; init; } = new Dictionary<string, IReadOnlyList<IPAddress>>();

    /// <summary>The names asked for so far, in order.</summary>
    public IReadOnlyList<string> Asked => [.. _asked];

    public TimeSpan? Timeout { get; init; }

    public NameServerSettings Read() => new() { Servers = [Server], Hosts = Hosts, Timeout = Timeout };

    public ScriptedNameServers A(string name, params string[] addresses) => Set(name, 1, addresses.Select(a => IPAddress.Parse(a).GetAddressBytes()));

    public ScriptedNameServers Txt(string name, params string[] texts) =>
        Set(name, 16, texts.Select(t => (byte[])[(byte)t.Length, .. Encoding.ASCII.GetBytes(t)]));

    /// <summary>Addresses as the TXT records of a <c>/dnsaddr</c>.</summary>
    public ScriptedNameServers DnsAddr(string name, params Multiaddr[] addresses) =>
        Txt("_dnsaddr." + name, [.. addresses.Select(a => $"dnsaddr={a}")]);

    /// <summary>Questions for that name get no answer until the result is completed.</summary>
    public TaskCompletionSource Hold(string name) => _held.GetOrAdd(name, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));

    public async Task<ReadOnlyMemory<byte>> AskAsync(
        IPEndPoint server,
        ReadOnlyMemory<byte> query,
        bool overTcp,
        Func<ReadOnlyMemory<byte>, bool> mayAnswer,
        CancellationToken cancellationToken)
    {
        var (name, end) = ReadName(query.Span);
        _asked.Enqueue(name);
        if (_held.TryGetValue(name, out var held))
        {
            await held.Task.WaitAsync(cancellationToken);
        }

        var type = query.Span[end + 1];
        var found = _records.TryGetValue((name, type), out var values);
        byte[][] records = values ?? [];
        byte[] message =
        [
            .. query.Span[..2], 0x81, (byte)(found ? 0x80 : 0x83), 0, 1, 0, (byte)records.Length, 0, 0, 0, 0, .. query.Span[12..(end + 4)],
            .. records.SelectMany(r => (byte[])[0xc0, 12, 0, type, 0, 1, 0, 0, 1, 0, (byte)(r.Length >> 8), (byte)r.Length, .. r]),
        ];
        return mayAnswer(message) ? message : throw new IOException("the query cannot be answered");
    }

    private ScriptedNameServers Set(string name, int type, IEnumerable<byte[]> values)
    {
        _records[(name, type)] = [.. values];
        return this;
    }

    private static (string Name, int End) ReadName(ReadOnlySpan<byte> query)
    {
        var labels = new List<string>();
        var at = 12;
        for (; query[at] != 0; at += query[at] + 1)
        {
            labels.Add(Encoding.ASCII.GetString(query.Slice(at + 1, query[at])));
        }

        return (string.Join('.', labels), at + 1);
    }
}
