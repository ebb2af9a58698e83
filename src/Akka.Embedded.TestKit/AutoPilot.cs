using Akka.Actor;

namespace Akka.TestKit;

/// <summary>Lets a test actor answer by itself.</summary>
public abstract class AutoPilot
{
    /// <summary>Answers nothing.</summary>
    public static NoAutoPilot NoAutoPilot => NoAutoPilot.Instance;

    /// <summary>Stays with the one before.</summary>
    public static KeepRunning KeepRunning => KeepRunning.Instance;

    /// <summary>Sees each message before the test does; returns what to use for the next one, null to stay.</summary>
    public abstract AutoPilot Run(IActorRef sender, object message);
}

/// <summary>Answers nothing.</summary>
public sealed class NoAutoPilot : AutoPilot
{
    /// <summary>The one instance.</summary>
    public static readonly NoAutoPilot Instance = new();

    private NoAutoPilot()
    {
    }

    public override AutoPilot Run(IActorRef sender, object message) => this;
}

/// <summary>Stays with the one before.</summary>
public sealed class KeepRunning : AutoPilot
{
    /// <summary>The one instance.</summary>
    public static readonly KeepRunning Instance = new();

    private KeepRunning()
    {
    }

    public override AutoPilot Run(IActorRef sender, object message) =>
        throw new InvalidOperationException("KeepRunning only says to stay with the pilot before it");
}

/// <summary>An auto pilot as a function.</summary>
public delegate AutoPilot AutoPilotDelegate(IActorRef sender, object message);

/// <summary>An auto pilot of a function.</summary>
public sealed class DelegateAutoPilot(AutoPilotDelegate autoPilotDelegate) : AutoPilot
{
    public override AutoPilot Run(IActorRef sender, object message) => autoPilotDelegate(sender, message);
}
