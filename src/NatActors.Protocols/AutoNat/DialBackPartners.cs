using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Connections;

namespace NatActors.Protocols.AutoNat;

/// <summary>A peer that can dial back for this server, and the connection to ask it on.</summary>
public sealed record DialBackPartner(PeerId Peer, long Connection, IPAddress Ip);

/// <summary>
/// The partners of a server, and which one is asked: a configured one before others, one that did not fail lately, at random among equals;
/// never one on this server's own IP address or on its client's, which would prove no more than this server's own dial.
/// </summary>
public sealed class DialBackPartners
{
    /// <summary>Partners remembered at most; a handful does.</summary>
    public const int MaxPartners = 64;

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
        if (outcome == DialBackOutcome.NotTried && _partners.TryGetValue(partner.Connection, out var entry))
        {
            entry.RestsUntil = now + Rest;
        }
    }

    /// <summary>The partner to ask for this client, or null when none fits.</summary>
    public DialBackPartner? Choose(AutoNatClient client, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(client);
        var tooNear = _policy.Own.Append(client.Ip).OfType<IPAddress>().Select(AddressPrefix.Observer).ToHashSet();
        var fit = _partners.Values
            .Where(p => p.RestsUntil <= now && p.Partner.Peer != client.Peer && !tooNear.Contains(AddressPrefix.Observer(p.Partner.Ip)))
            .Select(p => p.Partner)
            .ToArray();
        var known = Array.FindAll(fit, p => _known.Contains(p.Peer));
        var best = known.Length > 0 ? known : fit;
        return best.Length == 0 ? null : best[_random.NextInt(best.Length)];
    }

    private sealed class Entry(DialBackPartner partner)
    {
        public DialBackPartner Partner { get; } = partner;

        public TimeSpan RestsUntil { get; set; } = TimeSpan.MinValue;
    }
}
