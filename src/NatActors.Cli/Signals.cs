using System.Runtime.InteropServices;

namespace NatActors.Cli;

/// <summary>SIGTERM, a lost terminal and Ctrl-C as a cancellation, for commands that run no host and have something to clear away.</summary>
internal sealed class Signals : IDisposable
{
    private readonly CancellationTokenSource _asked = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

    private Signals(bool interruptEnds)
    {
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => End(context)));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => End(context)));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, context => On(context, interruptEnds)));
    }

    /// <summary>Cancelled when the process was asked to end.</summary>
    public CancellationToken Token => _asked.Token;

    /// <summary>Both end the command.</summary>
    public static Signals ThatEnd() => new(interruptEnds: true);

    /// <summary>Ctrl-C is for the child, which gets it from the terminal by itself; SIGTERM ends the command.</summary>
    public static Signals BesideAChild() => new(interruptEnds: false);

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _asked.Dispose();
    }

    private void On(PosixSignalContext context, bool ends)
    {
        context.Cancel = true;
        if (ends)
        {
            End(context);
        }
    }

    private void End(PosixSignalContext context)
    {
        context.Cancel = true;
        _asked.Cancel();
    }
}
