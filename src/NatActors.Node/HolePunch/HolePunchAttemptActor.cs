using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Port;
using NatActors.Node.Streams;
using NatActors.Protocols.HolePunch;
using NatActors.Transports;
using NatActors.Transports.Port;
using NatActors.Transports.Security;

namespace NatActors.Node.HolePunch;

/// <summary>
/// Carries out one hole punch; the rules are <see cref="PunchInitiator"/>'s or <see cref="PunchResponder"/>'s.
/// <code>
/// Punching (the machine's states) --it ended--> Draining --port and stream requests answered--> stop
/// </code>
/// Draining: what was asked for and comes late, a punched conduit or a stream, is cut and not leaked.
/// </summary>
public sealed class HolePunchAttemptActor : UntypedActor, IWithTimers
{
    private const string Tag = "hole-punch";

    private readonly NodeContext _node;
    private readonly AttemptSeed _seed;
    private readonly PeerId _peer;
    private readonly PunchAttempt _machine;
    private readonly DcutrStream _stream;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private long _lastId;
    private long? _opening;
    private long? _punching;
    private long? _reversing;
    private long? _adopting;
    private PunchEffect.Punch? _punch;
    private IConduit? _punched;

    /// <summary>Creates the actor; it starts at once.</summary>
    public HolePunchAttemptActor(NodeContext node, AttemptSeed seed)
    {
        _node = node;
        _seed = seed;
        _peer = seed.Relayed.Peer;
        _machine = seed.Initiator
            ? new PunchInitiator(seed.Options, seed.Own, Now)
            : new PunchResponder(seed.Options, seed.Own, Now);
        _stream = new DcutrStream(Self);
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private static TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    /// <inheritdoc />
    protected override void PreStart()
    {
        _node.Refs.Connections.Tell(new ConnectionsMessages.Protect(_seed.Relayed.Id, Tag));
        _node.Refs.Connections.Tell(new ConnectionsMessages.GetSnapshot());
        Become(Punching);
        Apply(_machine is PunchInitiator initiator ? initiator.Start(Now) : ((PunchResponder)_machine).Start(Now));
        if (_seed.Known is { } known)
        {
            Apply(_machine.OnPeerIdentified(known.Agent, known.Addresses, Now));
        }
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _stream.Reset();
        _node.Refs.Connections.Tell(new ConnectionsMessages.Unprotect(_seed.Relayed.Id, Tag));
    }

    /// <inheritdoc />
    protected override void OnReceive(object message) => Unhandled(message);

    private void Punching(object message)
    {
        switch (message)
        {
            case HolePunchMessages.OwnAddressesAre own: Apply(_machine.OnOwnAddresses(own.Own, Now)); break;
            case HolePunchMessages.PeerIs peer: Apply(_machine.OnPeerIdentified(peer.Agent, peer.Addresses, Now)); break;
            case HolePunchMessages.PeerOpened opened: OnPeerOpened(opened.Stream); break;
            case HolePunchMessages.DirectIsUp direct: Apply(_machine.OnDirectConnection(direct.Inbound, Now)); break;
            case HolePunchMessages.RelayedIsDown: Apply(_machine.OnRelayLost(Now)); break;
            case HolePunchMessages.Superseded: Apply(_machine.OnSuperseded(Now)); break;
            case HolePunchMessages.StreamReceived received: OnReceived(received); break;
            case HolePunchMessages.StreamEnded ended: OnStreamEnded(ended.Number); break;
            case HolePunchMessages.StreamRefused refused: OnStreamRefused(refused); break;
            case Deadline: Apply(_machine.OnDeadline(Now)); break;
            default: Answers(message); break;
        }
    }

    private void Answers(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.StreamOpened opened: OnStreamOpened(opened); break;
            case ConnectionsMessages.StreamFailed failed: OnStreamFailed(failed); break;
            case ConnectionsMessages.Dialed dialed: OnDialed(dialed); break;
            case ConnectionsMessages.DialFailed failed: OnDialFailed(failed); break;
            case ConnectionsMessages.Snapshot snapshot: OnSnapshot(snapshot); break;
            case PortMessages.Punched punched: OnPunched(punched); break;
            case PortMessages.PunchFailed failed: OnPunchFailed(failed); break;
            default: Unhandled(message); break;
        }
    }

