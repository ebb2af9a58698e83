using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Connections;

namespace NatActors.Protocols.AutoNat;

/// <summary>A peer that can dial back for this server, and the connection to ask it on.</summary>
public sealed record DialBackPartner(PeerId Peer, long Connection, IPAddress Ip);

/// <summary>
/// The partners of a server, and which are asked: configured ones before others, none that refused lately, those that have failed less before
/// those that have failed more, at random among equals; never one on this server's own IP address or on its client's, which would prove no
/// more than this server's own dial. Two are asked at a time, on different addresses: the server cannot know which hosts its client has
/// contacted, and of two one is more likely a stranger to it.
/// </summary>
public sealed class DialBackPartners
{
    /// <summary>Partners remembered at most; a handful does.</summary>
    public const int MaxPartners = 64;

    /// <summary>Partners asked for one request, at most.</summary>
    public const int AtOnce = 2;

    /// <summary>
    /// Failed dials in a row that make a difference: most clients cannot be dialed by anybody, so a few say nothing of the partner.
    /// </summary>
    private const int NotableFailures = 8;

    /// <summary>How long a partner that refused, or said nothing, is left alone. Ours: the minute of its limits.</summary>
    public static readonly TimeSpan Rest = AutoNatServerWindow.Length;

    private readonly IReadOnlySet<PeerId> _known;
    private readonly AutoNatServerPolicy _policy;
    private readonly RandomSource _random;
    private readonly Dictionary<long, Entry> _partners = [];

    /// <summary>No partner yet.</summary>
    /// <param name="known">The configured ones.</param>
    /// <param name="policy">Knows the own addresses, and whether private ones will do.</param>
    /// <param name="random">Chooses among equals.</param>
    public DialBackPartners(IReadOnlySet<PeerId> known, AutoNatServerPolicy policy, RandomSource random)
    {
        _known = known;
        _policy = policy;
        _random = random;
    }

    /// <summary>Partners remembered now.</summary>
    public int Count => _partners.Count;

    /// <summary>A connected peer speaks the partner protocol. Configured ones find room at the cost of others.</summary>
    public void OnSpeaks(AutoNatClient peer, long connection)
    {
        ArgumentNullException.ThrowIfNull(peer);
        if (peer.Ip is not { } ip || _partners.ContainsKey(connection) || (!_policy.AllowPrivate && !AddressScope.IsPublic(ip)))
        {
            return;
        }

        var isKnown = _known.Contains(peer.Peer);
        if (_partners.Count >= MaxPartners)
        {
            var other = _partners.FirstOrDefault(p => !_known.Contains(p.Value.Partner.Peer));
            if (!isKnown || other.Value is null)
            {
                return;
            }

            _partners.Remove(other.Key);
        }

        _partners.Add(connection, new Entry(new DialBackPartner(peer.Peer, connection, ip)));
    }

    /// <summary>The connection is gone, or the peer does not speak the protocol any more.</summary>
    public void OnGone(long connection) => _partners.Remove(connection);

    /// <summary>A partner was asked; one that did not dial is left alone for a while.</summary>
    public void OnOutcome(DialBackPartner partner, DialBackOutcome outcome, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(partner);
        if (!_partners.TryGetValue(partner.Connection, out var entry))
        {
            return;
        }

        if (outcome == DialBackOutcome.NotTried)
        {
            entry.RestsUntil = now + Rest;
        }

        entry.Failures = outcome switch
        {
            DialBackOutcome.Reached => 0,
            DialBackOutcome.DialError => entry.Failures + 1,
            _ => entry.Failures,
        };
    }

    /// <summary>The partners to ask for this client, <see cref="AtOnce"/> at most; empty when none fits.</summary>
    public IReadOnlyList<DialBackPartner> Choose(AutoNatClient client, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(client);
        var tooNear = _policy.Own.Append(client.Ip).OfType<IPAddress>().Select(AddressPrefix.Observer).ToHashSet();
        return
        [
            .. _partners.Values
                .Where(p => p.RestsUntil <= now && p.Partner.Peer != client.Peer && !tooNear.Contains(AddressPrefix.Observer(p.Partner.Ip)))
                .OrderBy(p => _known.Contains(p.Partner.Peer) ? 0 : 1)
                .ThenBy(p => p.Failures / NotableFailures)
                .ThenBy(_ => _random.NextInt(int.MaxValue))
                .Select(p => p.Partner)
                .DistinctBy(p => AddressPrefix.Observer(p.Ip))
                .Take(AtOnce),
        ];
    }

    private sealed class Entry(DialBackPartner partner)
    {
        public DialBackPartner Partner { get; } = partner;

        public TimeSpan RestsUntil { get; set; } = TimeSpan.MinValue;

        /// <summary>Dials in a row that did not come through.</summary>
        public int Failures { get; set; }
    }
}
