using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Port;
using NatActors.Node.Streams;
using NatActors.Protocols.KeepAlive;
using NatActors.Transports;
using NatActors.Transports.Port;

namespace NatActors.Node.KeepAlive;

/// <summary>One measurement to be made.</summary>
/// <param name="Server">Who helps.</param>
/// <param name="Connection">The connection to it.</param>
/// <param name="Address">Where it is dialed for each mapping.</param>
/// <param name="Silences">The silences to try, ascending.</param>
internal sealed record MeasurementSeed(PeerId Server, long Connection, Multiaddr Address, IReadOnlyList<TimeSpan> Silences);

/// <summary>
/// One measurement of how long mappings live, on the client's side of <see cref="LifetimeProtocol"/>. Tells what it finds as it finds it, and
/// stops; its end is the end of the measurement.
/// <code>
/// Opening --stream--> Asking --tokens--> Measuring --every mapping lived, was gone, or came to nothing--> stop
///    +--none------------+--refused----------+--broken, too long--> stop
/// </code>
/// Once a mapping was gone after some silence, longer ones are not waited for.
/// </summary>
internal sealed class MeasurementActor : UntypedActor, IWithTimers
{
    /// <summary>The question and its answer. Ours: the stream is open, so this is one round trip.</summary>
    public static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(10);

    /// <summary>What is added to the longest silence until the measurement is given up: connects, the grace, and as much again.</summary>
    public static readonly TimeSpan Overtime = TimeSpan.FromSeconds(30);

    private readonly NodeContext _node;
    private readonly MeasurementSeed _seed;
    private readonly IActorRef _owner;
    private readonly CancellationTokenSource _cancel = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Mapping[] _mappings;
    private PeerStream? _stream;
    private MessageStream? _messages;

    public MeasurementActor(NodeContext node, MeasurementSeed seed, IActorRef owner)
    {
        _node = node;
        _seed = seed;
        _owner = owner;
        _mappings = [.. seed.Silences.Select(silence => new Mapping(silence))];
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    protected override void PreStart()
    {
        _node.Refs.Connections.Tell(new ConnectionsMessages.OpenStream(0, _seed.Server, [LifetimeProtocol.Id], AllowLimited: false, Self)
        {
            OnConnection = _seed.Connection,
        });
        Become(Opening);
    }

    protected override void PostStop()
    {
        _cancel.Cancel();
        _stream?.Reset();
        foreach (var mapping in _mappings)
        {
            mapping.Conduit?.Abort();
        }
    }

    protected override void OnReceive(object message) => Unhandled(message);

    private void Opening(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.StreamOpened opened: OnOpened(opened.Stream); break;
            case ConnectionsMessages.StreamFailed failed: End(failed.Failure.Detail); break;
            default: Unhandled(message); break;
        }
    }

    private void Asking(object message)
    {
        switch (message)
        {
            case Heard { Message: LifetimeMessage.Grant grant } when grant.Tokens.Count == _mappings.Length: OnGranted(grant); break;
            case Heard { Message: LifetimeMessage.Refuse refuse }: End($"the server refuses: {refuse.Reason}"); break;
            case Heard: End("the server's answer makes no sense"); break;
            case StreamBroken broken: End(broken.Reason); break;
            case TooLong: End("the server does not answer"); break;
            default: Unhandled(message); break;
        }
    }

    private void Measuring(object message)
    {
        switch (message)
        {
            case PortMessages.Dialed dialed: OnDialed(dialed); break;
            case PortMessages.DialFailed failed: OnFailed((int)failed.Id, failed.Failure.Detail); break;
            case Armed armed: OnArmed(armed); break;
            case Woken woken: OnWoken(woken); break;
            case Broken broken: OnBroken(broken); break;
            case Heard { Message: LifetimeMessage.Sent sent } when sent.Mapping < _mappings.Length: OnSent(sent.Mapping); break;
            case GraceOver over: OnGraceOver(over.Mapping); break;
            case Heard: End("the server went away"); break;
            case StreamBroken broken: End(broken.Reason); break;
            case TooLong: End("it took too long"); break;
            default: Unhandled(message); break;
        }
    }

    private void OnOpened(PeerStream stream)
    {
        _stream = stream;
        _messages = new MessageStream(stream);
        Become(Asking);
        Timers.StartSingleTimer(nameof(TooLong), TooLong.Instance, AskTimeout);
        LifetimeExchange.AskAsync(_messages, _seed.Silences, _cancel.Token)
            .PipeTo(Self, success: heard => new Heard(heard), failure: e => new StreamBroken(e.Message));
    }

