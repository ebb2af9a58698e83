using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Transports.Port;
using NatActors.Transports.Security;

namespace NatActors.Node.Port;

/// <summary>
/// One punch whose remotes belong to several ports, as IPv4 and IPv6 do: a part at each port's owner, one answer.
/// <code>
/// waiting ─┬─ a part is through ─► answer; the dialer's side cancels the rest, the listener's side lets it linger ─► stop when all ended
///          └─ all parts failed ──► answer, stop
/// stopped before ─► answer Aborted
/// </code>
/// </summary>
internal sealed class PunchActor : UntypedActor, IWithTimers
{
    /// <summary>As the owner's schedule does within one port: the dialer's side chooses, and that is known here soon after.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(1);

    private readonly NodeContext _node;
    private readonly PortMessages.Punch _punch;
    private readonly (IActorRef Owner, List<Multiaddr> Remotes)[] _parts;
    private readonly List<string> _failures = [];
    private ConnectFailureKind _kind;
    private int _ended;
    private bool _answered;

    public PunchActor(NodeContext node, PortMessages.Punch punch, Dictionary<IActorRef, List<Multiaddr>> parts)
    {
        _node = node;
        _punch = punch;
        _parts = [.. parts.Select(part => (part.Key, part.Value))];
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        for (var part = 0; part < _parts.Length; part++)
        {
            var (owner, remotes) = _parts[part];
            owner.Tell(_punch with { Id = part, Remotes = remotes, ReplyTo = Self });
        }
    }

    protected override void PostStop()
    {
        if (!_answered)
        {
            Fail(new ConnectFailure(ConnectFailureKind.Aborted, "The ports were closed."));
        }
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case PortMessages.Punched punched: OnPunched(punched); break;
            case PortMessages.PunchFailed failed: OnFailed(failed); break;
            case PortMessages.CancelDial cancel: OnCancel(cancel); break;
            case PortMessages.StartPunch start: OnStart(start); break;
            case LingerOver: CancelParts(); break;
            default: Unhandled(message); break;
        }
    }

    private void OnPunched(PortMessages.Punched punched)
    {
        if (_answered)
        {
            // Further connections of an answered punch: the peer may have chosen this one.
            _node.Refs.Connections.Tell(new PortMessages.Accepted(punched.Conduit) { Role = punched.Role });
        }
        else
        {
            _answered = true;
            _punch.ReplyTo.Tell(punched with { Id = _punch.Id });
            if (_punch.Role == ConnectionRole.Dialer)
            {
                CancelParts();
            }
            else
            {
                Timers.StartSingleTimer(nameof(LingerOver), LingerOver.Instance, Linger);
            }
        }

        PartEnded();
    }

    private void OnFailed(PortMessages.PunchFailed failed)
    {
        _failures.Add(failed.Failure.Detail);
        _kind = failed.Failure.Kind;
        PartEnded();
    }

    private void PartEnded()
    {
        if (++_ended < _parts.Length)
        {
            return;
        }

        if (!_answered)
        {
            Fail(new ConnectFailure(_kind, string.Join(" ", _failures.Distinct())));
        }

        Context.Stop(Self);
    }

    private void OnCancel(PortMessages.CancelDial cancel)
    {
        if (cancel.Id == _punch.Id && cancel.ReplyTo.Equals(_punch.ReplyTo))
        {
            CancelParts();
        }
    }

    private void OnStart(PortMessages.StartPunch start)
    {
        if (start.Id == _punch.Id && start.ReplyTo.Equals(_punch.ReplyTo))
        {
            for (var part = 0; part < _parts.Length; part++)
            {
                _parts[part].Owner.Tell(new PortMessages.StartPunch(part, Self));
            }
        }
    }

    private void CancelParts()
    {
        for (var part = 0; part < _parts.Length; part++)
        {
            _parts[part].Owner.Tell(new PortMessages.CancelDial(part, Self));
        }
    }

    private void Fail(ConnectFailure failure)
    {
        _answered = true;
        _punch.ReplyTo.Tell(new PortMessages.PunchFailed(_punch.Id, failure));
    }

    private sealed record LingerOver
    {
        public static LingerOver Instance { get; } = new();
    }
}
