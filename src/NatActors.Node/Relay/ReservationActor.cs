using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.Connections;
using NatActors.Node.Streams;
using NatActors.Protocols.Relay;

namespace NatActors.Node.Relay;

/// <summary>
/// Keeps one reservation at one relay for as long as it lives. The rules are <see cref="ReservationMachine"/>'s, whose states these are.
/// <code>
/// Connecting -> Reserving -> Held -> Refreshing -> Held …
///      ^            |          |         |
///      +--- Waiting +----------+---------+ lost, refused, silent
/// </code>
/// </summary>
public sealed class ReservationActor : UntypedActor, IWithTimers
{
    private const string Tag = "reservation";

    private readonly NodeContext _node;
    private readonly IReadOnlyList<Multiaddr> _addresses;
    private readonly IActorRef _client;
    private readonly bool _named;
    private readonly PeerId _relayPeer;
    private readonly ReservationMachine _machine;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<long, ConnectionInfo> _direct = [];
    private PeerStream? _stream;
    private long? _connection;
    private long _request;
    private bool _complained;
    private string? _givenBack;

    /// <summary>Creates the actor; it starts at once.</summary>
    /// <param name="node">The node.</param>
    /// <param name="addresses">Where the relay is reached, each ending in its peer id; others are told the first one if it names none.</param>
    /// <param name="named">True when a person asked for this relay, and wants to know when it does not work.</param>
    /// <param name="client">Who is told how it goes (<see cref="ReservationMessages"/>).</param>
    public ReservationActor(NodeContext node, IReadOnlyList<Multiaddr> addresses, bool named, IActorRef client)
    {
        _node = node;
        _addresses = addresses;
        _named = named;
        _client = client;
        _relayPeer = addresses[0].PeerId ?? throw new ArgumentException("A relay's address has to end in its peer id.", nameof(addresses));
        _machine = new ReservationMachine(addresses[0], node.Self, new ReservationOptions(), node.Random);
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    /// <inheritdoc />
    protected override void PreStart()
    {
        _node.Refs.Connections.Tell(new ConnectionsMessages.Subscribe(Self));
        Apply(_machine.Start());
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _stream?.Reset();
        LetGo();
        if (_machine.IsHeld)
        {
            Withdraw(_givenBack ?? "the node no longer keeps it");
        }
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.ConnectionUp up: OnUp(up.Connection); break;
            case ConnectionsMessages.ConnectionDown down: OnDown(down); break;
            case ConnectionsMessages.Dialed dialed: OnDialed(dialed); break;
            case ConnectionsMessages.DialFailed failed: OnDialFailed(failed); break;
            case ConnectionsMessages.StreamOpened opened: OnStreamOpened(opened); break;
            case ConnectionsMessages.StreamFailed failed: OnStreamFailed(failed); break;
            case Answered answered: OnAnswered(answered); break;
            case ReservationMessages.GiveBack back: OnGiveBack(back.Reason); break;
            case ReservationMessages.TryNow: OnTryNow(); break;
            case Suspicious: OnSuspicious(); break;
            case Deadline: Apply(_machine.OnDeadline(Now)); break;
            default: Unhandled(message); break;
        }
    }

    private void OnGiveBack(string reason)
    {
        _givenBack = reason;
        Context.Stop(Self);
    }

    private void OnTryNow()
    {
        if (_machine.State == ReservationState.Waiting)
        {
            Apply(_machine.Start());
        }
    }

    private void OnUp(ConnectionInfo connection)
    {
        if (connection.Peer.Equals(_relayPeer) && !connection.Relayed)
        {
            _direct[connection.Id] = connection;
        }
    }

    private void OnDown(ConnectionsMessages.ConnectionDown down)
    {
        if (!_direct.Remove(down.Connection.Id) || _connection != down.Connection.Id)
        {
            return;
        }

        if (_direct.Count > 0)
        {
            // circuit-v2.md: the reservation stands while any connection between the two does.
            Use(_direct.Keys.Max());
            return;
        }

        _connection = null;
        Apply(_machine.OnDisconnected($"the connection to the relay was lost: {down.Reason}", Now));
    }

    private void OnDialed(ConnectionsMessages.Dialed dialed)
    {
        if (dialed.Id == _request)
        {
            _direct[dialed.Connection.Id] = dialed.Connection;
            Use(dialed.Connection.Id);
            Apply(_machine.OnConnected(dialed.Connection.RemoteAddress.WithPeerId(_relayPeer), Now));
        }
    }

    private void Use(long connection)
    {
        _connection = connection;
        _node.Refs.Connections.Tell(new ConnectionsMessages.Protect(connection, Tag));
    }

    private void OnDialFailed(ConnectionsMessages.DialFailed failed)
    {
        if (failed.Id == _request)
        {
            Apply(_machine.OnConnectFailed(failed.Failure.Detail, Now));
        }
    }