    private void OnGranted(LifetimeMessage.Grant grant)
    {
        Become(Measuring);
        Timers.StartSingleTimer(nameof(TooLong), TooLong.Instance, _seed.Silences.Max() + Overtime);
        for (var i = 0; i < _mappings.Length; i++)
        {
            _mappings[i].Token = grant.Tokens[i];
            _node.Refs.Ports.Tell(new PortMessages.Dial(i, _seed.Address, DialPort.Fresh, LifetimeAskActor.QuestionTimeout, Self));
        }

        ReadOn();
    }

    private void ReadOn() => LifetimeExchange.ReadAsync(_messages!, _cancel.Token)
        .PipeTo(Self, success: heard => new Heard(heard), failure: e => new StreamBroken(e.Message));

    private void OnDialed(PortMessages.Dialed dialed)
    {
        var i = (int)dialed.Id;
        var mapping = _mappings[i];
        if (mapping.IsDone)
        {
            dialed.Conduit.Abort();
            return;
        }

        mapping.Conduit = dialed.Conduit;
        LifetimeExchange.ArmAsync(dialed.Conduit, mapping.Token, _cancel.Token)
            .PipeTo(Self, success: conduit => new Armed(i, conduit), failure: e => new Broken(i, e.Message));
    }

    private void OnArmed(Armed armed)
    {
        var i = armed.Mapping;
        if (armed.Conduit is null)
        {
            OnFailed(i, "the server does not take the connection");
            return;
        }

        // Later than the byte came, so the silence is never counted too long.
        _mappings[i].ArmedAt = Now;
        LifetimeExchange.ReadByteAsync(armed.Conduit, _cancel.Token)
            .PipeTo(Self, success: value => new Woken(i, value), failure: e => new Broken(i, e.Message));
    }

    private void OnWoken(Woken woken)
    {
        var mapping = _mappings[woken.Mapping];
        if (mapping.IsDone)
        {
            return;
        }

        if (woken.Value != LifetimeProtocol.Awake)
        {
            OnBroken(new Broken(woken.Mapping, "the server ended the connection"));
            return;
        }

        _owner.Tell(new KeepAliveMessages.Lived(_seed.Server, Now - mapping.ArmedAt!.Value));
        Finish(mapping);
    }

    /// <summary>Before the silence it is a failure; in it the server's word tells whether the mapping is to blame.</summary>
    private void OnBroken(Broken broken)
    {
        if (_mappings[broken.Mapping].ArmedAt is null)
        {
            OnFailed(broken.Mapping, broken.Reason);
        }
    }

    private void OnSent(int i)
    {
        if (!_mappings[i].IsDone && _mappings[i].ArmedAt is not null)
        {
            Timers.StartSingleTimer($"{nameof(GraceOver)}-{i}", new GraceOver(i), LifetimeProtocol.Grace);
        }

        ReadOn();
    }

    private void OnGraceOver(int i)
    {
        if (_mappings[i].IsDone)
        {
            return;
        }

        _owner.Tell(new KeepAliveMessages.Expired(_seed.Server, _mappings[i].Silence));
        foreach (var mapping in _mappings.Skip(i).Where(mapping => !mapping.IsDone).ToArray())
        {
            Finish(mapping);
        }
    }

    private void OnFailed(int i, string reason)
    {
        if (!_mappings[i].IsDone)
        {
            _log.Debug("A mapping to {0} cannot be measured: {1}", _seed.Address, reason);
            Finish(_mappings[i]);
        }
    }

    private void Finish(Mapping mapping)
    {
        mapping.IsDone = true;
        mapping.Conduit?.Abort();
        mapping.Conduit = null;
        if (_mappings.All(m => m.IsDone))
        {
            Context.Stop(Self);
        }
    }

    private void End(string reason)
    {
        _log.Debug("The measurement of mappings with {0} ended: {1}", _seed.Server, reason);
        Context.Stop(Self);
    }

    private sealed class Mapping(TimeSpan silence)
    {
        public TimeSpan Silence { get; } = silence;

        public ReadOnlyMemory<byte> Token { get; set; }

        public IConduit? Conduit { get; set; }

        public TimeSpan? ArmedAt { get; set; }

        public bool IsDone { get; set; }
    }

    // What the tasks say after this actor has stopped is no news.
    private sealed record Heard(LifetimeMessage? Message) : IDeadLetterSuppression;

    private sealed record StreamBroken(string Reason) : IDeadLetterSuppression;

    private sealed record Armed(int Mapping, IConduit? Conduit) : IDeadLetterSuppression;

    private sealed record Woken(int Mapping, int Value) : IDeadLetterSuppression;

    private sealed record Broken(int Mapping, string Reason) : IDeadLetterSuppression;

    private sealed record GraceOver(int Mapping);

    private sealed record TooLong
    {
        public static readonly TooLong Instance = new();
    }
}
