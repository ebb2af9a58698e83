using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Report;
using NatActors.Node.Resources;
using NatActors.Node.Streams;

namespace NatActors.Node;

/// <summary>Starts nodes in an actor system, and is the task-shaped face of one.</summary>
public sealed class NatNode : INatNode
{
    /// <summary>
    /// How long an actor that has done its work may take to be gone. A guard: nothing is left for it to wait for but its turn, and on a busy
    /// machine that comes late; whoever goes on before finds the name taken.
    /// </summary>
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(10);

    private readonly NodeContext _context;
    private readonly CancellationTokenSource _stopping;
    private readonly TaskCompletionSource<NodeFailure?> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _gone = new();
    private IActorRef _facade = ActorRefs.Nobody;
    private IActorRef _lostAndFound = ActorRefs.Nobody;

    private NatNode(NodeContext context, CancellationTokenSource stopping)
    {
        _context = context;
        _stopping = stopping;
    }

    /// <inheritdoc />
    public PeerId PeerId => _context.Self;

    /// <inheritdoc />
    public IActorRef Actor { get; private set; } = ActorRefs.Nobody;

    /// <inheritdoc />
    public IReadOnlyList<Multiaddr> ListenAddresses { get; private set; } = [];

    /// <inheritdoc />
    public IObservable<NodeEvent> Events => _context.Events;

    /// <inheritdoc />
    public Task<NodeFailure?> Completion => _completion.Task;

    /// <summary>
    /// Starts a node as <c>/user/NAME</c> of the actor system and returns when it listens.
    /// </summary>
    /// <param name="system">The actor system; several nodes may live in one, under different names.</param>
    /// <param name="setup">Options and ingredients.</param>
    /// <param name="name">The actor's name.</param>
    /// <param name="observer">Sees the events from the first one on, <c>listening</c> included; may be null.</param>
    /// <param name="cancellationToken">Gives up and stops the node.</param>
    /// <exception cref="ArgumentException">The options are wrong; the message lists every mistake.</exception>
    /// <exception cref="NodeStartException">It could not start, e.g. a port is held; the message says what to do.</exception>
    public static async Task<NatNode> StartAsync(
        ActorSystem system,
        NodeSetup setup,
        string name = "node",
        IObserver<NodeEvent>? observer = null,
        CancellationToken cancellationToken = default)
    {
        var mistakes = setup.Options.Validate();
        if (mistakes.Count > 0)
        {
            throw new ArgumentException(string.Join(Environment.NewLine, mistakes), nameof(setup));
        }

        var stopping = new CancellationTokenSource();
        var node = new NatNode(setup.ToContext(stopping.Token), stopping);
        if (observer is not null)
        {
            node._context.Events.Subscribe(observer);
        }

        node._context.Metrics.Watch(node._context.Events, node._context.Resources);
        var started = new TaskCompletionSource<IReadOnlyList<Multiaddr>>(TaskCreationOptions.RunContinuationsAsynchronously);

        // Before there is an actor: a start that is cancelled already must not win a race against the node's first steps.
        using var registration = cancellationToken.Register(() => started.TrySetCanceled(cancellationToken));
        var life = new NodeLife(started, node._completion, stopping);
        node.Actor = system.ActorOf(Props.Create(typeof(NodeActor), node._context, life), name);
        node._facade = system.ActorOf(Props.Create(typeof(FacadeActor), node.Actor, node._context.Refs));
        node._lostAndFound = system.ActorOf(Props.Create(typeof(LostAndFoundActor), node._context, node.Actor));
        try
        {
            node.ListenAddresses = await started.Task;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }

        return node;
    }

    /// <inheritdoc />
    public Task<ConnectionInfo> DialAsync(Multiaddr address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        var answer = NewAnswer<ConnectionInfo>();
        _facade.Tell(new FacadeMessages.Dial(address, answer));
        return Await(answer, cancellationToken);
    }