    private void Draining(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.StreamOpened opened: opened.Stream.Reset(); Drained(ref _opening, opened.Id); break;
            case ConnectionsMessages.StreamFailed failed: Drained(ref _opening, failed.Id); break;
            case PortMessages.Punched punched: punched.Conduit.Abort(); Drained(ref _punching, punched.Id); break;
            case PortMessages.PunchFailed failed: Drained(ref _punching, failed.Id); break;
            case HolePunchMessages.PeerOpened opened: opened.Stream.Reset(); break;
            case HolePunchMessages.OwnAddressesAre or HolePunchMessages.PeerIs or HolePunchMessages.Superseded: break;
            case HolePunchMessages.DirectIsUp or HolePunchMessages.RelayedIsDown or ConnectionsMessages.Dialed or ConnectionsMessages.DialFailed: break;
            case HolePunchMessages.StreamReceived or HolePunchMessages.StreamEnded or HolePunchMessages.StreamRefused: break;
            case ConnectionsMessages.Snapshot or Deadline: break;
            default: Unhandled(message); break;
        }
    }

    private void OnPeerOpened(PeerStream stream)
    {
        if (_machine is not PunchResponder responder)
        {
            stream.Reset();
            return;
        }

        _stream.Use(stream, _node.Stopping);
        Apply(responder.OnStreamOpened(Now));
    }

    private void OnReceived(HolePunchMessages.StreamReceived received)
    {
        if (received.Number == _stream.Number)
        {
            _stream.ReadNext();
            Apply(_machine.OnMessage(received.Message, Now));
        }
    }

    private void OnStreamEnded(long number)
    {
        if (number == _stream.Number)
        {
            Apply(_machine.OnStreamEnded(Now));
        }
    }

    private void OnStreamRefused(HolePunchMessages.StreamRefused refused)
    {
        if (refused.Number == _stream.Number && _machine is PunchInitiator initiator)
        {
            Apply(refused.NotSupported ? initiator.OnStreamFailed(true, refused.Detail, Now) : initiator.OnStreamEnded(Now));
        }
    }

    private void OnStreamOpened(ConnectionsMessages.StreamOpened opened)
    {
        if (_opening != opened.Id || _machine is not PunchInitiator initiator)
        {
            opened.Stream.Reset();
            return;
        }

        _opening = null;
        _stream.Use(opened.Stream, _node.Stopping);
        Apply(initiator.OnStreamOpened(Now));
    }

    private void OnStreamFailed(ConnectionsMessages.StreamFailed failed)
    {
        if (_opening == failed.Id && _machine is PunchInitiator initiator)
        {
            _opening = null;
            var notSupported = failed.Failure.Kind == StreamFailureKind.ProtocolNotSupported;
            Apply(initiator.OnStreamFailed(notSupported, failed.Failure.Detail, Now));
        }
    }

    private void OnDialed(ConnectionsMessages.Dialed dialed)
    {
        if (dialed.Id == _adopting && !dialed.Connection.Peer.Equals(_peer))
        {
            _adopting = null;
            _punched = null;
            Apply(_machine.OnUpgradeFailed(Now));
        }
        else if (dialed.Id == _adopting || dialed.Id == _reversing)
        {
            Apply(_machine.OnDirectConnection(dialed.Connection.Direction == ConnectionDirection.Inbound, Now));
        }
    }

    private void OnDialFailed(ConnectionsMessages.DialFailed failed)
    {
        if (failed.Id == _adopting)
        {
            _adopting = null;
            _punched = null;
            _log.Debug("The punched connection to {0} came to nothing: {1}", _peer, failed.Failure.Detail);
            Apply(_machine.OnUpgradeFailed(Now));
        }
        else if (failed.Id == _reversing && _machine is PunchInitiator initiator)
        {
            _reversing = null;
            _log.Debug("The reversal to {0} came to nothing: {1}", _peer, failed.Failure.Detail);
            Apply(initiator.OnReversalFailed(Now));
        }
    }

    private void OnSnapshot(ConnectionsMessages.Snapshot snapshot)
    {
        if (snapshot.Connections.FirstOrDefault(c => c.Connection.Id == _seed.Relayed.Id)?.RoundTripTime is { } roundTrip)
        {
            _machine.OnRelayRoundTrip(roundTrip);
        }
    }

    private void OnPunched(PortMessages.Punched punched)
    {
        if (_punching != punched.Id)
        {
            punched.Conduit.Abort();
            return;
        }

        _punching = null;
        _adopting = ++_lastId;
        _log.Debug("Punched through to {0} at {1}, {2}", _peer, punched.Remote, punched.Accepted ? "accepted" : "connected");
        Apply(_machine.OnPunched(Now));
        var direction = punched.Accepted ? ConnectionDirection.Inbound : ConnectionDirection.Outbound;
        var named = !punched.Accepted || _punch!.Remotes.Contains(punched.Remote.WithoutPeerId());

        // A connection from an unnamed port may be the peer's reversal, which goes on beside the rounds and is in no round's way: the end
        // of a round must not cut it, for it may be up already.
        _punched = named ? punched.Conduit : null;
        var (role, speakAfter) = named ? (_punch!.Role, _punch.SpeakAfter) : _punch!.ForUnnamedPort();
        _node.Refs.Connections.Tell(new ConnectionsMessages.Adopt(punched.Conduit, ToNode(role), direction)
        {
            // From an unnamed port somebody else behind the same NAT may have come; it is welcome as whoever it is.
            ExpectedPeer = named ? _peer : null,
            PortReused = true,
            Punched = true,
            SpeakAfter = speakAfter,
            Id = _adopting.Value,
            ReplyTo = Self,
        });
    }

    private void OnPunchFailed(PortMessages.PunchFailed failed)
    {
        if (_punching == failed.Id)
        {
            _punching = null;
            _log.Debug("Round {0} with {1} failed: {2}", _machine.Round, _peer, failed.Failure.Detail);
            Apply(_machine.OnPunchFailed(ToFailure(failed.Failure.Kind), Now));
        }
    }

    private void Apply(IReadOnlyList<PunchEffect> effects)
    {
        foreach (var effect in effects)
        {
            switch (effect)
            {
                case PunchEffect.OpenStream open: OpenStream(open.AtOnce); break;
                case PunchEffect.Send send: _stream.Send(send.Message); break;
                case PunchEffect.EndStream end: _stream.End(end.Reset); break;
                case PunchEffect.Reverse reverse: Reverse(reverse.Addresses); break;
                case PunchEffect.CancelReversal: CancelReversal(); break;
                case PunchEffect.Punch punch: Punch(punch); break;
                case PunchEffect.StartPunch: TellPorts(id => new PortMessages.StartPunch(id, Self)); break;
                case PunchEffect.CancelPunch: CancelPunch(); break;
                case PunchEffect.Started started: _node.Events.Publish(new NodeEvents.PunchStarted(_peer, started.Round)); break;
                case PunchEffect.Ended ended: OnEnded(ended); return;
            }
        }

        Timers.WakeAt(nameof(Deadline), Deadline.Instance, _machine.NextDeadline, Now);
    }

    private void OpenStream(bool atOnce)
    {
        _opening = ++_lastId;
        _node.Refs.Connections.Tell(
            new ConnectionsMessages.OpenStream(_opening.Value, _peer, [HolePunchCodec.Protocol], AllowLimited: true, Self)
            {
                OnConnection = _seed.Relayed.Id,
                AtOnce = atOnce,
            });
    }

    private void Reverse(IReadOnlyList<Multiaddr> addresses)
    {
        _reversing = ++_lastId;
        _node.Refs.Connections.Tell(
            new ConnectionsMessages.Dial(_reversing.Value, _peer, [.. addresses.Select(a => a.WithPeerId(_peer))], Self)
            {
                From = DialPort.Fresh,
                ForceDirect = true,
            });
    }

    private void CancelReversal()
    {
        if (_reversing is { } id)
        {
            _reversing = null;
            _node.Refs.Connections.Tell(new ConnectionsMessages.CancelDial(id, Self));
        }
    }

    private void Punch(PunchEffect.Punch punch)
    {
        _punching = ++_lastId;
        _punch = punch;
        _node.Refs.Ports.Tell(new PortMessages.Punch(_punching.Value, punch.Remotes, punch.Window, ToNode(punch.Role), Self)
        {
            Delay = punch.Delay,
        });
    }

    private void CancelPunch()
    {
        TellPorts(id => new PortMessages.CancelDial(id, Self));
        _punched?.Abort();
        _punched = null;
        _adopting = null;
    }

    private void TellPorts(Func<long, object> message)
    {
        if (_punching is { } id)
        {
            _node.Refs.Ports.Tell(message(id));
        }
    }

    private void OnEnded(PunchEffect.Ended ended)
    {
        Timers.CancelAll();
        var outcome = ended.End switch
        {
            PunchEnd.Direct => PunchOutcome.Direct,
            PunchEnd.Relayed => PunchOutcome.Relayed,
            _ => PunchOutcome.Cancelled,
        };
        var over = new NodeEvents.PunchEnded(_peer, outcome, ended.Round, ended.Elapsed, ended.Reason) { Time = _node.WallClock.GetUtcNow() };
        Context.Parent.Tell(new HolePunchMessages.Over(over));
        _node.Events.Publish(over);
        Become(Draining);
        StopWhenDrained();
    }

    private void Drained(ref long? request, long id)
    {
        if (request == id)
        {
            request = null;
            StopWhenDrained();
        }
    }

    private void StopWhenDrained()
    {
        if (_opening is null && _punching is null)
        {
            Context.Stop(Self);
        }
    }

    private static ConnectionRole ToNode(PunchRole role) => role == PunchRole.Dialer ? ConnectionRole.Dialer : ConnectionRole.Listener;

    private static PunchDialFailure ToFailure(ConnectFailureKind kind) => kind switch
    {
        ConnectFailureKind.Refused or ConnectFailureKind.Reset => PunchDialFailure.Refused,
        ConnectFailureKind.TimedOut => PunchDialFailure.NoAnswer,
        ConnectFailureKind.Unreachable => PunchDialFailure.Unreachable,
        ConnectFailureKind.TupleInUse => PunchDialFailure.TupleInUse,
        ConnectFailureKind.NotPermitted => PunchDialFailure.NotPermitted,
        _ => PunchDialFailure.Other,
    };

    private sealed record Deadline
    {
        public static readonly Deadline Instance = new();
    }
}
