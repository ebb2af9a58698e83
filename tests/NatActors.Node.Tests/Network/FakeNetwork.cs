using System.Net;
using NatActors.Transports.Network;

namespace NatActors.Node.Tests.Network;

/// <summary>A machine's network in the hands of a test.</summary>
internal sealed class FakeNetwork : INetworkInterfaces, INetworkNotices
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _notice = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _reads;
    private int _waits;

    public NetworkState State { get; set; } = With("10.0.0.2");

    public bool GivesNotice { get; init; } = true;

    public bool Fails { get; set; }

    public int Reads => Volatile.Read(ref _reads);

    /// <summary>How often a notice was waited for.</summary>
    public int Waits => Volatile.Read(ref _waits);

    public static NetworkState With(params string[] addresses) => new()
    {
        Interfaces = [new NetworkInterfaceState("eth0", [.. addresses.Select(IPAddress.Parse)])],
        Gateways = [new GatewayState("eth0", IPAddress.Parse("10.0.0.1"))],
    };

    public IReadOnlyList<IPAddress> GetAddresses() => [.. State.Interfaces.SelectMany(i => i.Addresses)];

    public NetworkState GetState()
    {
        Interlocked.Increment(ref _reads);
        return Fails ? throw new IOException("not now") : State;
    }

    public INetworkNotices? OpenNotices() => GivesNotice ? this : null;

    public Task WaitAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            Interlocked.Increment(ref _waits);
            return _notice.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>One notice; whoever waits next waits for the next one.</summary>
    public void Notify()
    {
        lock (_gate)
        {
            var notice = _notice;
            _notice = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            notice.SetResult();
        }
    }

    public void EndNotices()
    {
        lock (_gate)
        {
            _notice.SetException(new IOException("no more notices"));
        }
    }

    public void Dispose()
    {
    }
}
