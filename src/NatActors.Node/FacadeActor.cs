using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Ping;
using NatActors.Node.Report;
using NatActors.Node.Streams;

namespace NatActors.Node;

/// <summary>The messages of the <see cref="FacadeActor"/>: requests that carry the task to complete.</summary>
internal static class FacadeMessages
{
    public sealed record Dial(Multiaddr Address, TaskCompletionSource<ConnectionInfo> Answer);

    public sealed record OpenStream(PeerId Peer, string Protocol, bool AllowLimited, TaskCompletionSource<PeerStream> Answer);

    public sealed record Ping(PeerId Peer, TaskCompletionSource<TimeSpan> Answer);

    public sealed record Measure(PeerId Peer, ulong Upload, ulong Download, TaskCompletionSource<NodeEvents.PerfMeasured> Answer);

    public sealed record GetStatus(TaskCompletionSource<NodeMessages.Status> Answer);

    public sealed record GetReport(TaskCompletionSource<NodeReport> Answer);

    /// <summary>Nobody waits for that answer any more.</summary>
    public sealed record GiveUp(object Answer);
}

/// <summary>
/// Stands between tasks and the node's actors, one for a node: gives each request an id, completes its task with the answer, and resets a
/// stream whose requester has gone. One state.
/// </summary>
internal sealed class FacadeActor : UntypedActor
{
    private readonly IActorRef _node;
    private readonly NodeRefs _refs;
    private readonly Dictionary<long, TaskCompletionSource<ConnectionInfo>> _dials = [];
    private readonly Dictionary<long, TaskCompletionSource<PeerStream>> _streams = [];
    private readonly Dictionary<long, TaskCompletionSource<TimeSpan>> _pings = [];
    private readonly Dictionary<long, FacadeMessages.Measure> _measures = [];
    private readonly Queue<TaskCompletionSource<NodeMessages.Status>> _statuses = new();
    private readonly Queue<TaskCompletionSource<NodeReport>> _reports = new();
    private long _lastId;

