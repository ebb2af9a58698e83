using NatActors.Fuzz.Engine;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.HolePunch;
using NatActors.Protocols.Identify;
using NatActors.Protocols.Ping;
using NatActors.Protocols.Relay;
using NatActors.Wire.Framing;

namespace NatActors.Fuzz.Recording;

/// <summary>What was heard, as inputs of entries, written to the corpus.</summary>
internal sealed class Recordings(string folder, string from)
{
    private const int ChunkLength = 200;

    /// <summary>The kind "bytes" of the session entries.</summary>
    private const int BytesEvent = 2;

    /// <summary>Which entry takes what is said on a stream of a protocol.</summary>
    private static readonly Dictionary<string, string[]> EntriesByProtocol = new()
    {
        [IdentifyProtocol.Id] = ["protocols.identify.decoder"],
        [IdentifyProtocol.PushId] = ["protocols.identify.decoder"],
        [PingProtocol.Id] = ["protocols.ping.responder"],
        [RelayProtocol.Hop] = ["protocols.relay.hop"],
        [RelayProtocol.Stop] = ["protocols.relay.stop"],
        [HolePunchCodec.Protocol] = ["protocols.holepunch.message"],
        [AutoNatProtocol.V1] = ["protocols.autonat.v1"],
        [AutoNatProtocol.V2DialRequest] = ["protocols.autonat.v2"],
        [AutoNatProtocol.V2DialBack] = ["protocols.autonat.dialback"],
    };

    private readonly SortedDictionary<string, List<byte[]>> _inputs = [];

    public void AddNegotiation(bool listening, byte[] bytes) =>
        Add(listening ? "wire.multistream.listener" : "wire.multistream.dialer", bytes);

    public void AddHandshake(bool initiator, byte[] bytes) => Add("wire.noise.handshake." + (initiator ? "initiator" : "responder"), bytes);

    public void AddYamux(bool initiator, byte[] bytes)
    {
        var role = initiator ? "client" : "server";
        var script = new EventScript();
        foreach (var chunk in bytes.Chunk(ChunkLength))
        {
            script.On(BytesEvent, chunk);
        }

        Add("wire.yamux.inbound." + role, bytes);
        Add("wire.yamux.session." + role, script.ToArray());
    }

    public void AddStream(RecordedStream stream)
    {
        var messages = Messages([.. stream.Received]);
        foreach (var name in EntriesByProtocol.GetValueOrDefault(stream.Protocol ?? string.Empty, []))
        {
            // Behind the words of the negotiation.
            var said = messages.SkipWhile(message => message.Length > 0 && message[^1] == '\n'
                && (message[0] == '/' || message[0] == 'n')).ToList();
            if (stream.Protocol == RelayProtocol.Stop)
            {
                // Behind the first message the stream is a connection of its own.
                said = [.. said.Take(1)];
            }

            var isFramed = EntryCatalog.All.FirstOrDefault(entry => entry.Name == name)?.Shape == InputShape.LengthPrefixed;
            foreach (var input in isFramed ? [[.. said.SelectMany(message => MessageWriter.Frame(message))]] : said)
            {
                Add(name, input);
            }
        }
    }

    /// <summary>Appends what is new to the files of the entries.</summary>
    public void Save()
    {
        foreach (var (entry, inputs) in _inputs.Where(pair => EntryCatalog.All.Any(known => known.Name == pair.Key)))
        {
            var path = Path.Combine(Directory.CreateDirectory(folder).FullName, entry + ".hex");
            var known = File.Exists(path) ? File.ReadAllLines(path).ToHashSet() : [];
            var added = inputs.Select(Convert.ToHexStringLower).Distinct().Where(line => !known.Contains(line)).ToList();
            if (added.Count > 0)
            {
                File.AppendAllLines(path, added.Prepend($"# heard from {from}"));
                Console.WriteLine($"{entry}: {added.Count} inputs");
            }
        }
    }

    private static List<byte[]> Messages(byte[] bytes)
    {
        var scanner = new MessageScanner(ushort.MaxValue);
        var messages = new List<byte[]>();
        var rest = bytes.AsSpan();
        while (!rest.IsEmpty && scanner.Read(rest, out var consumed) == ScanStatus.Message)
        {
            messages.Add(scanner.Message.ToArray());
            rest = rest[consumed..];
        }

        return messages;
    }

    private void Add(string entry, byte[] input)
    {
        if (input.Length > 0)
        {
            (_inputs.TryGetValue(entry, out var inputs) ? inputs : _inputs[entry] = []).Add(input);
        }
    }
}
