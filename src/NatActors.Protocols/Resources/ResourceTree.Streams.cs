namespace NatActors.Protocols.Resources;

/// <summary>Streams, and what they hold.</summary>
public sealed partial class ResourceTree
{
    /// <summary>A stream is opened on a connection whose peer is known; its protocol is not yet.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="inbound">True when the peer opened it.</param>
    /// <param name="stream">The stream's scope when it is granted; to be closed once, or with its connection.</param>
    public ResourceDecision OpenStream(ConnectionScope connection, bool inbound, out StreamScope? stream)
    {
        stream = null;
        if (connection.IsClosed || connection.Peer is not { } peer)
        {
            return new(connection.Refusal(ResourceKind.Streams, 0, 0, 1));
        }

        if ((connection.RefuseStream(inbound) ?? peer.RefuseStream(inbound) ?? (inbound ? RefuseWhileCrowded(connection, peer) : null)) is { } own)
        {
            return new(own);
        }

        if (RefuseStream(Transient, peer, inbound) is { } full)
        {
            return full;
        }

        stream = new StreamScope(connection, inbound, Transient.ShareOf(peer), _limits.Stream) { Older = connection.Newest };
        if (connection.Newest is { } newest)
        {
            newest.Newer = stream;
        }

        connection.Newest = stream;
        StreamCount++;
        CountStream(stream, 1);
        return default;
    }

    /// <summary>The stream's protocol is agreed: it leaves the transient scope.</summary>
    public ResourceDecision Agree(StreamScope stream, string protocol)
    {
        if (stream.IsClosed || stream.IsVacated)
        {
            return new(stream.Refusal(ResourceKind.Streams, 0, 0, 1));
        }

        if (!ReferenceEquals(stream.Share.Whole, Transient))
        {
            return default;
        }

        var whole = _protocols.GetValueOrDefault(protocol);
        var peer = stream.Connection.Peer!;
        if (whole is null)
        {
            var (all, onePeer) = _limits.Of(protocol);
            whole = new SharedScope(ResourceScopeKind.Protocol, protocol, all, onePeer);
        }

        var share = whole.ShareOf(peer);
        ResourceDecision decision = (share.RefuseStream(stream.IsInbound) ?? share.RefuseMemory(stream.Memory)) is { } own
            ? new(own)
            : RefuseHere(whole, peer, stream.IsInbound) ?? (whole.RefuseMemory(stream.Memory) is { } full
                ? new(full, Largest(whole, peer, stream.Memory))
                : default);
        if (!decision.IsGranted)
        {
            ForgetIfEmpty(share);
            return decision;
        }

        _protocols.TryAdd(protocol, whole);
        Move(stream, share);
        return default;
    }

    /// <summary>The stream is over. What it still holds counts until it is given back. A second time is nothing.</summary>
    public void Close(StreamScope stream)
    {
        if (stream.IsClosed)
        {
            return;
        }

        stream.IsClosed = true;
        if (stream.IsVacated)
        {
            _vacated--;
        }
        else
        {
            CountStream(stream, -1);
        }

        ForgetIfEmpty(stream);
    }

    /// <summary>Memory for what was received on a stream and not read yet.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="bytes">How much.</param>
    /// <param name="nameVictim">False to be refused without a victim: the asker cannot make room now.</param>
    public ResourceDecision Take(StreamScope stream, long bytes, bool nameVictim = true)
    {
        if (stream.IsClosed || stream.IsVacated)
        {
            return new(stream.Refusal(ResourceKind.Memory, 0, stream.Memory, bytes));
        }

        var peer = stream.Connection.Peer!;
        var own = stream.RefuseMemory(bytes) ?? stream.Connection.RefuseMemory(bytes) ?? peer.RefuseMemory(bytes)
            ?? stream.Share.RefuseMemory(bytes);
        if (own is not null)
        {
            return new(own);
        }

        var whole = stream.Share.Whole;
        if (whole.RefuseMemory(bytes) is { } full)
        {
            return new(full, nameVictim ? Largest(whole, peer, bytes) : null);
        }

        if (System.RefuseMemory(bytes) is { } systemFull)
        {
            return new(systemFull, nameVictim ? Largest(System, peer, bytes) : null);
        }

        Charge(stream, bytes);
        return default;
    }