    /// <inheritdoc />
    public Task<PeerStream> OpenStreamAsync(
        PeerId peer,
        string protocol,
        bool allowLimited = false,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(peer);
        ArgumentException.ThrowIfNullOrEmpty(protocol);
        var answer = NewAnswer<PeerStream>();
        _facade.Tell(new FacadeMessages.OpenStream(peer, protocol, allowLimited, answer));
        return Await(answer, cancellationToken);
    }

    /// <inheritdoc />
    public IDisposable Handle(string protocol, StreamHandler handler, bool allowLimited = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(protocol);
        ArgumentNullException.ThrowIfNull(handler);
        return _context.Protocols.Register(protocol, handler, allowLimited);
    }

    /// <inheritdoc />
    public Task<TimeSpan> PingAsync(PeerId peer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(peer);
        var answer = NewAnswer<TimeSpan>();
        _facade.Tell(new FacadeMessages.Ping(peer, answer));
        return Await(answer, cancellationToken);
    }

    /// <inheritdoc />
    public Task<NodeEvents.PerfMeasured> MeasureAsync(
        PeerId peer,
        long uploadBytes,
        long downloadBytes,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(peer);
        ArgumentOutOfRangeException.ThrowIfNegative(uploadBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(downloadBytes);
        var answer = NewAnswer<NodeEvents.PerfMeasured>();
        _facade.Tell(new FacadeMessages.Measure(peer, (ulong)uploadBytes, (ulong)downloadBytes, answer));
        return Await(answer, cancellationToken);
    }

    /// <inheritdoc />
    public void TestReachability() => Actor.Tell(new NodeMessages.TestReachability());

    /// <inheritdoc />
    public Task<NodeMessages.Status> GetStatusAsync(CancellationToken cancellationToken = default)
    {
        var answer = NewAnswer<NodeMessages.Status>();
        _facade.Tell(new FacadeMessages.GetStatus(answer));
        return Await(answer, cancellationToken);
    }

    /// <inheritdoc />
    public Task<NodeReport> GetReportAsync(CancellationToken cancellationToken = default)
    {
        var answer = NewAnswer<NodeReport>();
        _facade.Tell(new FacadeMessages.GetReport(answer));
        return Await(answer, cancellationToken);
    }

    /// <inheritdoc />
    public ResourceSnapshot GetResources() => _context.Resources.Snapshot();

    /// <summary>The node's resources themselves: they tell when nothing is held any more.</summary>
    internal NodeResources Resources => _context.Resources;

    /// <summary>
    /// Closes every connection in order, frees the ports, and returns when the node has ended and its name is free. Requests under way, and
    /// later ones, end with an exception.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        Actor.Tell(new NodeMessages.Shutdown());
        await _completion.Task;
        await AwaitEndAsync(Actor);
        await AwaitEndAsync(_facade);
        await _gone.CancelAsync();
        await AwaitEndAsync(_lostAndFound);
        _context.Events.Complete();
        _context.Metrics.Dispose();
    }

    // One that has not ended in time is stopping, and nobody waits for anything of it.
    private static Task<bool> AwaitEndAsync(IActorRef actor) => actor.GracefulStop(EndPatience);

    private static TaskCompletionSource<T> NewAnswer<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task<T> Await<T>(TaskCompletionSource<T> answer, CancellationToken cancellationToken)
    {
        await using var gone = _gone.Token.Register(() => answer.TrySetException(new ObjectDisposedException(nameof(NatNode))));
        await using var registration = cancellationToken.Register(() =>
        {
            if (answer.TrySetCanceled(cancellationToken))
            {
                _facade.Tell(new FacadeMessages.GiveUp(answer));
            }
        });
        return await answer.Task;
    }
}

/// <summary>How the node's actor tells the task world of its start and its end; each is completed once.</summary>
internal sealed record NodeLife(
    TaskCompletionSource<IReadOnlyList<Multiaddr>> Started,
    TaskCompletionSource<NodeFailure?> Ended,
    CancellationTokenSource Stopping);
