using System.Net;
using NatActors.Multiformats;
using NatActors.Transports;
using NatActors.Transports.Port;
using NatActors.Transports.Security;

namespace NatActors.Benchmarks.Lab;

/// <summary>When a node's TCP connections came about, and when their Noise handshakes began and ended, for the breakdown into phases.</summary>
internal sealed class Stamps
{
    private readonly Lock _gate = new();
    private readonly List<(Step Step, Multiaddr Remote, DateTimeOffset Time)> _all = [];

    /// <summary>What is stamped.</summary>
    public enum Step
    {
        TcpUp,
        NoiseBegan,
        NoiseDone,
    }

    /// <summary>The transport, its connections stamped.</summary>
    public IPortTransport On(IPortTransport transport) => new Transport(transport, this);

    /// <summary>The security upgrade, its handshakes stamped.</summary>
    public ISecurityUpgrade On(ISecurityUpgrade upgrade) => new Security(upgrade, this);

    /// <summary>The last such step with that host up to then; null without one.</summary>
    public DateTimeOffset? Last(Step step, Multiaddr remote, DateTimeOffset until)
    {
        lock (_gate)
        {
            var found = _all.Where(one => one.Step == step && one.Remote.Equals(remote) && one.Time <= until).ToList();
            return found.Count == 0 ? null : found[^1].Time;
        }
    }

    private void Add(Step step, IConduit conduit)
    {
        lock (_gate)
        {
            _all.Add((step, conduit.RemoteAddress, DateTimeOffset.UtcNow));
        }
    }

    private sealed class Transport(IPortTransport inner, Stamps stamps) : IPortTransport
    {
        public bool CanListen(Multiaddr address) => inner.CanListen(address);

        public bool CanDial(Multiaddr address) => inner.CanDial(address);

        public BindResult Bind(Multiaddr address) => On(inner.Bind(address));

        public BindResult BindForDialing(Multiaddr address) => On(inner.BindForDialing(address));

        private BindResult On(BindResult bound) =>
            bound.Binding is { } binding ? bound with { Binding = new Binding(binding, stamps) } : bound;
    }

    private sealed class Binding(IPortBinding inner, Stamps stamps) : IPortBinding
    {
        public Multiaddr LocalAddress => inner.LocalAddress;

        public IPEndPoint LocalEndPoint => inner.LocalEndPoint;

        public async ValueTask<IConduit?> AcceptAsync(CancellationToken cancellationToken)
        {
            var accepted = await inner.AcceptAsync(cancellationToken);
            if (accepted is not null)
            {
                stamps.Add(Step.TcpUp, accepted);
            }

            return accepted;
        }

        public IReadOnlyList<IConduit> TakeAccepted() => inner.TakeAccepted();

        public async Task<ConnectResult> ConnectAsync(IPEndPoint remote, DialPort from, CancellationToken cancellationToken)
        {
            var result = await inner.ConnectAsync(remote, from, cancellationToken);
            if (result.Conduit is { } conduit)
            {
                stamps.Add(Step.TcpUp, conduit);
            }

            return result;
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class Security(ISecurityUpgrade inner, Stamps stamps) : ISecurityUpgrade
    {
        public string Protocol => inner.Protocol;

        public async ValueTask<SecurityResult> UpgradeAsync(
            IConduit conduit, ConnectionRole role, PeerId? expectedPeer, CancellationToken cancellationToken)
        {
            stamps.Add(Step.NoiseBegan, conduit);
            var result = await inner.UpgradeAsync(conduit, role, expectedPeer, cancellationToken);
            stamps.Add(Step.NoiseDone, conduit);
            return result;
        }
    }
}
