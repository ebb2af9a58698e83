using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Network;

namespace NatActors.Node.Connections;

/// <summary>
/// Reaches a peer again whose direct connection died, by the relay that led to it before; a hole punch follows from that by itself.
/// <code>
/// Dialing --dialed--> stop
///    +--failed--> Resting --retry--> Dialing
///                    +--tried often enough--> stop
/// </code>
/// A change of the network ends the rest, and counts anew.
/// </summary>
public sealed class ReconnectActor : UntypedActor, IWithTimers
{
    /// <summary>
    /// The rests between the tries. Ours: a cable that is plugged in again, a router that restarts, a relay where the peer reserves anew first.
    /// </summary>
    private static readonly TimeSpan[] Rests =
        [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(40)];

    private readonly NodeContext _node;
    private readonly Multiaddr _way;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private int _failures;

    /// <summary>Creates the actor for an address that ends in its peer id; it dials at once.</summary>
    public ReconnectActor(NodeContext node, Multiaddr way)
    {
        _node = node;
        _way = way;
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        _node.Refs.Network.Tell(new NetworkMessages.Subscribe(Self));
        Dial();
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.Dialed: Context.Stop(Self); break;
            case ConnectionsMessages.DialFailed failed: OnFailed(failed.Failure); break;
            case NetworkMessages.Changed { What.Count: > 0 }: OnNetworkChanged(); break;
            case NetworkMessages.Changed: break;
            case Retry: Dial(); break;
            default: Unhandled(message); break;
        }
    }

    private void Dial() => _node.Refs.Connections.Tell(new ConnectionsMessages.Dial(0, _way.PeerId, [_way], Self));

    private void OnNetworkChanged()
    {
        _failures = 0;
        Timers.Cancel(nameof(Retry));
        Dial();
    }

    private void OnFailed(DialFailure failure)
    {
        if (_failures == Rests.Length || failure.Kind is DialFailureKind.Cancelled)
        {
            _log.Info("{0} is not reached again: {1}", _way, failure.Detail);
            Context.Stop(Self);
            return;
        }

        var rest = Rests[_failures++];
        Timers.StartSingleTimer(nameof(Retry), Retry.Instance, rest + _node.Random.NextDelay(rest / 4));
    }

    private sealed record Retry
    {
        public static readonly Retry Instance = new();
    }
}
