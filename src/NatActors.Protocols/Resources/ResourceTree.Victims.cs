namespace NatActors.Protocols.Resources;

/// <summary>Whom a full scope takes from. Searched only when a shared limit is met.</summary>
public sealed partial class ResourceTree
{
    /// <summary>
    /// Streams that gave up their place and whose servers do not know it yet, at most; then none is named any more. Ours: servers notice a
    /// reset at once, and one that does not must not let a remote have more streams served than the limit, by much.
    /// </summary>
    public const int MaxVacated = 256;

    private int _vacated;

    /// <summary>
    /// A victim is being ended: a stream's place is free at once, its memory once it is given back; a connection's own memory is free at once.
    /// It is still to be closed.
    /// </summary>
    public void Vacate(ResourceScope victim)
    {
        switch (victim)
        {
            case StreamScope { IsClosed: false, IsVacated: false } stream:
                stream.IsVacated = true;
                _vacated++;
                CountStream(stream, -1);
                break;
            case ConnectionScope { OwnMemory: var own and > 0 } connection:
                Charge(connection, -own);
                connection.OwnMemory = 0;
                ForgetIfEmpty(connection);
                break;
        }
    }

    /// <summary>What holds most memory at the peer that holds most of it, unless the asker would then hold as much; null when it would.</summary>
    private ResourceScope? Largest(SharedScope full, PeerScope? asker, long asked)
    {
        PeerScope? richest = null;
        var most = (asker is null ? 0 : MemoryIn(full, asker)) + asked;
        foreach (var peer in _peers.Values)
        {
            if (!ReferenceEquals(peer, asker) && MemoryIn(full, peer) is var held && held > most)
            {
                (richest, most) = (peer, held);
            }
        }

        return richest is null ? null : Evict(LargestOf(richest, full));
    }

    /// <summary>The newest inbound stream of the peer that has most of them, unless the asker would then have as many; null when it would.</summary>
    private ResourceScope? Newest(SharedScope full, PeerScope? asker)
    {
        if (_vacated >= MaxVacated)
        {
            return null;
        }

        PeerScope? richest = null;
        var most = (asker is null ? 0 : StreamsIn(full, asker)) + 1;
        foreach (var peer in _peers.Values)
        {
            if (!ReferenceEquals(peer, asker) && StreamsIn(full, peer) is var held && held > most)
            {
                (richest, most) = (peer, held);
            }
        }

        return richest is null ? null : Evict(NewestOf(richest, full));
    }

    private long MemoryIn(SharedScope full, PeerScope peer) =>
        ReferenceEquals(full, System) ? peer.Memory : full.Shares.GetValueOrDefault(peer)?.Memory ?? 0;

    private int StreamsIn(SharedScope full, PeerScope peer) =>
        ReferenceEquals(full, System) ? peer.InboundStreams : full.Shares.GetValueOrDefault(peer)?.InboundStreams ?? 0;

    private ResourceScope? LargestOf(PeerScope peer, SharedScope full)
    {
        ResourceScope? largest = null;
        long most = 0;
        foreach (var connection in peer.Connections)
        {
            if (ReferenceEquals(full, System) && !connection.IsEvicted && connection.OwnMemory > most)
            {
                (largest, most) = (connection, connection.OwnMemory);
            }

            for (var stream = connection.Newest; stream is not null; stream = stream.Older)
            {
                if (!stream.IsEvicted && stream.Memory > most && IsIn(stream, full))
                {
                    (largest, most) = (stream, stream.Memory);
                }
            }
        }

        return largest;
    }

    private StreamScope? NewestOf(PeerScope peer, SharedScope full)
    {
        for (var i = peer.Connections.Count - 1; i >= 0; i--)
        {
            for (var stream = peer.Connections[i].Newest; stream is not null; stream = stream.Older)
            {
                if (stream is { IsInbound: true, IsClosed: false, IsVacated: false } && IsIn(stream, full))
                {
                    return stream;
                }
            }
        }

        return null;
    }

    private bool IsIn(StreamScope stream, SharedScope full) => ReferenceEquals(full, System) || ReferenceEquals(stream.Share.Whole, full);

    private static ResourceScope? Evict(ResourceScope? victim)
    {
        switch (victim)
        {
            case StreamScope stream: stream.IsEvicted = true; break;
            case ConnectionScope connection: connection.IsEvicted = true; break;
        }

        return victim;
    }
}
