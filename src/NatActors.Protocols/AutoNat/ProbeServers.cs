using NatActors.Multiformats;

namespace NatActors.Protocols.AutoNat;

/// <summary>A peer that said who it is, over one direct connection.</summary>
public sealed record ProbePeer
{
    /// <summary>The peer.</summary>
    public required PeerId Peer { get; init; }

    /// <summary>The connection.</summary>
    public required long ConnectionId { get; init; }

    /// <summary>Its end of the connection.</summary>
    public required Multiaddr Remote { get; init; }

    /// <summary>The protocols that it speaks.</summary>
    public required IReadOnlyCollection<string> Protocols { get; init; }

    /// <summary>Where it says that it listens: what it can dial itself.</summary>
    public IReadOnlyList<Multiaddr> Listens { get; init; } = [];

    /// <summary>What it calls itself.</summary>
    public string Agent { get; init; } = "";

    /// <summary>True when this node dialed it: nobody can crowd out those that it chose itself. Default false.</summary>
    public bool Dialed { get; init; }
}

/// <summary>A peer that can be asked, and how it has behaved.</summary>
internal sealed class ProbeServer(PeerId peer, ulong rank)
{
    // js-libp2p's version 1 server answers over the connection that exists instead of dialing back: its verdict is worthless (protocols 21).
    private const string WorthlessV1 = "js-libp2p";
    private const int MaxConnections = 8;
    private const int MaxOutstanding = 2;

    private readonly Dictionary<long, Multiaddr> _connections = [];
    private IReadOnlyList<ReachabilityPath> _paths = [];
    private int _troubles;

    public PeerId Peer { get; } = peer;

    /// <summary>Random, to choose between equals.</summary>
    public ulong Rank { get; } = rank;

    public bool SpeaksV1 { get; private set; }

    public bool SpeaksV2 { get; private set; }

    /// <summary>It can have strangers dial back.</summary>
    public bool HasPartners { get; private set; }

    /// <summary>This node has dialed it.</summary>
    public bool Dialed { get; private set; }

    public bool IsConnected => _connections.Count > 0;

    /// <summary>The questions that it has not answered yet.</summary>
    public int Outstanding { get; set; }

    /// <summary>It would reject a further question (go-libp2p autonatv2: two at a time for one peer).</summary>
    public bool IsBusy => Outstanding >= MaxOutstanding;

    public TimeSpan PausedUntil { get; private set; } = TimeSpan.MinValue;

    public TimeSpan LastAsked { get; set; } = TimeSpan.MinValue;

    public TimeSpan LastSeen { get; set; }

    public string LastAnswer { get; set; } = "";

    /// <summary>How often it claimed a success that never arrived, since the last true word.</summary>
    public int Lies { get; private set; }

    /// <summary>What it claims is not believed: twice it claimed a success that never arrived.</summary>
    public bool IsDiscredited => Lies > 1;

    /// <summary>It has been of no use several times in a row; nobody waits for it.</summary>
    public bool IsUseless(TimeSpan now) => _troubles > 2 && PausedUntil > now;

    public void OnSpoken(ProbePeer said, TimeSpan now)
    {
        LastSeen = now;
        Dialed |= said.Dialed;
        if (_connections.Count < MaxConnections || _connections.ContainsKey(said.ConnectionId))
        {
            _connections[said.ConnectionId] = said.Remote;
        }

        SpeaksV2 = said.Protocols.Contains(AutoNatProtocol.V2DialRequest);
        SpeaksV1 = said.Protocols.Contains(AutoNatProtocol.V1) && !said.Agent.StartsWith(WorthlessV1, StringComparison.Ordinal);
        HasPartners = SpeaksV2 && said.Protocols.Contains(AutoNatProtocol.Partner);
        _paths = [.. said.Listens.Append(said.Remote).Select(ReachabilityPath.Of).OfType<ReachabilityPath>().Distinct()];
    }

    public void OnConnectionGone(long connectionId, TimeSpan now)
    {
        _connections.Remove(connectionId);
        LastSeen = now;
    }

    /// <summary>The connection to ask by, and the server's end of it; null when there is none that fits.</summary>
    public (long Connection, Multiaddr Remote)? ConnectionFor(ProbeSubject subject)
    {
        foreach (var (id, remote) in _connections)
        {
            if (subject.Fits(remote.Host!, _paths))
            {
                return (id, remote);
            }
        }

        return null;
    }

