using System.Net;
using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Protocols.Port;
using NatActors.Transports;
using NatActors.Transports.Port;

namespace NatActors.Node.Port;

/// <summary>
/// Owns one bound TCP port: every bind, accept, dial and punch of it goes through here, one at a time. Which of them may use a 4-tuple is
/// the rule of <see cref="SharedPortSchedule"/>; this actor carries its effects out, holds what they name, and knows who asked.
/// <code>
/// PreStart: bind ─┬─ failed ─► OpenFailed to the parent ─► Closed: every request is refused
///                 └─ bound ──► Opened to the parent ────► Open
/// Open:   Dial, Punch ─► a dial-n child each, and the schedule ─► connects, aborts, answers to the children
///         one accept at a time, piped here ─► the schedule ─► a punch, or the sink
///         accepts that keep failing ─► exception ─► restarted: bound anew
/// </code>
/// </summary>
internal sealed partial class PortOwnerActor : UntypedActor, IWithTimers
{
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly NodeContext _node;
    private readonly Multiaddr _address;
    private readonly bool _listening;
    private readonly SharedPortSchedule _schedule;
    private readonly Dictionary<(IActorRef ReplyTo, long Id), long> _keys = [];
    private readonly Dictionary<long, Request> _requests = [];
    private readonly Dictionary<long, Connect> _connects = [];
    private IPortBinding? _binding;
    private ConnectEnded? _justConnected;
    private ConnectFailure _closed = new(ConnectFailureKind.Aborted, "The port is closed.");
    private long _lastKey;

