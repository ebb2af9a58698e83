using System.Net;
using NatActors.Multiformats;

namespace NatActors.Protocols.Naming;

/// <summary>Bounds of what one address may lead to. A peer may own the zone.</summary>
public sealed record NameResolutionOptions
{
    /// <summary>How often a <c>/dnsaddr</c> may lead to another name. Default 4 (go-multiaddr-dns follows as many).</summary>
    public int MaxDepth { get; init; } = 4;

    /// <summary>Addresses found at most. Default 100 (go-libp2p's swarm).</summary>
    public int MaxAddresses { get; init; } = 100;

    /// <summary>Questions asked at most. Default 32. Ours.</summary>
    public int MaxQuestions { get; init; } = 32;
}

/// <summary>What a <see cref="NameResolution"/> came to: addresses, or, without any, why.</summary>
/// <param name="Addresses">Addresses on numbers.</param>
/// <param name="Failure">Why there is none, in words for a person; null when there is one.</param>
public sealed record ResolvedNames(IReadOnlyList<Multiaddr> Addresses, string? Failure);

/// <summary>
/// Turns one address with a name at its head into those that it stands for (libp2p specs, addressing/README.md, "IP and Name Resolution"):
/// <c>/dns4</c> and <c>/dns6</c> by one family, <c>/dns</c> by both, <c>/dnsaddr/NAME/…</c> by the TXT records <c>dnsaddr=…</c> of
/// <c>_dnsaddr.NAME</c>, those that end in what follows the name; they may hold names again.
/// </summary>
/// <remarks>
/// Ask what <see cref="Questions"/> says, answer each by <see cref="OnAnswer"/>, until <see cref="Result"/> is there. The part of an
/// address up to <c>/p2p-circuit</c> is resolved, the rest is kept.
/// </remarks>
public sealed class NameResolution
{
    private const string DnsAddrLabel = "_dnsaddr.";
    private const string DnsAddrKey = "dnsaddr=";

    private readonly NameResolutionOptions _options;
    private readonly Dictionary<DnsQuestion, List<Item>> _waiting = [];
    private readonly Queue<DnsQuestion> _toAsk = new();
    private readonly HashSet<Multiaddr> _seen = [];
    private readonly List<Multiaddr> _found = [];
    private readonly List<string> _causes = [];
    private int _asked;