    public FacadeActor(IActorRef node, NodeRefs refs)
    {
        _node = node;
        _refs = refs;
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case FacadeMessages.Dial dial: OnDial(dial); break;
            case FacadeMessages.OpenStream open: OnOpenStream(open); break;
            case FacadeMessages.Ping ping: OnPing(ping); break;
            case FacadeMessages.Measure measure: OnMeasure(measure); break;
            case FacadeMessages.GetStatus status: OnGetStatus(status); break;
            case FacadeMessages.GetReport report: OnGetReport(report); break;
            case FacadeMessages.GiveUp giveUp: OnGiveUp(giveUp.Answer); break;
            default: OnAnswer(message); break;
        }
    }

    protected override void PostStop()
    {
        var gone = new DialFailure(DialFailureKind.Cancelled, "the node is going down");
        Fail(_dials.Values, new PeerUnreachableException(gone));
        Fail(_streams.Values, new StreamNotOpenedException(new StreamFailure(StreamFailureKind.ConnectionLost, gone.Detail)));
        Fail(_pings.Values, new PeerFailedException(gone.Detail));
        Fail(_measures.Values.Select(m => m.Answer), new PeerFailedException(gone.Detail));
        Fail(_statuses, new PeerFailedException(gone.Detail));
        Fail(_reports, new PeerFailedException(gone.Detail));
    }

    private static void Fail<T>(IEnumerable<TaskCompletionSource<T>> answers, Exception failure)
    {
        foreach (var answer in answers)
        {
            answer.TrySetException(failure);
        }
    }

    private void OnAnswer(object message)
    {
        switch (message)
        {
            case NodeMessages.Dialed dialed: Succeed(_dials, dialed.Id, dialed.Connection); break;
            case NodeMessages.DialFailed failed: Fail(_dials, failed.Id, new PeerUnreachableException(failed.Failure)); break;
            case NodeMessages.StreamOpened opened: OnStreamOpened(opened); break;
            case NodeMessages.StreamFailed failed: Fail(_streams, failed.Id, new StreamNotOpenedException(failed.Failure)); break;
            case PingMessages.Pinged pinged: Succeed(_pings, pinged.Id, pinged.RoundTripTime); break;
            case PingMessages.PingFailed failed: Fail(_pings, failed.Id, new PeerFailedException(failed.Reason)); break;
            case PingMessages.Measured measured: OnMeasured(measured); break;
            case PingMessages.MeasureFailed failed: OnMeasureFailed(failed); break;
            case PingMessages.PingFinished or PingMessages.MeasureProgress: break;
            case NodeMessages.Status status: OnStatus(status); break;
            case NodeMessages.Report report: OnReport(report.Value); break;
            default: Unhandled(message); break;
        }
    }

    private static bool Succeed<T>(Dictionary<long, TaskCompletionSource<T>> requests, long id, T result) =>
        requests.Remove(id, out var answer) && answer.TrySetResult(result);

    private static void Fail<T>(Dictionary<long, TaskCompletionSource<T>> requests, long id, Exception failure)
    {
        if (requests.Remove(id, out var answer))
        {
            answer.TrySetException(failure);
        }
    }

    private void OnDial(FacadeMessages.Dial dial)
    {
        _dials[++_lastId] = dial.Answer;
        _node.Tell(new NodeMessages.Dial(_lastId, dial.Address, Self));
    }

    private void OnOpenStream(FacadeMessages.OpenStream open)
    {
        _streams[++_lastId] = open.Answer;
        _node.Tell(new NodeMessages.OpenStream(_lastId, open.Peer, open.Protocol, open.AllowLimited, Self));
    }

    private void OnPing(FacadeMessages.Ping ping)
    {
        _pings[++_lastId] = ping.Answer;
        _refs.Ping.Tell(new PingMessages.Ping(_lastId, ping.Peer, 1, Self));
    }

    private void OnMeasure(FacadeMessages.Measure measure)
    {
        _measures[++_lastId] = measure;
        _refs.Ping.Tell(new PingMessages.Measure(_lastId, measure.Peer, measure.Upload, measure.Download, Self));
    }

    private void OnGetStatus(FacadeMessages.GetStatus status)
    {
        _statuses.Enqueue(status.Answer);
        _node.Tell(new NodeMessages.GetStatus());
    }

    private void OnGetReport(FacadeMessages.GetReport report)
    {
        _reports.Enqueue(report.Answer);
        _node.Tell(new NodeMessages.GetReport());
    }

    /// <summary>Stops what goes on for it. A stream that still comes is reset, and a status or report is cheap: those are left alone.</summary>
    private void OnGiveUp(object answer)
    {
        if (TakeId(_dials, dial => dial == answer) is { } dial)
        {
            _node.Tell(new NodeMessages.CancelDial(dial, Self));
        }
        else if ((TakeId(_pings, ping => ping == answer) ?? TakeId(_measures, measure => measure.Answer == answer)) is { } run)
        {
            _refs.Ping.Tell(new PingMessages.Cancel(run, Self));
        }
    }

    private static long? TakeId<T>(Dictionary<long, T> requests, Func<T, bool> isIt)
    {
        foreach (var (id, request) in requests)
        {
            if (isIt(request))
            {
                requests.Remove(id);
                return id;
            }
        }

        return null;
    }

    private void OnStreamOpened(NodeMessages.StreamOpened opened)
    {
        if (!Succeed(_streams, opened.Id, opened.Stream))
        {
            opened.Stream.Reset();
        }
    }

    private void OnMeasured(PingMessages.Measured measured)
    {
        if (_measures.Remove(measured.Id, out var request))
        {
            var result = measured.Result;
            request.Answer.TrySetResult(new NodeEvents.PerfMeasured(
                request.Peer, measured.Relayed, (long)result.UploadBytes, result.UploadTime, (long)result.DownloadBytes, result.DownloadTime));
        }
    }

    private void OnMeasureFailed(PingMessages.MeasureFailed failed)
    {
        if (_measures.Remove(failed.Id, out var request))
        {
            request.Answer.TrySetException(new PeerFailedException(failed.Reason));
        }
    }

    private void OnStatus(NodeMessages.Status status)
    {
        if (_statuses.TryDequeue(out var answer))
        {
            answer.TrySetResult(status);
        }
    }

    /// <summary>Reports may overtake each other; each was made after it was asked for all the same.</summary>
    private void OnReport(NodeReport report)
    {
        if (_reports.TryDequeue(out var answer))
        {
            answer.TrySetResult(report);
        }
    }
}