    private void OnStreamOpened(ConnectionsMessages.StreamOpened opened)
    {
        if (opened.Id != _request)
        {
            opened.Stream.Reset();
            return;
        }

        _stream = opened.Stream;
        var request = _request;
        RelayExchange.ReserveAsync(opened.Stream, _node.Stopping).PipeTo(
            Self,
            success: reply => new Answered(request, reply, null),
            failure: e => new Answered(request, default, e.Message));
    }

    private void OnStreamFailed(ConnectionsMessages.StreamFailed failed)
    {
        if (failed.Id == _request)
        {
            var none = failed.Failure.Kind == StreamFailureKind.ProtocolNotSupported;
            Apply(none
                ? _machine.OnExchangeFailed("the peer is no relay", Now, RelayFailure.NoRelay)
                : _machine.OnExchangeFailed(failed.Failure.Detail, Now));
        }
    }

    private void OnAnswered(Answered answered)
    {
        if (answered.Request != _request)
        {
            return;
        }

        Timers.Cancel(nameof(Suspicious));
        var stream = _stream;
        _stream = null;
        if (answered.Failure is { } failure)
        {
            stream?.Reset();
            Apply(_machine.OnExchangeFailed(failure, Now));
            return;
        }

        Apply(_machine.OnAnswer(answered.Reply, Now, _node.WallClock.GetUtcNow()));
    }

    private void Apply(IReadOnlyList<ReservationEffect> effects)
    {
        foreach (var effect in effects)
        {
            switch (effect)
            {
                case ReservationEffect.Connect: Connect(); break;
                case ReservationEffect.Exchange: Exchange(); break;
                case ReservationEffect.CancelExchange: CancelExchange(); break;
                case ReservationEffect.Held held: OnHeld(held); break;
                case ReservationEffect.Lost lost: OnLost(lost.Reason); break;
                case ReservationEffect.Failed failed: OnFailed(failed, tell: !effects.OfType<ReservationEffect.Lost>().Any()); break;
            }
        }

        Timers.WakeAt(nameof(Deadline), Deadline.Instance, _machine.NextDeadline, Now);
    }

    private void Connect() => _node.Refs.Connections.Tell(
        new ConnectionsMessages.Dial(++_request, _relayPeer, _addresses, Self) { ForceDirect = true });

    private void Exchange()
    {
        Timers.StartSingleTimer(nameof(Suspicious), Suspicious.Instance, RelayExchange.SuspiciousAfter);
        _node.Refs.Connections.Tell(
            new ConnectionsMessages.OpenStream(++_request, _relayPeer, [RelayProtocol.Hop], AllowLimited: false, Self)
            {
                OnConnection = _connection,
            });
    }

    private void OnSuspicious()
    {
        if (_connection is { } connection && _machine.State is ReservationState.Reserving or ReservationState.Refreshing)
        {
            _node.Refs.Connections.Tell(new ConnectionsMessages.CheckConnection(connection));
        }
    }

    private void CancelExchange()
    {
        _request++;
        _stream?.Reset();
        _stream = null;
    }

    private void OnHeld(ReservationEffect.Held held)
    {
        _complained = false;
        _log.Info("Reservation at {0} {1} until {2:u}", _relayPeer, held.Refreshed ? "refreshed" : "granted", held.Expires);
        _node.Refs.Addresses.Tell(new AddressMessages.RelayAddresses(_relayPeer, held.Addresses));
        _node.Events.Publish(new NodeEvents.Reserved(_relayPeer, held.Expires, held.Addresses));
        _client.Tell(new ReservationMessages.Held(_relayPeer, held.Expires, held.Limits, held.Refreshed));
    }

    private void OnLost(string reason)
    {
        Withdraw(reason);
        _client.Tell(new ReservationMessages.Lost(_relayPeer, reason));
    }

    private void Withdraw(string reason)
    {
        LetGo();
        _log.Info("Reservation at {0} lost: {1}", _relayPeer, reason);
        _node.Refs.Addresses.Tell(new AddressMessages.RelayAddresses(_relayPeer, []));
        _node.Events.Publish(new NodeEvents.ReservationLost(_relayPeer, reason));
    }

    // Where nothing is held there is nothing to protect: a connection to a relay that refuses may be closed when it is idle.
    private void LetGo()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            _node.Refs.Connections.Tell(new ConnectionsMessages.Unprotect(connection, Tag));
        }
    }

    private void OnFailed(ReservationEffect.Failed failed, bool tell)
    {
        LetGo();
        _log.Info("No reservation at {0}: {1}; next try in {2:0.#} s", _relayPeer, failed.Reason, failed.RetryIn.TotalSeconds);
        if (tell)
        {
            _client.Tell(new ReservationMessages.Failed(_relayPeer, failed.Kind, failed.Reason));
        }

        if (!_complained && _named)
        {
            _complained = true;
            _node.Events.Publish(new NodeEvents.Error(
                $"No reservation at the relay {_addresses[0]}: {failed.Reason}. Check its address and that it runs; it is tried until it answers."));
        }
    }

    private sealed record Answered(long Request, HopDecoded Reply, string? Failure);

    private sealed record Suspicious
    {
        public static readonly Suspicious Instance = new();
    }

    private sealed record Deadline
    {
        public static readonly Deadline Instance = new();
    }
}