    /// <summary>It was of use, or of none.</summary>
    public void OnAnswered(ProbeResult result, ReachabilityOptions options, TimeSpan now)
    {
        Outstanding--;
        LastAnswer = result.Detail;
        switch (result.Trouble)
        {
            case ProbeTrouble.None:
                _troubles = 0;
                Lies = result.Outcome is WitnessOutcome.Reached or WitnessOutcome.ReachedByStranger ? 0 : Lies;
                break;
            case ProbeTrouble.DialRefused:
                // It concerns the address, not the server.
                _troubles = 0;
                break;
            default:
                Lies += result.Trouble == ProbeTrouble.Lied ? 1 : 0;
                PausedUntil = now + ProbeSchedule.Doubled(options.FirstServerPause, _troubles, options.MaxServerPause);
                _troubles++;
                break;
        }
    }

    /// <summary>The network is another: a failure may have been ours.</summary>
    public void Forgive()
    {
        PausedUntil = TimeSpan.MinValue;
        _troubles = 0;
    }
}

/// <summary>
/// The peers that can be asked, bounded: the longest gone ones are forgotten first, and one that this node dialed takes the place of one that
/// came by itself.
/// </summary>
internal sealed class ProbeServers(ReachabilityOptions options, RandomSource random)
{
    private readonly Dictionary<PeerId, ProbeServer> _all = [];
    private readonly Dictionary<long, ProbeServer> _byConnection = [];

    public IEnumerable<ProbeServer> All => _all.Values;

    /// <summary>True while a connected peer speaks version 2.</summary>
    public bool AnyV2 => _all.Values.Any(s => s.IsConnected && s.SpeaksV2);

    /// <summary>True while a connected peer speaks version 1.</summary>
    public bool AnyV1 => _all.Values.Any(s => s.IsConnected && s.SpeaksV1);

    /// <summary>A peer said what it speaks.</summary>
    /// <returns>The server if it is new, or speaks now what it did not speak before; else null.</returns>
    public ProbeServer? OnPeer(ProbePeer said, TimeSpan now)
    {
        var isServer = said.Protocols.Contains(AutoNatProtocol.V2DialRequest) || said.Protocols.Contains(AutoNatProtocol.V1);
        if (said.Remote.IsRelayed || said.Remote.Host is null || (!isServer && !_all.ContainsKey(said.Peer)))
        {
            return null;
        }

        if (!_all.TryGetValue(said.Peer, out var server))
        {
            if (!MakeRoom(said.Dialed))
            {
                return null;
            }

            server = new ProbeServer(said.Peer, random.NextUInt64());
            _all[said.Peer] = server;
        }

        var before = (server.IsConnected, server.SpeaksV1, server.SpeaksV2, server.HasPartners);
        server.OnSpoken(said, now);
        _byConnection[said.ConnectionId] = server;
        return before == (server.IsConnected, server.SpeaksV1, server.SpeaksV2, server.HasPartners) ? null : server;
    }

    public void OnConnectionGone(long connectionId, TimeSpan now)
    {
        if (_byConnection.Remove(connectionId, out var server))
        {
            server.OnConnectionGone(connectionId, now);
        }
    }

    /// <summary>The servers that could be asked about the subject, now or after a pause.</summary>
    public IEnumerable<ProbeServer> For(ProbeSubject subject) =>
        _all.Values.Where(s => (subject.IsV1 ? s.SpeaksV1 : s.SpeaksV2) && s.ConnectionFor(subject) is not null);

    private bool MakeRoom(bool isDialed)
    {
        if (_all.Count < options.MaxServers)
        {
            return true;
        }

        var idle = _all.Values.Where(s => s.Outstanding == 0).ToList();
        var gone = idle.Where(s => !s.IsConnected).MinBy(s => s.LastSeen)
            ?? (isDialed ? idle.Where(s => !s.Dialed).MinBy(s => s.LastSeen) : null);
        if (gone is null)
        {
            return false;
        }

        foreach (var (connection, _) in _byConnection.Where(c => c.Value == gone).ToList())
        {
            _byConnection.Remove(connection);
        }

        return _all.Remove(gone.Peer);
    }
}