    /// <summary>Begins with an address.</summary>
    public NameResolution(Multiaddr address, NameResolutionOptions options)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        Take(address, depth: 0);
    }

    /// <summary>The outcome, or null while answers are missing.</summary>
    public ResolvedNames? Result => _waiting.Count > 0 ? null : Outcome();

    /// <summary>Questions that are new since the last call; each is asked once.</summary>
    public IEnumerable<DnsQuestion> Questions()
    {
        while (_toAsk.TryDequeue(out var question))
        {
            yield return question;
        }
    }

    /// <summary>A question was answered. Others than those asked are ignored.</summary>
    public void OnAnswer(DnsQuestion question, DnsOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        if (!_waiting.Remove(question, out var items))
        {
            return;
        }

        if (outcome.Kind != DnsOutcomeKind.Found)
        {
            Complain(outcome.Detail);
        }

        foreach (var item in items)
        {
            if (question.Type == DnsType.Txt)
            {
                OnTexts(item, outcome.Texts);
            }
            else
            {
                OnAddresses(item, outcome.Addresses);
            }
        }
    }

    /// <summary>No further answer is waited for: what was found so far, or why nothing was.</summary>
    public ResolvedNames GiveUp(string cause)
    {
        Complain(cause);
        return Outcome();
    }

    private ResolvedNames Outcome() =>
        new(_found, _found.Count > 0 ? null : _causes.Count > 0 ? string.Join("; ", _causes) : "the name leads to no address");

    private void OnAddresses(Item item, IReadOnlyList<IPAddress> addresses)
    {
        foreach (var address in addresses)
        {
            var head = address.ToString().Contains(':', StringComparison.Ordinal) ? $"/ip6/{address}" : $"/ip4/{address}";
            var whole = item.Rest is { } rest ? Join(Multiaddr.Parse(head), rest) : Multiaddr.Parse(head);
            if (whole is not null)
            {
                Found(whole);
            }
        }
    }

    private void OnTexts(Item item, IReadOnlyList<string> texts)
    {
        var (before, unread) = (_seen.Count, 0);
        foreach (var text in texts.Where(t => t.StartsWith(DnsAddrKey, StringComparison.Ordinal)))
        {
            if (!Multiaddr.TryParse(text[DnsAddrKey.Length..], out var address, out _))
            {
                unread++;
            }
            else if (EndsIn(address, item.Wanted))
            {
                Take(item.Circuit is { } circuit ? Join(address, circuit) : address, item.Depth + 1);
            }
        }

        if (_seen.Count == before && texts.Count > 0)
        {
            Complain(unread > 0
                ? $"the TXT records of {DnsAddrLabel}{item.Name} hold no address that this node can read"
                : $"the TXT records of {DnsAddrLabel}{item.Name} hold no dnsaddr={(item.Wanted is { } w ? $"…{w}" : "…")}");
        }
    }

    private void Take(Multiaddr? address, int depth)
    {
        // What is only a name counts too: it may be the peer's zone that lists them.
        if (address is null || _seen.Count > _options.MaxAddresses || !_seen.Add(address))
        {
            return;
        }

        if (!address.UsesDns)
        {
            Found(address);
            return;
        }

        if (depth > _options.MaxDepth)
        {
            Complain($"the names lead on more than {_options.MaxDepth} times");
            return;
        }

        var head = address.Components[0];
        var text = head.Protocol == MultiaddrProtocol.DnsAddr ? DnsAddrLabel + head.Text : head.Text;
        if (!DnsName.TryParse(text, out var name, out var error))
        {
            Complain(error);
            return;
        }

        var item = Item.Of(address, head.Text, depth);
        foreach (var type in TypesOf(head.Protocol))
        {
            Want(new DnsQuestion(name, type), item);
        }
    }

    private void Want(DnsQuestion question, Item item)
    {
        if (_waiting.TryGetValue(question, out var items))
        {
            items.Add(item);
        }
        else if (_asked >= _options.MaxQuestions)
        {
            Complain($"the names lead to more than {_options.MaxQuestions} others");
        }
        else
        {
            // One that was answered already is asked again: whoever asks for us keeps answers.
            _asked++;
            _waiting.Add(question, [item]);
            _toAsk.Enqueue(question);
        }
    }

    private void Found(Multiaddr address)
    {
        if (_found.Count < _options.MaxAddresses && !_found.Contains(address))
        {
            _found.Add(address);
        }
    }

    private void Complain(string cause)
    {
        if (!_causes.Contains(cause))
        {
            _causes.Add(cause);
        }
    }

    private static DnsType[] TypesOf(MultiaddrProtocol protocol) =>
        protocol == MultiaddrProtocol.DnsAddr ? [DnsType.Txt]
        : protocol == MultiaddrProtocol.Dns4 ? [DnsType.A]
        : protocol == MultiaddrProtocol.Dns6 ? [DnsType.Aaaa]
        : [DnsType.Aaaa, DnsType.A];

    private static bool EndsIn(Multiaddr address, Multiaddr? wanted) =>
        wanted is null
        || (address.Components.Count >= wanted.Components.Count
            && address.Components.Skip(address.Components.Count - wanted.Components.Count).Select(c => c.ToString())
                .SequenceEqual(wanted.Components.Select(c => c.ToString())));

    // Too long together: nothing that anybody can dial.
    private static Multiaddr? Join(Multiaddr head, Multiaddr tail) =>
        head.Bytes.Length + tail.Bytes.Length > Multiaddr.MaxLength ? null : head.Append(tail);

    /// <summary>An address whose name is being looked up.</summary>
    /// <param name="Name">The name at its head, as written.</param>
    /// <param name="Rest">All that follows the name.</param>
    /// <param name="Wanted">What follows the name up to a circuit: what the records have to end in.</param>
    /// <param name="Circuit">The circuit and what follows it.</param>
    /// <param name="Depth">How many names led to it.</param>
    private sealed record Item(string Name, Multiaddr? Rest, Multiaddr? Wanted, Multiaddr? Circuit, int Depth)
    {
        public static Item Of(Multiaddr address, string name, int depth)
        {
            var parts = address.Components.Skip(1).Select(c => c.ToString()).ToList();
            var circuit = parts.IndexOf("/p2p-circuit");
            var wanted = circuit < 0 ? parts : parts[..circuit];
            return new Item(name, Of(parts), Of(wanted), circuit < 0 ? null : Of(parts[circuit..]), depth);
        }

        private static Multiaddr? Of(List<string> parts) => parts.Count == 0 ? null : Multiaddr.Parse(string.Concat(parts));
    }
}
