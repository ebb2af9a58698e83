using Akka.Actor;
using Akka.Event;
using NatActors.Transports;
using NatActors.Transports.Port;

namespace NatActors.Node.Port;

/// <content>Accepts: one at a time, so that the kernel's queue is the only one that a remote can fill.</content>
internal sealed partial class PortOwnerActor
{
    /// <summary>
    /// Accepted connections that may be open at a time, for each that the node may have; beyond it the kernel's queue holds the rest. The sink
    /// closes what exceeds its own limit; this one bounds what can stand in its mailbox.
    /// </summary>
    private const long OpenAcceptedForEach = 4;

    /// <summary>The same for a node that may have few: four times the default limit.</summary>
    private const long LeastOpenAccepted = 4096;

    /// <summary>
    /// Accepts that may fail in a row (descriptors short, say) before the port is bound anew: a second at the pause below.
    /// </summary>
    private const int MaxAcceptFailures = 10;

    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);
    private readonly Dictionary<long, IConduit> _accepted = [];
    private bool _accepting;
    private int _openAccepted;
    private int _acceptFailures;

    private long MaxOpenAccepted => Math.Max(LeastOpenAccepted, OpenAcceptedForEach * _node.Options.Connections.MaxConnections);

    private void Accept()
    {
        if (_binding is null || _accepting || !_listening || _openAccepted >= MaxOpenAccepted)
        {
            return;
        }

        _accepting = true;
        var binding = _binding;
        binding.AcceptAsync(CancellationToken.None).PipeTo(
            Self,
            success: conduit => new ConnectionAccepted(binding, conduit),
            failure: error => new AcceptFailed(binding, error));
    }

    private void OnConnectionAccepted(ConnectionAccepted accepted)
    {
        if (accepted.Binding != _binding)
        {
            // From before a restart.
            accepted.Conduit?.Abort();
            return;
        }

        _accepting = false;
        _acceptFailures = 0;
        if (accepted.Conduit is { } conduit)
        {
            Welcome(conduit);
            Accept();
        }
    }

    private void OnAcceptFailed(AcceptFailed failed)
    {
        if (failed.Binding != _binding)
        {
            return;
        }

        _accepting = false;
        if (++_acceptFailures > MaxAcceptFailures)
        {
            throw new IOException($"Nothing can be accepted on {_binding.LocalAddress} any more.", failed.Cause);
        }

        _log.Warning("{0} Trying again.", failed.Cause.Message);
        Timers.StartSingleTimer(nameof(AcceptAgain), AcceptAgain.Instance, AcceptPause);
    }

    private void Welcome(IConduit conduit)
    {
        if (!conduit.RemoteAddress.TryGetTcpEndPoint(out var remote))
        {
            conduit.Abort();
            return;
        }

        _node.Contacted.OnAccepted(remote);
        var key = ++_lastKey;
        _openAccepted++;
        _accepted.Add(key, new OwnedConduit(conduit, Self, new PortMessages.ConduitClosed(remote, WasAccepted: true)));
        Play(_schedule.OnAccepted(key, remote, Now));
    }

    private void DrainAcceptQueue()
    {
        foreach (var conduit in _binding!.TakeAccepted())
        {
            Welcome(conduit);
        }

        Play(_schedule.OnAcceptQueueDrained(Now));
    }

    private sealed record ConnectionAccepted(IPortBinding Binding, IConduit? Conduit) : IDeadLetterSuppression, ILostProperty
    {
        public void Discard() => Conduit?.Abort();
    }

    private sealed record AcceptFailed(IPortBinding Binding, Exception Cause) : IDeadLetterSuppression;

    private sealed record AcceptAgain
    {
        public static AcceptAgain Instance { get; } = new();
    }
}
