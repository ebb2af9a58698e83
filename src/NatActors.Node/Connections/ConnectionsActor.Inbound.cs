using System.Net;
using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;

namespace NatActors.Node.Connections;

/// <summary>Who may begin a handshake, and who loses his for it.</summary>
public sealed partial class ConnectionsActor
{
    private readonly FloodLog _refusals = new();

    private string? Refusal(long id, ConnectionsMessages.Adopt adopt, bool inbound)
    {
        if (_closingAll is { } closing)
        {
            return closing;
        }

        if (!inbound)
        {
            return null;
        }

        if (_node.Gater.RefuseAccept(adopt.Conduit.RemoteAddress) is { } gated)
        {
            return gated;
        }

        IPAddress? source = adopt.Relayed ? null : adopt.Conduit.RemoteAddress.Host;
        var decision = _table.OnInbound(id, source, Now);
        if (decision.Displaced is { } displaced)
        {
            Displace(displaced);
        }

        CountRefusal(decision.Refusal);
        return Words(decision.Refusal);
    }

    /// <summary>A handshake that takes its time gives its place to a newcomer. The table has forgotten it already.</summary>
    private void Displace(long id)
    {
        if (_pending.Remove(id, out var pending))
        {
            const string Reason = "its handshake took a place that a newcomer needed";
            _node.Metrics.OnDisplaced();
            pending.Fail(DialFailureKind.Refused, Reason);
            pending.Actor.Tell(new ConnectionMessages.Close(Reason));
        }
    }

    private void OnRefused(Multiaddr remote, string reason)
    {
        if (_refusals.MayLog(Now, out var others))
        {
            _log.Info("Refused a connection from {0}: {1}{2}", remote, reason, others);
        }
    }
}
