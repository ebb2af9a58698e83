using Akka.Actor;
using Akka.Event;
using NatActors.Protocols.PortMapping;
using NatActors.Transports.PortMapping;

namespace NatActors.Node.PortMapping;

/// <summary>
/// One HTTP request to a router: made at the start, answered once.
/// <code>
/// Asking --answer, failure, or the time is over--> told, stop
/// </code>
/// </summary>
internal sealed class GatewayRequestActor : UntypedActor, IWithTimers
{
    /// <summary>How long a router may take. Ours: it is in the house, but may be a slow one.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly NodeContext _node;
    private readonly PortMapEffect.Ask _ask;
    private readonly CancellationTokenSource _cancel = new();

    /// <summary>Creates the actor.</summary>
    public GatewayRequestActor(NodeContext node, PortMapEffect.Ask ask)
    {
        _node = node;
        _ask = ask;
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        var request = _ask.Request;
        Timers.StartSingleTimer(nameof(TimeOver), TimeOver.Instance, Patience);
        _node.GatewayHttp.SendAsync(
            new GatewayHttpRequest(
                request.Remote, request.Local, request.Host, request.Path, request.Action, request.Body, GatewayRequest.MaxAnswer),
            _cancel.Token).PipeTo(
                Self,
                success: answer => new Ended(new GatewayReply(answer.Status, answer.Body, answer.Failure)),
                failure: e => new Ended(GatewayReply.Failed(e.Message)));
    }

    /// <inheritdoc />
    protected override void PostStop() => _cancel.Cancel();

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Ended ended: End(ended.Reply); break;
            case TimeOver: End(GatewayReply.Failed($"no answer within {Patience.TotalSeconds} s")); break;
            default: Unhandled(message); break;
        }
    }

    private void End(GatewayReply reply)
    {
        Context.Parent.Tell(new GatewayMessages.Replied(_ask.Id, reply));
        Context.Stop(Self);
    }

    // Told to nobody when the time was over first.
    private sealed record Ended(GatewayReply Reply) : IDeadLetterSuppression;

    private sealed record TimeOver
    {
        public static readonly TimeOver Instance = new();
    }
}
