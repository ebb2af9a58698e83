using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.HolePunch;

namespace NatActors.Protocols.Tests.HolePunch;

/// <summary>One side of a pair: an attempt, the owner of its port, and the acceptor of what comes in otherwise.</summary>
internal sealed class PunchSide : ILinkOwner
{
    private const int FirstFreshPort = 50_000;
    private static readonly TimeSpan RetryAfterRefusal = TimeSpan.FromMilliseconds(5);

    private readonly SimulatedNetwork _network;
    private readonly List<SimulatedDial> _reversals = [];
    private readonly List<SimulatedDial> _punches = [];
    private PunchEffect.Punch? _punch;
    private SimulatedLink? _punched;
    private TimeSpan _windowEnds;
    private bool _started;
    private bool _refused;
    private int _punchNumber;

    public PunchSide(SimulatedNetwork network, SimulatedHost host, PunchAttempt attempt)
    {
        _network = network;
        Host = host;
        Attempt = attempt;
        host.Listener = this;
    }

    public SimulatedHost Host { get; }

    public PunchAttempt Attempt { get; }

    public PunchSide Other { get; set; } = null!;

    public Relay Relay { get; set; } = null!;

    public PunchEffect.Ended? Ended { get; private set; }

    public TimeSpan EndedAt { get; private set; }

    public List<TimeSpan> DialedAt { get; } = [];

    public List<PunchEffect> Done { get; } = [];

    /// <summary>The peer takes the roles the other way round.</summary>
    public bool SwapsRoles { get; set; }

    public void Apply(IReadOnlyList<PunchEffect> effects)
    {
        foreach (var effect in effects)
        {
            Done.Add(effect);
            Apply(effect);
        }

        if (Attempt.NextDeadline is { } deadline)
        {
            var wait = deadline - _network.Now;
            _network.At(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, () =>
            {
                if (Attempt.NextDeadline <= _network.Now)
                {
                    Apply(Attempt.OnDeadline(_network.Now));
                }
            });
        }
    }

    public void Connected(SimulatedLink link, SimulatedDial dial)
    {
        if (_reversals.Contains(dial))
        {
            link.Join(this, PunchRole.Dialer, null);
        }
        else
        {
            Punched(link, named: true);
        }
    }

    public void Refused(SimulatedDial dial)
    {
        if (!_punches.Remove(dial) || _punch is null)
        {
            return;
        }

        _refused = true;
        var number = _punchNumber;
        _network.At(RetryAfterRefusal, () =>
        {
            if (_punch is not null && number == _punchNumber && _network.Now < _windowEnds)
            {
                Dial(dial.Remote);
            }
        });
    }

    public void Accepted(SimulatedLink link, IPEndPoint remote)
    {
        if (_punch is not null && _punch.Remotes.Any(r => Equals(r.Host, remote.Address)))
        {
            Punched(link, _punch.Remotes.Contains(Multiaddr.FromTcp(remote)));
        }
        else
        {
            link.Join(this, PunchRole.Listener, null);
        }
    }

    public void UpgradeFailed(SimulatedLink link)
    {
        if (link == _punched)
        {
            _punched = null;
            Apply(Attempt.OnUpgradeFailed(_network.Now));
        }
    }

    public void Up(SimulatedLink link, bool inbound) => Apply(Attempt.OnDirectConnection(inbound, _network.Now));

    private void Apply(PunchEffect effect)
    {
        switch (effect)
        {
            case PunchEffect.OpenStream open: Relay.Open(open.AtOnce); break;
            case PunchEffect.Send send: Relay.Send(this, send.Message); break;
            case PunchEffect.EndStream: Relay.End(this); break;
            case PunchEffect.Reverse reverse: Reverse(reverse.Addresses); break;
            case PunchEffect.CancelReversal: _reversals.ForEach(d => d.Abort()); break;
            case PunchEffect.Punch punch: Begin(punch); break;
            case PunchEffect.StartPunch: Start(_punchNumber); break;
            case PunchEffect.CancelPunch: Stop(); _punched?.Abort(); break;
            case PunchEffect.Ended ended: (Ended, EndedAt) = (ended, _network.Now); break;
        }
    }

