using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using NatActors.Multiformats;
using NatActors.Transports;
using NatActors.Transports.Network;
using NatActors.Transports.Port;

namespace NatActors.Node.Tests.Port;

/// <summary>A transport whose binds are scripted and whose bindings are worked by the test.</summary>
internal sealed class FakePortTransport(Func<Multiaddr, BindResult?> script) : IPortTransport
{
    public BlockingCollection<FakePortBinding> Bindings { get; } = [];

    public bool CanListen(Multiaddr address) => address.IsTcp;

    public bool CanDial(Multiaddr address) => address.IsTcp;

    public BindResult Bind(Multiaddr address) => script(address) ?? Open(address);

    public BindResult BindForDialing(Multiaddr address) => Open(address);

    private BindResult Open(Multiaddr address)
    {
        var binding = new FakePortBinding(address);
        Bindings.Add(binding);
        return new BindResult(binding, null, null);
    }
}

/// <summary>A binding that connects and accepts when the test says so, and keeps the order in which its owner called it.</summary>
internal sealed class FakePortBinding(Multiaddr address) : IPortBinding
{
    private readonly Channel<object> _accepts = Channel.CreateBounded<object>(64);
    private readonly ConcurrentQueue<IConduit> _queue = new();
    private int _lastConnect;

    public Multiaddr LocalAddress { get; } = address;

    public IPEndPoint LocalEndPoint => LocalAddress.TryGetTcpEndPoint(out var endPoint) ? endPoint : throw new InvalidOperationException();

    public BlockingCollection<FakeConnect> Connects { get; } = [];

    public ConcurrentQueue<string> Calls { get; } = new();

    public bool Disposed { get; private set; }

    public void AcceptSoon(IConduit conduit) => Assert.True(_accepts.Writer.TryWrite(conduit));

    public void FailAccept(string why) => Assert.True(_accepts.Writer.TryWrite(new IOException(why)));

    public void Queue(IConduit conduit) => _queue.Enqueue(conduit);

    public FakeConnect NextConnect()
    {
        Assert.True(Connects.TryTake(out var connect, TimeSpan.FromSeconds(10)), "no connect was started");
        return connect;
    }

    public async ValueTask<IConduit?> AcceptAsync(CancellationToken cancellationToken)
    {
        try
        {
            var next = await _accepts.Reader.ReadAsync(cancellationToken);
            return next is Exception error ? throw error : (IConduit)next;
        }
        catch (ChannelClosedException)
        {
            return null;
        }
    }

    public IReadOnlyList<IConduit> TakeAccepted()
    {
        Calls.Enqueue("drain");
        var taken = new List<IConduit>();
        while (_queue.TryDequeue(out var conduit))
        {
            taken.Add(conduit);
        }

        return taken;
    }

    public Task<ConnectResult> ConnectAsync(IPEndPoint remote, DialPort from, CancellationToken cancellationToken)
    {
        var connect = new FakeConnect(++_lastConnect, remote, from);
        Calls.Enqueue($"connect {connect.Number} {from}");
        cancellationToken.Register(() =>
        {
            Calls.Enqueue($"abort {connect.Number}");
            connect.Fail(ConnectFailureKind.Aborted);
        });
        Connects.Add(connect);
        return connect.Result;
    }

    public ValueTask DisposeAsync()
    {
        Disposed = true;
        _accepts.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }
}

internal sealed class FakeConnect(int number, IPEndPoint remote, DialPort from)
{
    private readonly TaskCompletionSource<ConnectResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Number { get; } = number;

    public IPEndPoint Remote { get; } = remote;

    public DialPort From { get; } = from;

    public Task<ConnectResult> Result => _result.Task;

    public FakeConduit Succeed(bool portReused = true)
    {
        var conduit = new FakeConduit(Multiaddr.FromTcp(Remote));
        Assert.True(_result.TrySetResult(new ConnectResult(conduit, portReused, null)));
        return conduit;
    }

    public void Fail(ConnectFailureKind kind) =>
        _result.TrySetResult(new ConnectResult(null, false, new ConnectFailure(kind, $"the system says {kind}")));
}

internal sealed class FakeConduit(Multiaddr remote) : IConduit
{
    private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Multiaddr LocalAddress { get; } = Multiaddr.Parse("/ip4/10.0.0.1/tcp/4001");

    public Multiaddr RemoteAddress { get; } = remote;

    public Task Aborted => _aborted.Task;

    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(0);

    public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    public ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    public void Abort() => _aborted.TrySetResult();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

internal sealed class FakeInterfaces(params string[] addresses) : INetworkInterfaces
{
    public IReadOnlyList<IPAddress> GetAddresses() => [.. addresses.Select(IPAddress.Parse)];
}
