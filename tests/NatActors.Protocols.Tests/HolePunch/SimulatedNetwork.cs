using System.Net;
using NatActors.Protocols.HolePunch;

namespace NatActors.Protocols.Tests.HolePunch;

/// <summary>Time that jumps to the next thing that happens, and TCP connects as far as a hole punch notices them.</summary>
internal sealed class SimulatedNetwork(TimeSpan oneWay)
{
    private static readonly TimeSpan[] Retransmissions = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3)];

    private readonly PriorityQueue<Action, (TimeSpan At, long Order)> _queue = new();
    private readonly List<SimulatedHost> _hosts = [];
    private long _order;

    public TimeSpan Now { get; private set; } = TimeSpan.FromMinutes(10);

    public TimeSpan OneWay => oneWay;

    public void Add(SimulatedHost host) => _hosts.Add(host);

    public void At(TimeSpan delay, Action action) => _queue.Enqueue(action, (Now + delay, _order++));

    public void RunUntil(Func<bool> done, TimeSpan limit)
    {
        var end = Now + limit;
        while (!done() && _queue.TryPeek(out _, out var next) && next.At <= end)
        {
            Now = next.At;
            _queue.Dequeue()();
        }
    }

    public void Connect(SimulatedDial dial)
    {
        dial.From.Dials.Add(dial);
        Syn(dial);
        foreach (var wait in Retransmissions)
        {
            At(wait, () => Syn(dial));
        }
    }

    private void Syn(SimulatedDial dial)
    {
        if (dial.Pending)
        {
            var source = dial.From.Nat.Leave(dial.Port, dial.Remote);
            At(oneWay, () => Arrive(dial, source));
        }
    }

    private void Arrive(SimulatedDial dial, IPEndPoint source)
    {
        var host = _hosts.SingleOrDefault(h => h.Nat.Outside.Equals(dial.Remote.Address));
        if (!dial.Pending || host is null)
        {
            return;
        }

        if (host.Nat.Enter(dial.Remote.Port, source, SimulatedHost.ListenPort) is not { } port)
        {
            if (host.AnswersReset)
            {
                At(oneWay, () => dial.Refuse());
            }

            return;
        }

        if (host.Dials.FirstOrDefault(d => d.Pending && d.Port == port && d.Remote.Equals(source)) is { } crossing)
        {
            var link = new SimulatedLink(this, dial.Owner, crossing.Owner);
            crossing.Succeed(link);
            At(oneWay, () => dial.Succeed(link));
        }
        else if (port == SimulatedHost.ListenPort)
        {
            var link = new SimulatedLink(this, dial.Owner, host.Listener);
            At(oneWay, () =>
            {
                if (dial.Succeed(link))
                {
                    At(oneWay, () => host.Listener.Accepted(link, source));
                }
            });
        }
        else if (host.AnswersReset)
        {
            At(oneWay, () => dial.Refuse());
        }
    }
}

/// <summary>A machine behind its border.</summary>
internal sealed class SimulatedHost(SimulatedNat nat, bool answersReset)
{
    public const int ListenPort = 4001;

    public SimulatedNat Nat => nat;

    public bool AnswersReset => answersReset;

    public List<SimulatedDial> Dials { get; } = [];

    public ILinkOwner Listener { get; set; } = null!;
}

/// <summary>Whoever gets connections.</summary>
internal interface ILinkOwner
{
    void Connected(SimulatedLink link, SimulatedDial dial);

    void Refused(SimulatedDial dial);

    void Accepted(SimulatedLink link, IPEndPoint remote);

    void UpgradeFailed(SimulatedLink link);

    void Up(SimulatedLink link, bool inbound);
}

/// <summary>One connect.</summary>
internal sealed class SimulatedDial(SimulatedHost from, int port, IPEndPoint remote, ILinkOwner owner)
{
    public SimulatedHost From => from;

    public int Port => port;

    public IPEndPoint Remote => remote;

    public ILinkOwner Owner => owner;

    public bool Pending { get; private set; } = true;

    public void Abort() => Pending = false;

    public bool Succeed(SimulatedLink link)
    {
        if (!Pending)
        {
            return false;
        }

        Pending = false;
        owner.Connected(link, this);
        return true;
    }

    public void Refuse()
    {
        if (Pending)
        {
            Pending = false;
            owner.Refused(this);
        }
    }
}

/// <summary>A TCP connection between two owners, and its upgrade: it comes up when exactly one end speaks first.</summary>
internal sealed class SimulatedLink(SimulatedNetwork network, ILinkOwner first, ILinkOwner second)
{
    private readonly HashSet<ILinkOwner> _joined = [];
    private readonly HashSet<ILinkOwner> _heard = [];
    private ILinkOwner? _speaker;
    private bool _failed;
    private bool _settled;

    /// <summary>An end goes to work in its role.</summary>
    public void Join(ILinkOwner owner, PunchRole role, TimeSpan? speakAfter)
    {
        _joined.Add(owner);
        if (role == PunchRole.Dialer)
        {
            Speak(owner);
        }
        else if (speakAfter is { } wait)
        {
            network.At(wait, () =>
            {
                if (!_heard.Contains(owner))
                {
                    Speak(owner);
                }
            });
        }
    }

    public void Abort() => _failed = true;

    private void Speak(ILinkOwner owner)
    {
        if (_speaker is not null && _speaker != owner)
        {
            _failed = true;
            network.At(network.OneWay, () => Fail());
            return;
        }

        _speaker = owner;
        var other = owner == first ? second : first;
        network.At(network.OneWay, () => _heard.Add(other));

        // Security and muxer: two round trips more, when both ends are at work and nobody else spoke.
        network.At(4 * network.OneWay, () => Settle(owner, other));
    }

    private void Settle(ILinkOwner dialer, ILinkOwner listener)
    {
        if (_failed || _joined.Count < 2)
        {
            Fail();
            return;
        }

        if (!_settled)
        {
            _settled = true;
            dialer.Up(this, inbound: false);
            network.At(network.OneWay, () => listener.Up(this, inbound: true));
        }
    }

    private void Fail()
    {
        if (!_settled)
        {
            _settled = true;
            first.UpgradeFailed(this);
            second.UpgradeFailed(this);
        }
    }
}