    /// <summary>Gives memory of a stream back.</summary>
    public void Return(StreamScope stream, long bytes)
    {
        Charge(stream, -bytes);
        ForgetIfEmpty(stream);
    }

    private void Charge(StreamScope stream, long bytes)
    {
        stream.AddMemory(bytes);
        stream.Share.AddMemory(bytes);
        stream.Share.Whole.AddMemory(bytes);
        Charge(stream.Connection, bytes);
    }

    private void CountStream(StreamScope stream, int count)
    {
        var inbound = stream.IsInbound;
        stream.AddStream(inbound, count);
        stream.Connection.AddStream(inbound, count);
        stream.Connection.Peer!.AddStream(inbound, count);
        stream.Share.AddStream(inbound, count);
        stream.Share.Whole.AddStream(inbound, count);
        System.AddStream(inbound, count);
    }

    private static void Move(StreamScope stream, ShareScope to)
    {
        var from = stream.Share;
        from.AddStream(stream.IsInbound, -1);
        from.Whole.AddStream(stream.IsInbound, -1);
        from.AddMemory(-stream.Memory);
        from.Whole.AddMemory(-stream.Memory);
        to.AddStream(stream.IsInbound, 1);
        to.Whole.AddStream(stream.IsInbound, 1);
        to.AddMemory(stream.Memory);
        to.Whole.AddMemory(stream.Memory);
        stream.Share = to;
    }

    /// <summary>Streams come before memory: who holds more than an equal share while the node, or itself, fills up gets no new ones.</summary>
    private ResourceRefusal? RefuseWhileCrowded(ConnectionScope connection, PeerScope peer)
    {
        ResourceScope? crowded = connection.IsFilled(CrowdedPercent) ? connection
            : peer.IsFilled(CrowdedPercent) ? peer
            : System.IsFilled(CrowdedPercent) && peer.Memory > System.Limits.Memory / _peers.Count ? System
            : null;
        return crowded is null
            ? null
            : crowded.Refusal(ResourceKind.Memory, crowded.Limits.Memory, crowded.Memory, Segment) with { Percent = CrowdedPercent };
    }

    private ResourceDecision? RefuseStream(SharedScope place, PeerScope peer, bool inbound) =>
        RefuseHere(place, peer, inbound) ?? RefuseHere(System, peer, inbound);

    private ResourceDecision? RefuseHere(SharedScope place, PeerScope peer, bool inbound) =>
        place.RefuseStream(inbound) is { } full ? new ResourceDecision(full, Newest(place, inbound ? peer : null)) : null;

    private void ForgetIfEmpty(StreamScope stream)
    {
        if (!stream.IsClosed || stream.Memory > 0 || stream.IsForgotten)
        {
            return;
        }

        stream.IsForgotten = true;
        StreamCount--;
        var (newer, older) = (stream.Newer, stream.Older);
        if (newer is not null)
        {
            newer.Older = older;
        }
        else
        {
            stream.Connection.Newest = older;
        }

        if (older is not null)
        {
            older.Newer = newer;
        }

        (stream.Newer, stream.Older) = (null, null);
        ForgetIfEmpty(stream.Share);
        ForgetIfEmpty(stream.Connection);
    }

    private void ForgetIfEmpty(ShareScope share)
    {
        var whole = share.Whole;
        if (ReferenceEquals(whole, Transient) || !share.Usage.IsZero)
        {
            return;
        }

        whole.Forget(share);
        if (whole.Shares.Count == 0 && ReferenceEquals(_protocols.GetValueOrDefault(whole.Name), whole))
        {
            _protocols.Remove(whole.Name);
        }
    }
}
