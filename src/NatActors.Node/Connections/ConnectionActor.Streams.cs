using Akka.Actor;
using NatActors.Node.Resources;
using NatActors.Node.Streams;
using NatActors.Protocols.Resources;
using NatActors.Transports.Muxing;

namespace NatActors.Node.Connections;

/// <summary>The streams of a connection: opened by its peer, asked for by this node.</summary>
public sealed partial class ConnectionActor
{
    private void OnRawOpened(RawOpened opened) =>
        Spawn(opened.Stream, new StreamSeed(opened.Stream, _info!, null, false) { Resources = opened.Resources });

    private static void Drop(RawOpened opened)
    {
        opened.Stream.Reset();
        opened.Resources?.Close();
    }

    private void OnOpenStream(ConnectionsMessages.OpenStream open)
    {
        if (_info!.Limited && !open.AllowLimited)
        {
            Refuse(open, StreamFailureKind.LimitedConnection, "the only connection is relayed and limited; allow limited connections to use it");
            return;
        }

        ResourceRefusal? refusal = null;
        var resources = _resources?.OpenStream(inbound: false, out refusal);
        if (refusal is not null)
        {
            Refuse(open, StreamFailureKind.ResourceLimit, refusal.Describe());
            return;
        }

        if (_link!.TryOpenStream() is not { } stream)
        {
            resources?.Close();
            if (_link.IsOpenForStreams)
            {
                Refuse(open, StreamFailureKind.TooManyStreams, "the peer has not acknowledged the streams opened before");
            }
            else
            {
                HandBack(open);
            }

            return;
        }

        var lazy = open.Protocols.Count == 1 && (open.AtOnce || _peerSpeaks.Contains(open.Protocols[0]));
        resources?.Attach(stream);
        Spawn(stream, new StreamSeed(stream, _info, open, lazy) { Resources = resources });
    }

    private void Spawn(IMuxedStream stream, StreamSeed seed)
    {
        var actor = Context.ActorOf(Props.Create(typeof(StreamActor), _node, seed), $"stream-{stream.Id}");
        _streams[stream.Id] = actor;
        if (_streams.Count == 1)
        {
            _connections.Tell(new ConnectionMessages.StreamsChanged(_seed.Id, 1));
        }
    }

    private void OnRawEnded(RawEnded ended)
    {
        if (_streams.Remove(ended.StreamId, out var stream))
        {
            stream.Tell(new StreamMessages.StreamEnded(ended.End));
            if (_streams.Count == 0)
            {
                _connections.Tell(new ConnectionMessages.StreamsChanged(_seed.Id, 0));
            }
        }
    }

    // The parent may not know yet that this connection is going; a request that it passed on meanwhile is not to be lost.
    private void HandBack(ConnectionsMessages.OpenStream open) => _connections.Tell(new ConnectionMessages.OpenElsewhere(_seed.Id, open));

    private static void Refuse(ConnectionsMessages.OpenStream open, StreamFailureKind kind, string detail) =>
        open.ReplyTo.Tell(new ConnectionsMessages.StreamFailed(open.Id, new StreamFailure(kind, detail)));

    /// <summary>What makes room of this connection, on any thread: the link ends at once, and the actor knows why.</summary>
    private static Action<ResourceRefusal> CutWith(IActorRef self, IMuxedLink link) => refusal =>
    {
        self.Tell(new ConnectionMessages.Cut($"another peer needed its memory: {refusal.Describe()}"), ActorRefs.NoSender);
        link.Abort();
    };

    /// <summary>
    /// Hands the link's events to the actor. A stream takes its place here and keeps it until its actor has stopped, its handler included: so
    /// a peer that opens and resets streams as fast as it can fills neither the mailbox nor the handlers.
    /// </summary>
    private sealed class LinkToActor(IActorRef self, ConnectionResources? resources) : IMuxedLinkEvents
    {
        public bool StreamOpened(IMuxedStream stream)
        {
            StreamResources? held = null;
            if (resources is not null)
            {
                held = resources.OpenStream(inbound: true, out _);
                if (held is null)
                {
                    return false;
                }

                held.Attach(stream);
            }

            self.Tell(new RawOpened(stream, held), ActorRefs.NoSender);
            return true;
        }

        public void StreamEnded(IMuxedStream stream, StreamEnd end) => self.Tell(new RawEnded(stream.Id, end), ActorRefs.NoSender);

        public void RoundTripMeasured(TimeSpan roundTripTime) => self.Tell(new RttMeasured(roundTripTime), ActorRefs.NoSender);
    }
}
