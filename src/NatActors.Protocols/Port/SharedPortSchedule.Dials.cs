using System.Net;

namespace NatActors.Protocols.Port;

/// <content>Dials.</content>
public sealed partial class SharedPortSchedule
{
    private static readonly PortFailure AcceptedInstead =
        new(PortFailureKind.Accepted, "The peer connected to this port at the same moment; its connection was accepted.");

    private static readonly PortFailure SupersededByPunch =
        new(PortFailureKind.Superseded, "A hole punch to the same address took over.");

    /// <summary>
    /// Connect to a remote, from the shared port or, as AutoNAT dial-backs and DCUtR's reversal need it, from a fresh one.
    /// </summary>
    public IReadOnlyList<PortEffect> OnDialRequested(long id, IPEndPoint remote, bool freshPort, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(remote);
        var dial = new DialRequest(id, remote);
        _dials.Add(id, dial);
        if (freshPort)
        {
            ConnectFresh(dial, now);
            return Flush();
        }

        var tuple = TupleOf(remote);
        if (tuple.Target is not null)
        {
            EndDial(dial, SupersededByPunch);
        }
        else if (tuple.Dial is null)
        {
            tuple.Dial = dial;
            ConnectShared(dial, now);
        }
        else
        {
            tuple.Waiting.Add(dial);
        }

        return Flush(tuple);
    }

    private void ConnectShared(DialRequest dial, TimeSpan now)
    {
        if (_attempts.Values.Any(other => other is { LingersUntil: not null, Aborted: false } && other.Remote.Equals(dial.Remote)))
        {
            // The other side of a punch may be choosing that connect at this moment.
            WaitOrLeave(TupleOf(dial.Remote), dial, now);
        }
        else
        {
            Connect(dial, freshPort: false, now);
        }
    }

    private void ConnectFresh(DialRequest dial, TimeSpan now) => Connect(dial, freshPort: true, now);

    private void Connect(DialRequest dial, bool freshPort, TimeSpan now)
    {
        dial.Stage = DialStage.Connecting;
        dial.Attempt = new Attempt(++_lastAttempt, dial.Remote, freshPort, now) { Dial = dial };
        Start(dial.Attempt);
    }

    private void DialSucceeded(RemoteTuple tuple, DialRequest dial, Attempt attempt, TimeSpan now)
    {
        _dials.Remove(dial.Id);
        Emit(new PortEffect.DialConnected(dial.Id, attempt.Id));
        if (attempt.FreshPort)
        {
            return;
        }

        tuple.Live++;
        tuple.Dial = null;
        LeaveAll(tuple, now);
    }

    private void DialAttemptFailed(RemoteTuple tuple, DialRequest dial, Attempt attempt, PortFailure failure, TimeSpan now)
    {
        if (attempt.FreshPort)
        {
            EndDial(dial, failure);
        }
        else if (failure.Kind != PortFailureKind.TupleInUse)
        {
            FailDials(tuple, failure);
        }
        else if (dial.AcceptedMeanwhile && tuple.Live > 0)
        {
            FailDials(tuple, AcceptedInstead);
        }
        else if (IsConnecting(dial.Remote))
        {
            WaitOrLeave(tuple, dial, now);
        }
        else if (tuple.Live > 0)
        {
            // Whoever asks for another connection to a remote has a reason, e.g. that the one that lives is half dead.
            LeaveAll(tuple, now);
        }
        else
        {
            dial.Stage = DialStage.Draining;
            Emit(new PortEffect.DrainAcceptQueue());
        }
    }

    /// <summary>
    /// Nothing explains why the 4-tuple is taken. What is on its way to us gets a moment; after that it is something that only the kernel
    /// knows, such as TIME_WAIT, and the dial leaves from another port, which the answer then says.
    /// </summary>
    private void WaitOrLeave(RemoteTuple tuple, DialRequest dial, TimeSpan now)
    {
        if (dial.GraceGiven)
        {
            LeaveAll(tuple, now);
            return;
        }

        dial.GraceGiven = true;
        dial.Stage = DialStage.Grace;
        dial.RetryAt = now + _options.TupleGrace;
    }

    /// <summary>The 4-tuple stays taken: all dials to that remote go by fresh ports.</summary>
    private void LeaveAll(RemoteTuple tuple, TimeSpan now)
    {
        foreach (var dial in TakeDials(tuple))
        {
            ConnectFresh(dial, now);
        }
    }

    /// <summary>Ends all dials to a remote in the same way.</summary>
    private void FailDials(RemoteTuple tuple, PortFailure failure)
    {
        foreach (var dial in TakeDials(tuple))
        {
            EndDial(dial, failure);
        }
    }

    private List<DialRequest> TakeDials(RemoteTuple tuple)
    {
        var dials = new List<DialRequest>(tuple.Waiting.Count + 1);
        if (tuple.Dial is { } first)
        {
            dials.Add(first);
        }

        dials.AddRange(tuple.Waiting);
        tuple.Dial = null;
        tuple.Waiting.Clear();
        return dials;
    }

    private void EndDial(DialRequest dial, PortFailure failure)
    {
        _dials.Remove(dial.Id);
        if (dial.Attempt is { } attempt)
        {
            dial.Attempt = null;
            Abort(attempt);
        }

        Emit(new PortEffect.DialFailed(dial.Id, failure));
    }

    private void CancelDial(RemoteTuple tuple, DialRequest dial, TimeSpan now)
    {
        EndDial(dial, new PortFailure(PortFailureKind.Aborted, "The dial was given up on this side."));
        tuple.Waiting.Remove(dial);
        if (tuple.Dial == dial)
        {
            tuple.Dial = null;
            if (tuple.Waiting.Count > 0)
            {
                tuple.Dial = tuple.Waiting[0];
                tuple.Waiting.RemoveAt(0);
                ConnectShared(tuple.Dial, now);
            }
        }

        Forget(tuple);
    }
}