    private void Reverse(IReadOnlyList<Multiaddr> addresses)
    {
        for (var i = 0; i < addresses.Count; i++)
        {
            Assert.True(addresses[i].TryGetTcpEndPoint(out var endPoint));
            var dial = new SimulatedDial(Host, FirstFreshPort + i, endPoint, this);
            _reversals.Add(dial);
            _network.Connect(dial);
        }
    }

    private void Begin(PunchEffect.Punch punch)
    {
        _punch = punch;
        _started = _refused = false;
        var number = ++_punchNumber;
        _network.At(punch.Delay, () => Start(number));
    }

    private void Start(int number)
    {
        if (_punch is null || _started || number != _punchNumber)
        {
            return;
        }

        _started = true;
        _windowEnds = _network.Now + _punch.Window;
        DialedAt.Add(_network.Now);
        foreach (var remote in _punch.Remotes)
        {
            Assert.True(remote.TryGetTcpEndPoint(out var endPoint));
            Dial(endPoint);
        }

        _network.At(_punch.Window, () =>
        {
            if (_punch is not null && number == _punchNumber)
            {
                var failure = _refused ? PunchDialFailure.Refused : PunchDialFailure.NoAnswer;
                Stop();
                Apply(Attempt.OnPunchFailed(failure, _network.Now));
            }
        });
    }

    private void Dial(IPEndPoint remote)
    {
        var dial = new SimulatedDial(Host, SimulatedHost.ListenPort, remote, this);
        _punches.Add(dial);
        _network.Connect(dial);
    }

    private void Punched(SimulatedLink link, bool named)
    {
        if (_punch is not { } punch)
        {
            return;
        }

        Stop();
        _punched = link;
        var (role, speakAfter) = named ? (punch.Role, punch.SpeakAfter) : punch.ForUnnamedPort();
        Apply(Attempt.OnPunched(_network.Now));
        link.Join(this, SwapsRoles ? 1 - role : role, SwapsRoles ? null : speakAfter);
    }

    private void Stop()
    {
        _punch = null;
        _punches.ForEach(d => d.Abort());
        _punches.Clear();
    }
}

/// <summary>The relayed connection: a DCUtR stream with a delay each way, which may lose messages and die.</summary>
internal sealed class Relay(SimulatedNetwork network, TimeSpan oneWay)
{
    private int _sent;

    public PunchSide A { get; set; } = null!;

    public PunchSide B { get; set; } = null!;

    /// <summary>Which messages, counted from 1, never arrive.</summary>
    public HashSet<int> Lost { get; } = [];

    /// <summary>After which message the stream dies under both sides; 0 for never.</summary>
    public int DiesAfter { get; set; }

    /// <summary>Added to every SYNC.</summary>
    public TimeSpan SyncDelay { get; set; }

    public int Opened { get; private set; }

    /// <summary>A hears of the stream before it hears the first message on it, also where B does not wait for A to agree.</summary>
    public void Open(bool atOnce)
    {
        Opened++;
        network.At(oneWay, () => A.Apply(((PunchResponder)A.Attempt).OnStreamOpened(network.Now)));
        network.At(atOnce ? TimeSpan.Zero : 2 * oneWay, () => B.Apply(((PunchInitiator)B.Attempt).OnStreamOpened(network.Now)));
    }

    public void Send(PunchSide from, HolePunchMessage message)
    {
        var number = ++_sent;
        var to = from == A ? B : A;
        if (!Lost.Contains(number))
        {
            var decoded = HolePunchCodec.Decode(HolePunchCodec.Encode(message));
            var delay = oneWay + (message is HolePunchMessage.Sync ? SyncDelay : TimeSpan.Zero);
            network.At(delay, () => to.Apply(to.Attempt.OnMessage(decoded, network.Now)));
        }

        if (number == DiesAfter)
        {
            End(A);
            End(B);
        }
    }

    public void End(PunchSide from)
    {
        var to = from == A ? B : A;
        network.At(oneWay, () => to.Apply(to.Attempt.OnStreamEnded(network.Now)));
    }
}
