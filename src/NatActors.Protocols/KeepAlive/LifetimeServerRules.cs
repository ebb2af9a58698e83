using System.Buffers.Binary;
using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Connections;

namespace NatActors.Protocols.KeepAlive;

/// <summary>How much a server of <see cref="LifetimeProtocol"/> gives.</summary>
public sealed record LifetimeLimits
{
    /// <summary>The shortest silence. Above zero; default one second.</summary>
    public TimeSpan ShortestSilence { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest silence. Default three minutes: a mapping that lives so long needs no refresh before the longest interval.</summary>
    public TimeSpan LongestSilence { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>Mappings measured at once for one network (IPv4 address, IPv6 /56). At least 1; default 32: four peers behind one NAT.</summary>
    public int MappingsPerNetwork { get; init; } = 32;

    /// <summary>Mappings measured at once, each a socket and a timer. At least 1; default 512.</summary>
    public int Mappings { get; init; } = 512;

    /// <summary>How long a token is good for. Default 20 s: a connect with its retransmissions.</summary>
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How often one network may ask. Default once in ten seconds, eight after a rest.</summary>
    public RateLimit AsksPerNetwork { get; init; } = new(0.1, 8);

    /// <summary>How often all together may ask. Default four a second, 64 after a rest.</summary>
    public RateLimit Asks { get; init; } = new(4, 64);
}

/// <summary>The answer to ASK.</summary>
/// <param name="Refusal">Why not; <see cref="LifetimeRefusal.None"/> when granted.</param>
/// <param name="Ask">The number of what was granted. Its places are taken until <see cref="LifetimeServerRules.OnAskEnded"/>.</param>
/// <param name="Tokens">A token for each mapping, in the order of the silences.</param>
public sealed record LifetimeDecision(LifetimeRefusal Refusal, long Ask, IReadOnlyList<ReadOnlyMemory<byte>> Tokens);

/// <summary>What a token stands for.</summary>
/// <param name="Ask">The number of the ask.</param>
/// <param name="Mapping">The mapping's place in it.</param>
/// <param name="Silence">How long to be silent.</param>
public sealed record LifetimeTicket(long Ask, int Mapping, TimeSpan Silence);

/// <summary>Whom a server of <see cref="LifetimeProtocol"/> helps, within its limits.</summary>
public sealed class LifetimeServerRules
{
    // One IPv4 address, one IPv6 household.
    private const int IPv4Length = 32;
    private const int IPv6Length = 56;

    private readonly LifetimeLimits _limits;
    private readonly RandomSource _random;
    private readonly PrefixRateLimiter _limiter;
    private readonly Dictionary<long, Running> _running = [];
    private readonly Dictionary<UInt128, Token> _tokens = [];
    private long _lastAsk;

    /// <summary>Rules with nobody served yet.</summary>
    public LifetimeServerRules(LifetimeLimits limits, RandomSource random, TimeSpan now)
    {
        _limits = limits;
        _random = random;
        _limiter = new PrefixRateLimiter(limits.Asks, [new PrefixRate(IPv4Length, IPv6Length, limits.AsksPerNetwork)], now);
    }

    /// <summary>Mappings granted whose ask has not ended.</summary>
    public int Mappings => _running.Values.Sum(r => r.Mappings);

    /// <summary>A peer asks.</summary>
    /// <param name="peer">Who.</param>
    /// <param name="source">From where.</param>
    /// <param name="silences">For how long to be silent, for each mapping.</param>
    /// <param name="now">Monotonic time.</param>
    public LifetimeDecision OnAsk(PeerId peer, IPAddress source, IReadOnlyList<TimeSpan> silences, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(silences);
        var network = AddressPrefix.Observer(source);
        var refusal = Judge(peer, source, network, silences, now);
        if (refusal != LifetimeRefusal.None)
        {
            return new LifetimeDecision(refusal, 0, []);
        }

        var ask = ++_lastAsk;
        _running.Add(ask, new Running(peer, network, silences.Count));
        var tokens = new List<ReadOnlyMemory<byte>>();
        for (var i = 0; i < silences.Count; i++)
        {
            var token = new byte[LifetimeProtocol.TokenLength];
            _random.Fill(token);
            _tokens[Key(token)] = new Token(new LifetimeTicket(ask, i, silences[i]), now + _limits.TokenLifetime);
            tokens.Add(token);
        }

        return new LifetimeDecision(LifetimeRefusal.None, ask, tokens);
    }

    /// <summary>A connection brought a token: what to do for it, or null. Each is good once.</summary>
    public LifetimeTicket? OnToken(ReadOnlySpan<byte> token, TimeSpan now) =>
        token.Length == LifetimeProtocol.TokenLength && _tokens.Remove(Key(token), out var found) && now < found.Expires ? found.Ticket : null;

    /// <summary>An ask is over: its places are free, its tokens worthless. Unknown ones are ignored.</summary>
    public void OnAskEnded(long ask)
    {
        if (_running.Remove(ask))
        {
            foreach (var (key, token) in _tokens)
            {
                if (token.Ticket.Ask == ask)
                {
                    _tokens.Remove(key);
                }
            }
        }
    }

    private LifetimeRefusal Judge(PeerId peer, IPAddress source, AddressPrefix network, IReadOnlyList<TimeSpan> silences, TimeSpan now)
    {
        if (silences.Count is 0 or > LifetimeCodec.MaxMappings
            || silences.Any(silence => silence < _limits.ShortestSilence || silence > _limits.LongestSilence))
        {
            return LifetimeRefusal.OutOfRange;
        }

        if (_running.Values.Any(r => r.Peer.Equals(peer)))
        {
            return LifetimeRefusal.Busy;
        }

        var ofNetwork = _running.Values.Where(r => r.Network == network).Sum(r => r.Mappings);
        if (Mappings + silences.Count > _limits.Mappings || ofNetwork + silences.Count > _limits.MappingsPerNetwork)
        {
            return LifetimeRefusal.TooMany;
        }

        return _limiter.TryTake(source, now) ? LifetimeRefusal.None : LifetimeRefusal.TooOften;
    }

    private static UInt128 Key(ReadOnlySpan<byte> token) => BinaryPrimitives.ReadUInt128BigEndian(token);

    private sealed record Running(PeerId Peer, AddressPrefix Network, int Mappings);

    private sealed record Token(LifetimeTicket Ticket, TimeSpan Expires);
}
