using Akka.Actor;
using NatActors.Node.Connections;
using NatActors.Node.Streams;
using NatActors.Protocols.Identify;

namespace NatActors.Node.Identify;

/// <summary>What one exchange does.</summary>
internal enum ExchangeKind
{
    /// <summary>Opens a stream and reads who the peer is.</summary>
    Ask,

    /// <summary>Opens a stream and writes what changed about this node.</summary>
    Push,

    /// <summary>Writes who this node is, on a stream that the peer opened.</summary>
    Answer,

    /// <summary>Reads what changed about the peer, on a stream that it opened.</summary>
    TakePush,
}

/// <summary>One exchange to be.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Connection">Over which connection.</param>
/// <param name="Stream">The peer's stream; null when this side opens one.</param>
/// <param name="Payload">The bytes to write; empty when it reads.</param>
internal sealed record ExchangeSeed(ExchangeKind Kind, ConnectionInfo Connection, PeerStream? Stream, ReadOnlyMemory<byte> Payload);

/// <summary>The messages of an <see cref="IdentifyExchangeActor"/>.</summary>
internal static class IdentifyExchangeMessages
{
    /// <summary>To the parent, once: what came of it. A reading exchange that worked has an update, one that failed a reason.</summary>
    public sealed record Ended(ExchangeKind Kind, ConnectionInfo Connection, IdentifyUpdate? Update, string? Failure);
}

/// <summary>
/// One identify exchange over one stream, of either protocol and either end.
/// <code>
/// Opening --stream opened--> Moving --all read or written, refused, cut, too slow--> tells its parent, stop
///    +--no stream--> tells its parent, stop
///    +--too slow--> tells its parent --> Abandoned --the late stream is reset--> stop
/// </code>
/// </summary>
internal sealed class IdentifyExchangeActor : UntypedActor, IWithTimers
{
    private const int BufferSize = 4096;

    private readonly NodeContext _node;
    private readonly ExchangeSeed _seed;
    private readonly IActorRef _parent;
    private readonly CancellationTokenSource _cancel = new();
    private PeerStream? _stream;
    private bool _told;

    public IdentifyExchangeActor(NodeContext node, ExchangeSeed seed, IActorRef parent)
    {
        _node = node;
        _seed = seed;
        _parent = parent;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Timers.StartSingleTimer(nameof(TooSlow), TooSlow.Instance, IdentifyProtocol.Timeout);
        if (_seed.Stream is { } stream)
        {
            Move(stream);
            return;
        }

        Become(Opening);
        var protocol = _seed.Kind == ExchangeKind.Ask ? IdentifyProtocol.Id : IdentifyProtocol.PushId;
        _node.Refs.Connections.Tell(new ConnectionsMessages.OpenStream(0, _seed.Connection.Peer, [protocol], AllowLimited: true, Self)
        {
            OnConnection = _seed.Connection.Id,
        });
    }

    protected override void PostStop()
    {
        _cancel.Cancel();
        Tell(null, "the exchange was cut short");
    }

    protected override void OnReceive(object message) => Unhandled(message);

    private void Opening(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.StreamOpened opened: Move(opened.Stream); break;
            case ConnectionsMessages.StreamFailed failed: End(null, failed.Failure.Detail); break;
            case TooSlow: Tell(null, Slowness); Become(Abandoned); break;
            default: Unhandled(message); break;
        }
    }

    private void Moving(object message)
    {
        switch (message)
        {
            case Moved moved: OnMoved(moved); break;
            case TooSlow: _cancel.Cancel(); break;
            default: Unhandled(message); break;
        }
    }

    private void Abandoned(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.StreamOpened opened: opened.Stream.Reset(); Context.Stop(Self); break;
            case ConnectionsMessages.StreamFailed: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private static string Slowness => $"not done within {IdentifyProtocol.Timeout.TotalSeconds:0.#} s";

    private void Move(PeerStream stream)
    {
        _stream = stream;
        Become(Moving);
        var reads = _seed.Kind is ExchangeKind.Ask or ExchangeKind.TakePush;
        var moving = reads ? ReadAsync(stream, _cancel.Token) : WriteAsync(stream, _seed.Payload, _cancel.Token);
        moving.PipeTo(Self, failure: e => new Moved(null, e is OperationCanceledException ? Slowness : e.Message));
    }

    private void OnMoved(Moved moved)
    {
        if (moved.Failure is not null)
        {
            _stream!.Reset();
        }

        End(moved.Update, moved.Failure);
    }

    private static async Task<Moved> ReadAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        var decoder = new IdentifyDecoder();
        var buffer = new byte[BufferSize];
        try
        {
            while (await stream.ReadAsync(buffer, cancellationToken) is var read and > 0)
            {
                if (!decoder.OnBytes(buffer.AsSpan(0, read)))
                {
                    return new Moved(null, $"the peer's identify message is refused: {decoder.Failure}");
                }
            }
        }
        catch (OperationCanceledException) when (decoder.MessageCount > 0)
        {
            // The peer said all but forgot to finish the stream: what it said counts.
            stream.Reset();
        }
        catch (IOException lost)
        {
            // Said here, and not by the task's failure: an exception costs more at each await that it passes.
            return new Moved(null, lost.Message);
        }

        var update = decoder.OnEnd();
        if (update is not null)
        {
            await stream.DisposeAsync();
        }

        return new Moved(update, update is null ? $"the peer's identify message is refused: {decoder.Failure}" : null);
    }

    private static async Task<Moved> WriteAsync(PeerStream stream, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        try
        {
            await stream.WriteAsync(payload, cancellationToken);
            await stream.CompleteWritesAsync(cancellationToken);
        }
        catch (IOException lost)
        {
            return new Moved(null, lost.Message);
        }

        await stream.DisposeAsync();
        return new Moved(null, null);
    }

    private void End(IdentifyUpdate? update, string? failure)
    {
        Tell(update, failure);
        Context.Stop(Self);
    }

    private void Tell(IdentifyUpdate? update, string? failure)
    {
        if (!_told)
        {
            _told = true;
            _parent.Tell(new IdentifyExchangeMessages.Ended(_seed.Kind, _seed.Connection, update, failure));
        }
    }

    private sealed record Moved(IdentifyUpdate? Update, string? Failure);

    private sealed record TooSlow
    {
        public static readonly TooSlow Instance = new();
    }
}