    /// <summary>For one address; listening, or only dialing.</summary>
    public PortOwnerActor(NodeContext node, Multiaddr address, bool listening)
    {
        _node = node;
        _address = address;
        _listening = listening;
        _schedule = new SharedPortSchedule(node.Random);
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

    /// <inheritdoc />
    protected override void PreStart()
    {
        var transport = _node.Transports.FirstOrDefault(transport => transport.CanListen(_address));
        var result = transport is null
            ? new BindResult(null, BindFailureKind.NotSupported, $"No transport here speaks {_address}.")
            : _listening ? transport.Bind(_address) : transport.BindForDialing(_address);
        if (result.Binding is { } binding)
        {
            _binding = binding;
            Context.Parent.Tell(new PortMessages.Opened(binding.LocalAddress, binding.LocalEndPoint));
            Become(Open);
            Accept();
        }
        else
        {
            _closed = new ConnectFailure(ConnectFailureKind.Unreachable, result.Detail!);
            Context.Parent.Tell(new PortMessages.OpenFailed(result.Failure!.Value, result.Detail!));
            Become(Closed);
        }
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        foreach (var connect in _connects.Values)
        {
            connect.Cancellation.Cancel();
        }

        // Closing a listener is one system call: nothing to wait for.
        _ = _binding?.DisposeAsync();
    }

    /// <inheritdoc />
    protected override void OnReceive(object message) => Unhandled(message);

    private void Open(object message)
    {
        switch (message)
        {
            case PortMessages.Dial dial: OnDial(dial); break;
            case PortMessages.Punch punch: OnPunch(punch); break;
            case PortMessages.CancelDial cancel: OnCancel(cancel); break;
            case PortMessages.StartPunch start: OnStartPunch(start); break;
            case PortMessages.ConduitClosed closed: OnConduitClosed(closed); break;
            case DialMessages.GiveUp giveUp: Play(_schedule.OnCancelled(giveUp.Key, Now)); break;
            case DialMessages.Gone gone: OnGone(gone.Key); break;
            case ConnectEnded ended: OnConnectEnded(ended); break;
            case ConnectionAccepted accepted: OnConnectionAccepted(accepted); break;
            case AcceptFailed failed: OnAcceptFailed(failed); break;
            case AcceptAgain: Accept(); break;
            case Tick: Play(_schedule.OnTimer(Now)); break;
            default: Unhandled(message); break;
        }
    }

    private void Closed(object message)
    {
        switch (message)
        {
            case PortMessages.Dial dial: dial.ReplyTo.Tell(new PortMessages.DialFailed(dial.Id, _closed)); break;
            case PortMessages.Punch punch: punch.ReplyTo.Tell(new PortMessages.PunchFailed(punch.Id, _closed)); break;
            case PortMessages.CancelDial or PortMessages.StartPunch or PortMessages.ConduitClosed: break;
            case ConnectEnded ended: ended.Result.Conduit?.Abort(); break;
            case ConnectionAccepted accepted: accepted.Conduit?.Abort(); break;
            case AcceptFailed: break;
            default: Unhandled(message); break;
        }
    }

    private void OnDial(PortMessages.Dial dial)
    {
        if (!dial.Address.TryGetTcpEndPoint(out var remote))
        {
            var failure = new ConnectFailure(ConnectFailureKind.Unreachable, $"{dial.Address} is no IP address with a TCP port.");
            dial.ReplyTo.Tell(new PortMessages.DialFailed(dial.Id, failure));
            return;
        }

        var key = Register(dial.Id, dial.ReplyTo, dial.Timeout, failure => new PortMessages.DialFailed(dial.Id, failure));
        if (key is { } registered)
        {
            Play(_schedule.OnDialRequested(registered, remote, dial.From == DialPort.Fresh, Now));
        }
    }

    private void OnPunch(PortMessages.Punch punch)
    {
        var remotes = new List<IPEndPoint>();
        foreach (var address in punch.Remotes)
        {
            if (address.TryGetTcpEndPoint(out var remote))
            {
                // From here on a connection of theirs is expected, so it is no stranger's.
                _node.Contacted.OnContact(remote);
                remotes.Add(remote);
            }
        }

        var key = Register(punch.Id, punch.ReplyTo, null, failure => new PortMessages.PunchFailed(punch.Id, failure));
        if (key is { } registered)
        {
            Play(_schedule.OnPunchRequested(registered, remotes, PortFailures.ToRules(punch.Role), punch.Window, punch.Delay, Now));
        }
    }

    private void OnCancel(PortMessages.CancelDial cancel)
    {
        if (_keys.TryGetValue((cancel.ReplyTo, cancel.Id), out var key))
        {
            Play(_schedule.OnCancelled(key, Now));
        }
    }

    private void OnStartPunch(PortMessages.StartPunch start)
    {
        if (_keys.TryGetValue((start.ReplyTo, start.Id), out var key))
        {
            Play(_schedule.OnPunchStart(key, Now));
        }
    }

    private void OnConduitClosed(PortMessages.ConduitClosed closed)
    {
        if (closed.WasAccepted)
        {
            _openAccepted--;
            Accept();
        }

        Play(_schedule.OnConnectionClosed(closed.Remote));
    }

    /// <summary>
    /// A child ended; if that was a bug of ours before it had its answer, it has told the requester, and the connect is of no more use.
    /// </summary>
    private void OnGone(long key)
    {
        if (_requests.Remove(key, out var request))
        {
            _keys.Remove((request.ReplyTo, request.Id));
            Play(_schedule.OnCancelled(key, Now));
        }
    }

    private long? Register(long id, IActorRef replyTo, TimeSpan? timeout, Func<ConnectFailure, object> refusal)
    {
        var key = _lastKey + 1;
        if (!_keys.TryAdd((replyTo, id), key))
        {
            _log.Error("{0} used the id {1} for two requests at a time", replyTo, id);
            replyTo.Tell(refusal(new ConnectFailure(ConnectFailureKind.Other, $"The id {id} is in use.")));
            return null;
        }

        _lastKey = key;
        var order = new DialOrder(key, replyTo, timeout, refusal);
        var child = Context.ActorOf(Props.Create(typeof(DialActor), order), $"dial-{key}");
        Context.WatchWith(child, new DialMessages.Gone(key));
        _requests.Add(key, new Request(id, replyTo, child));
        return key;
    }

    private void OnConnectEnded(ConnectEnded ended)
    {
        if (!_connects.Remove(ended.Connect.Attempt, out var known) || known != ended.Connect)
        {
            // From before a restart.
            ended.Result.Conduit?.Abort();
            return;
        }

        ended.Connect.Cancellation.Dispose();
        if (ended.Result.Failure is { } failure)
        {
            Play(_schedule.OnConnectFailed(ended.Connect.Attempt, PortFailures.ToRules(failure), Now));
            return;
        }

        _justConnected = ended;
        Play(_schedule.OnConnected(ended.Connect.Attempt, Now));
        _justConnected = null;
    }

    private void Play(IReadOnlyList<PortEffect> effects)
    {
        foreach (var effect in effects)
        {
            Play(effect);
        }

        Timers.WakeAt(nameof(Tick), Tick.Instance, _schedule.NextDeadline, Now);
    }

    private void Play(PortEffect effect)
    {
        switch (effect)
        {
            case PortEffect.StartConnect start: StartConnect(start); break;
            case PortEffect.AbortConnect abort: _connects[abort.Attempt].Cancellation.Cancel(); break;
            case PortEffect.DiscardConnection: _justConnected?.Result.Conduit?.Abort(); break;
            case PortEffect.DialConnected done:
                Succeed(done.Id, id => new PortMessages.Dialed(id, TakeConnected(), _justConnected!.Result.PortReused));
                break;
            case PortEffect.DialFailed failed: Fail(failed.Id, failed.Failure); break;
            case PortEffect.PunchConnected done: Punched(done.Id, TakeConnected(), done.Role, accepted: false); break;
            case PortEffect.PunchAccepted done: Punched(done.Id, TakeAccepted(done.Accepted), done.Role, accepted: true); break;
            case PortEffect.PunchFailed failed: Fail(failed.Id, failed.Failure); break;
            case PortEffect.DeliverAccepted accepted: Deliver(TakeAccepted(accepted.Accepted), PunchRole.Listener); break;
            case PortEffect.DeliverConnected extra: Deliver(TakeConnected(), extra.Role); break;
            case PortEffect.DrainAcceptQueue: DrainAcceptQueue(); break;
            default: throw new InvalidOperationException($"The schedule asks for {effect}, which nobody here knows.");
        }
    }

    private void StartConnect(PortEffect.StartConnect start)
    {
        _node.Contacted.OnContact(start.Remote);
        var connect = new Connect(start.Attempt, start.Remote, start.FreshPort, new CancellationTokenSource());
        _connects.Add(start.Attempt, connect);
        _binding!.ConnectAsync(start.Remote, start.FreshPort ? DialPort.Fresh : DialPort.Shared, connect.Cancellation.Token).PipeTo(
            Self,
            success: result => new ConnectEnded(connect, result),
            failure: error => new ConnectEnded(
                connect, new ConnectResult(null, false, new ConnectFailure(ConnectFailureKind.Other, error.Message))));
    }

    private IConduit TakeConnected()
    {
        var (connect, result) = _justConnected!;
        return connect.FreshPort
            ? result.Conduit!
            : new OwnedConduit(result.Conduit!, Self, new PortMessages.ConduitClosed(connect.Remote, WasAccepted: false));
    }

    private IConduit TakeAccepted(long key) =>
        _accepted.Remove(key, out var conduit) ? conduit : throw new InvalidOperationException("An accepted connection was taken twice.");

    private void Punched(long key, IConduit conduit, PunchRole role, bool accepted) =>
        Succeed(key, id => new PortMessages.Punched(id, conduit, conduit.RemoteAddress, PortFailures.FromRules(role), accepted));

    private void Succeed(long key, Func<long, object> answer)
    {
        if (_requests.Remove(key, out var request))
        {
            _keys.Remove((request.ReplyTo, request.Id));
            request.Child.Tell(new DialMessages.Succeeded(answer(request.Id)));
        }
    }

    private void Fail(long key, PortFailure failure)
    {
        if (_requests.Remove(key, out var request))
        {
            _keys.Remove((request.ReplyTo, request.Id));
            request.Child.Tell(new DialMessages.Failed(PortFailures.FromRules(failure)));
        }
    }

    private void Deliver(IConduit conduit, PunchRole role) =>
        _node.Refs.Connections.Tell(new PortMessages.Accepted(conduit) { Role = PortFailures.FromRules(role) });

    private sealed record Request(long Id, IActorRef ReplyTo, IActorRef Child);

    private sealed record Connect(long Attempt, IPEndPoint Remote, bool FreshPort, CancellationTokenSource Cancellation);

    // What the port's own tasks say after its end is no news: nobody need hear of it.
    private sealed record ConnectEnded(Connect Connect, ConnectResult Result) : IDeadLetterSuppression, ILostProperty
    {
        public void Discard() => Result.Conduit?.Abort();
    }

    private sealed record Tick
    {
        public static Tick Instance { get; } = new();
    }
}
