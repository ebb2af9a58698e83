using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Port;
using NatActors.Protocols.Addresses;
using NatActors.Transports;
using NatActors.Transports.Port;
using NatActors.Transports.Security;

namespace NatActors.Node.Addresses;

/// <summary>From a <see cref="HairpinActor"/> to its parent.</summary>
internal static class HairpinMessages
{
    /// <summary>The try is over.</summary>
    public sealed record Tried(Multiaddr Address, HairpinOutcome Outcome);
}

/// <summary>
/// Dials the node's own outside address from a fresh port and lets whoever answers prove its identity: only the node itself counts, for a
/// router may answer on that port too.
/// <code>
/// Dialing --connected--> Proving --own peer id--> Reached
///    +--no answer----------+--another, or none--> NotReached
/// </code>
/// </summary>
public sealed class HairpinActor : UntypedActor, IWithTimers
{
    /// <summary>
    /// How long the connect, and then the proof, may take. Ours: the way leads to the router and back, or on to a carrier's NAT; three
    /// retransmitted SYNs (1, 2 and 4 s) fit.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    private readonly NodeContext _node;
    private readonly Multiaddr _address;
    private readonly CancellationTokenSource _cut = new();
    private IConduit? _conduit;

    /// <summary>Creates the actor for one address, an outside one of this node; the parent gets the answer.</summary>
    public HairpinActor(NodeContext node, Multiaddr address)
    {
        _node = node;
        _address = address;
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        if (!_address.IsTcp)
        {
            End(HairpinOutcome.NotTried);
            return;
        }

        Become(Dialing);
        _node.Refs.Ports.Tell(new PortMessages.Dial(1, _address, DialPort.Fresh, Patience, Self));
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _cut.Cancel();
        _cut.Dispose();
        _conduit?.Abort();
    }

    /// <inheritdoc />
    protected override void OnReceive(object message) => Unhandled(message);

    private void Dialing(object message)
    {
        switch (message)
        {
            case PortMessages.Dialed dialed: OnDialed(dialed.Conduit); break;
            case PortMessages.DialFailed failed: End(Of(failed.Failure.Kind)); break;
            default: Unhandled(message); break;
        }
    }

    private void Proving(object message)
    {
        switch (message)
        {
            case ConnectionMessages.UpgradeDone done: End(IsSelf(done) ? HairpinOutcome.Reached : HairpinOutcome.NotReached); break;
            case Status.Failure or TooLate: End(HairpinOutcome.NotReached); break;
            default: Unhandled(message); break;
        }
    }

    private void OnDialed(IConduit conduit)
    {
        _conduit = conduit;
        Become(Proving);
        Timers.StartSingleTimer(nameof(TooLate), TooLate.Instance, Patience);
        var scheduler = Context.System.Scheduler;
        var seed = new ConnectionSeed
        {
            Id = 0,
            Conduit = conduit,
            Role = ConnectionRole.Dialer,
            Direction = ConnectionDirection.Outbound,
            ExpectedPeer = _node.Self,
        };
        ConnectionUpgrade.RunAsync(_node, seed, () => scheduler.HighResMonotonicClock, Task.CompletedTask, _cut.Token).PipeTo(Self);
    }

    private bool IsSelf(ConnectionMessages.UpgradeDone done) => done.Result?.Peer.Equals(_node.Self) == true;

    private void End(HairpinOutcome outcome)
    {
        Context.Parent.Tell(new HairpinMessages.Tried(_address, outcome));
        Context.Stop(Self);
    }

    /// <summary>Only what the way itself did counts; a dial that this machine did not make shows nothing.</summary>
    private static HairpinOutcome Of(ConnectFailureKind kind) => kind is ConnectFailureKind.Refused or ConnectFailureKind.TimedOut or ConnectFailureKind.Reset
        ? HairpinOutcome.NotReached
        : HairpinOutcome.NotTried;

    private sealed record TooLate
    {
        public static readonly TooLate Instance = new();
    }
}
