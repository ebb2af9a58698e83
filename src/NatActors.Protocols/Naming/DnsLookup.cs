using System.Net;
using NatActors.Multiformats;

namespace NatActors.Protocols.Naming;

/// <summary>
/// One question to the configured name servers: in order, each again in the next round, over TCP when the answer did not fit (RFC 1035
/// section 4.2, RFC 7766), without EDNS when the server cannot read that (RFC 6891 section 7). Time is an argument; call
/// <see cref="OnDeadline"/> when <see cref="NextDeadline"/> comes.
/// </summary>
/// <remarks>
/// <code>
/// Start --ask server--> waiting --values, no such name, no data--> finished
///                          ^ |--too slow, refused, garbage, broken: next server; after the last round --> finished, failed
///                          +-+--truncated: the same over TCP; cannot read EDNS: the same without
/// </code>
/// </remarks>
public sealed class DnsLookup(DnsQuestion question, DnsLookupOptions options, RandomSource random)
{
    private readonly List<string> _causes = [];
    private int _step = -1;
    private int _try;
    private ushort _id;
    private bool _overTcp;
    private bool _extended;

    /// <summary>The question.</summary>
    public DnsQuestion Question => question;

    /// <summary>When to call <see cref="OnDeadline"/>, or null.</summary>
    public TimeSpan? NextDeadline { get; private set; }

    private IPEndPoint Server => options.Servers[_step % options.Servers.Count];

    /// <summary>Begins.</summary>
    public DnsLookupEffect Start(TimeSpan now) => options.Servers.Count == 0
        ? Finish(DnsOutcome.Failure("no name server is configured: name one in /etc/resolv.conf or in the option NameServers"))
        : NextServer(now);

    /// <summary>A message came from the asked server; null when it is not the answer to the last try.</summary>
    public DnsLookupEffect? OnAnswer(int tried, ReadOnlySpan<byte> message, TimeSpan now)
    {
        if (NextDeadline is null || tried != _try)
        {
            return null;
        }

        var decoded = DnsCodec.Decode(message, _id, question);
        return decoded.Response is { } response ? Judge(response, now) : Failed($"sent what is no answer: {decoded.Fault}", now);
    }

    /// <summary>The server cannot be asked, or the connection to it broke; null when that was not the last try.</summary>
    public DnsLookupEffect? OnAskFailed(int tried, string reason, TimeSpan now) =>
        NextDeadline is null || tried != _try ? null : Failed(reason, now);

    /// <summary>Time went by; null when nothing is due.</summary>
    public DnsLookupEffect? OnDeadline(TimeSpan now) =>
        NextDeadline is { } deadline && now >= deadline ? Failed($"did not answer within {options.Timeout.TotalSeconds:0.#} s", now) : null;

    private DnsLookupEffect Judge(DnsResponse response, TimeSpan now)
    {
        if (response.Truncated && !_overTcp)
        {
            return Ask(overTcp: true, _extended, now);
        }

        switch (response.Code)
        {
            case DnsCode.NoError when response.Addresses.Count + response.Texts.Count > 0:
                return Finish(new DnsOutcome(DnsOutcomeKind.Found, response.Addresses, response.Texts, response.TimeToLive, string.Empty));
            case DnsCode.NoError:
                return Finish(Negative(DnsOutcomeKind.NoData, response));
            case DnsCode.NxDomain:
                return Finish(Negative(DnsOutcomeKind.NoSuchName, response));
            case DnsCode.FormErr or DnsCode.NotImp when _extended:
                return Ask(_overTcp, extended: false, now);
            default:
                return Failed($"said {InWords(response.Code)}", now);
        }
    }

    private DnsOutcome Negative(DnsOutcomeKind kind, DnsResponse response)
    {
        var what = question.Type switch
        {
            DnsType.A => "IPv4 address",
            DnsType.Aaaa => "IPv6 address",
            _ => "TXT record",
        };
        var detail = kind == DnsOutcomeKind.NoSuchName
            ? $"the name server {Shown(Server)} says that {question.Name} does not exist; check how it is written"
            : $"the name server {Shown(Server)} says that {question.Name} has no {what}";
        return new DnsOutcome(kind, [], [], response.TimeToLive, detail);
    }

    private DnsLookupEffect Failed(string cause, TimeSpan now)
    {
        var line = $"{Shown(Server)} {cause}";
        if (!_causes.Contains(line))
        {
            _causes.Add(line);
        }

        return _step + 1 < options.Servers.Count * options.Attempts
            ? NextServer(now)
            : Finish(DnsOutcome.Failure(
                $"no name server answered for {question.Name} ({string.Join("; ", _causes)}); check the network and the configured name servers"));
    }

    private DnsLookupEffect NextServer(TimeSpan now)
    {
        _step++;
        return Ask(overTcp: false, extended: true, now);
    }

    // A new id for every try, so that a late or forged answer to an earlier one is none to this.
    private DnsLookupEffect.Ask Ask(bool overTcp, bool extended, TimeSpan now)
    {
        (_overTcp, _extended, _id) = (overTcp, extended, (ushort)random.NextUInt64());
        _try++;
        NextDeadline = now + options.Timeout;
        return new DnsLookupEffect.Ask(_try, Server, DnsCodec.EncodeQuery(_id, question, extended), overTcp);
    }

    private DnsLookupEffect.Finished Finish(DnsOutcome outcome)
    {
        NextDeadline = null;
        return new DnsLookupEffect.Finished(outcome);
    }

    private static string Shown(IPEndPoint server) => server.Port == DnsPort ? server.Address.ToString() : server.ToString();

    private static string InWords(DnsCode code) => code switch
    {
        DnsCode.FormErr => "that it cannot read the question (FORMERR)",
        DnsCode.ServFail => "that it failed, or the zone's servers did (SERVFAIL)",
        DnsCode.NotImp => "that it does not know that kind of question (NOTIMP)",
        DnsCode.Refused => "that it does not serve this node (REFUSED)",
        _ => $"the unknown code {(int)code}",
    };

    /// <summary>The port of name servers (RFC 1035 section 4.2).</summary>
    public const int DnsPort = 53;
}
