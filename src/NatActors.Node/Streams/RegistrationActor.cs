using Akka.Actor;

namespace NatActors.Node.Streams;

/// <summary>Ends a protocol's registration when the actor that serves it dies, or the node does. One state.</summary>
public sealed class RegistrationActor : UntypedActor
{
    private readonly IActorRef _server;
    private readonly IDisposable _registration;

    /// <summary>Creates the actor.</summary>
    public RegistrationActor(IActorRef server, IDisposable registration)
    {
        _server = server;
        _registration = registration;
    }

    /// <inheritdoc />
    protected override void PreStart() => Context.Watch(_server);

    /// <inheritdoc />
    protected override void PostStop() => _registration.Dispose();

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Terminated: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }
}
