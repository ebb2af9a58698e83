using System.Net;
using NatActors.Multiformats;
using NatActors.Multiformats.Tests.Shared;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.Tests.Relay;

namespace NatActors.Protocols.Tests.AutoNat;

/// <summary>What stands before the node.</summary>
public enum NatKind
{
    None,
    FullCone,
    AddressRestricted,
    PortRestricted,
    Symmetric,
    Firewall,
}

/// <summary>How a server behaves.</summary>
public enum ServerKind
{
    /// <summary>Dials and tells the truth.</summary>
    Honest,

    /// <summary>So too, and has a host dial that the node never contacted.</summary>
    WithPartner,

    /// <summary>Never answers.</summary>
    Drops,

    /// <summary>Rejects every request.</summary>
    Rejects,

    /// <summary>Would dial nothing.</summary>
    RefusesToDial,

    /// <summary>Says that it got through; nothing ever arrives.</summary>
    SaysPublic,

    /// <summary>Says that it could not get through.</summary>
    SaysPrivate,

    /// <summary>Says, where it gets through itself, that a stranger did not.</summary>
    SaysFiltered,

    /// <summary>So too, though it knows no partner whom it could ask.</summary>
    SaysFilteredAlone,

    /// <summary>Each time one of the above, at random.</summary>
    Unreliable,
}

/// <summary>A node behind a NAT among servers, in virtual time: the machines are the real ones, sockets and servers are played.</summary>
internal sealed class ReachabilityWorld
{
    public static readonly Multiaddr Own = Multiaddr.Parse("/ip4/29.0.1.2/tcp/4001");

    private static readonly TimeSpan ServerDialTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan V1DialTimeout = TimeSpan.FromSeconds(15);

    private readonly PriorityQueue<Action, (TimeSpan At, long Number)> _agenda = new();
    private readonly Dictionary<PeerId, (ServerKind Kind, IPAddress Host)> _servers = [];
    private readonly Dictionary<long, ProbeMachine> _probes = [];
    private readonly SeededRandom _random;
    private readonly ReachabilityOptions _options;
    private readonly ContactedHosts _contacted = new(7);
    private long _number;
    private int _lastStranger;
    private int _lastServer;

    public ReachabilityWorld(ulong seed, NatKind nat, ReachabilityOptions? options = null)
    {
        _random = new SeededRandom((int)seed);
        Nat = nat;
        _options = options ?? new ReachabilityOptions();
        Machine = new ReachabilityMachine(_options, _random);
    }

    public NatKind Nat { get; set; }

    public ReachabilityMachine Machine { get; }

    public TimeSpan Now { get; private set; }

    public List<(TimeSpan At, NodeVerdict Verdict)> Changes { get; } = [];

    public List<ReachabilityEffect> AddressEvents { get; } = [];

    public List<(TimeSpan At, ReachabilityQuestion Question)> Asked { get; } = [];

    public int MostOutstanding { get; private set; }

    /// <summary>What each question comes to, in place of the servers; null to let them answer.</summary>
    public Func<ReachabilityQuestion, ProbeResult>? Scripted { get; set; }

    private int _outstanding;

    /// <summary>The verdicts in order, as people read them.</summary>
    public IEnumerable<string> Texts => Changes.Select(c => c.Verdict.Text);

    public AddressVerdict Of(Multiaddr address) => Machine.Verdict.Addresses.Single(a => a.Address == address);

    public void Candidates(params Multiaddr[] addresses) => Play(Machine.OnCandidates(addresses, Now));

    /// <summary>A server connects, each in a network of its own unless told otherwise.</summary>
    public long Connect(ServerKind kind, string? host = null, bool v1 = false)
    {
        var number = ++_lastServer;
        var address = IPAddress.Parse(host ?? $"{50 + number}.0.1.2");
        var peer = Peers.Id(1000 + number);
        _servers[peer] = (kind, address);
        _contacted.OnContact(new IPEndPoint(address, 4001));
        string[] v2 = kind is ServerKind.WithPartner or ServerKind.SaysFiltered
            ? [AutoNatProtocol.V2DialRequest, AutoNatProtocol.Partner]
            : [AutoNatProtocol.V2DialRequest];
        Play(Machine.OnPeer(
            new ProbePeer
            {
                Peer = peer,
                ConnectionId = number,
                Remote = Multiaddr.FromTcp(new IPEndPoint(address, 4001)),
                Protocols = v1 ? [AutoNatProtocol.V1] : v2,
            },
            Now));
        return number;
    }

    public void Do(Func<ReachabilityMachine, TimeSpan, IReadOnlyList<ReachabilityEffect>> what) => Play(what(Machine, Now));

    public void At(TimeSpan at, Action what) => _agenda.Enqueue(what, (at, ++_number));

    public ReachabilityWorld Run(TimeSpan until)
    {
        while (true)
        {
            var next = _agenda.TryPeek(out _, out var due) ? due.At : TimeSpan.MaxValue;
            var timer = Machine.NextDeadline ?? TimeSpan.MaxValue;
            var at = next < timer ? next : timer;
            if (at > until)
            {
                Now = until;
                return this;
            }

            Now = at > Now ? at : Now;
            if (next <= timer)
            {
                _agenda.Dequeue()();
            }
            else
            {
                Play(Machine.OnTimer(Now));
                Assert.True(Machine.NextDeadline is not { } again || again > Now, "The machine asks for a timer that is due already.");
            }
        }
    }

    private bool LetsIn(bool contacted) => Nat switch
    {
        NatKind.None or NatKind.FullCone => true,
        NatKind.AddressRestricted => contacted,
        _ => false,
    };

    private void Play(IReadOnlyList<ReachabilityEffect> effects)
    {
        foreach (var effect in effects)
        {
            switch (effect)
            {
                case ReachabilityEffect.Ask ask: Ask(ask.Question); break;
                case ReachabilityEffect.VerdictChanged changed: Changes.Add((Now, changed.Verdict)); break;
                case ReachabilityEffect.Confirmed or ReachabilityEffect.Lost: AddressEvents.Add(effect); break;
                default: break;
            }
        }
    }

    private void Ask(ReachabilityQuestion question)
    {
        Asked.Add((Now, question));
        MostOutstanding = Math.Max(MostOutstanding, ++_outstanding);
        if (Scripted is { } scripted)
        {
            At(Now + TimeSpan.FromSeconds(1), () => End(question.Id, scripted(question)));
            return;
        }

        var (kind, host) = _servers[question.Server];
        if (kind == ServerKind.Unreliable)
        {
            ServerKind[] moods = [ServerKind.Honest, ServerKind.Drops, ServerKind.Rejects, ServerKind.RefusesToDial, ServerKind.SaysPublic, ServerKind.SaysPrivate];
            kind = moods[_random.NextInt(moods.Length)];
        }

        if (question.IsV1)
        {
            AskV1(question, kind);
            return;
        }

        var probe = new ProbeMachine(new ProbeQuestion(question.Addresses, 42), _options.Timeout, Now);
        _probes[question.Id] = probe;
        Play(question.Id, probe.OnOpened());
        Answer(question.Id, kind, host);
        At(Now + _options.Timeout, () => Play(question.Id, probe.OnDeadline(Now)));
    }

    private void Answer(long id, ServerKind kind, IPAddress host)
    {
        var soon = Now + TimeSpan.FromMilliseconds(200) + _random.NextDelay(TimeSpan.FromSeconds(1));
        var late = Now + ServerDialTimeout + _random.NextDelay(TimeSpan.FromMilliseconds(400));
        var ownWay = LetsIn(contacted: true);
        switch (kind)
        {
            case ServerKind.Honest when ownWay: DialBack(id, host, soon); Say(id, AutoNatV2DialStatus.Ok, soon); break;
            case ServerKind.WithPartner when LetsIn(contacted: false):
                DialBack(id, IPAddress.Parse($"90.{++_lastStranger % 250}.1.2"), soon);
                Say(id, AutoNatV2DialStatus.Ok, soon);
                break;
            case ServerKind.WithPartner or ServerKind.SaysFiltered or ServerKind.SaysFilteredAlone when ownWay:
                DialBack(id, host, kind == ServerKind.WithPartner ? late : soon);
                Say(id, AutoNatV2DialStatus.DialError, kind == ServerKind.WithPartner ? late : soon);
                break;
            case ServerKind.Honest or ServerKind.WithPartner or ServerKind.SaysFiltered or ServerKind.SaysFilteredAlone: Say(id, AutoNatV2DialStatus.DialError, late); break;
            case ServerKind.SaysPrivate: Say(id, AutoNatV2DialStatus.DialError, soon); break;
            case ServerKind.SaysPublic: Say(id, AutoNatV2DialStatus.Ok, soon); break;
            case ServerKind.Rejects: Refuse(id, AutoNatV2Status.RequestRejected, soon); break;
            case ServerKind.RefusesToDial: Refuse(id, AutoNatV2Status.DialRefused, soon); break;
            default: break;
        }
    }

    private void AskV1(ReachabilityQuestion question, ServerKind kind)
    {
        var (status, wait) = kind switch
        {
            ServerKind.Honest when LetsIn(contacted: true) => (AutoNatV1Status.Ok, TimeSpan.FromSeconds(1)),
            ServerKind.Honest => (AutoNatV1Status.DialError, V1DialTimeout),
            ServerKind.SaysPublic => (AutoNatV1Status.Ok, TimeSpan.FromSeconds(1)),
            ServerKind.SaysPrivate => (AutoNatV1Status.DialError, TimeSpan.FromSeconds(1)),
            ServerKind.Rejects or ServerKind.RefusesToDial => (AutoNatV1Status.DialRefused, TimeSpan.FromSeconds(1)),
            _ => (AutoNatV1Status.InternalError, _options.V1Timeout),
        };
        var answer = new AutoNatV1Decoded(new AutoNatV1Message.DialResponse(status, null, null), AutoNatMessageFault.None);
        var result = ProbeV1.Judge(answer, cameIn: kind == ServerKind.Honest && status == AutoNatV1Status.Ok);
        At(Now + wait, () => End(question.Id, result));
    }

    private void DialBack(long id, IPAddress from, TimeSpan at) => At(at, () =>
    {
        var remote = new IPEndPoint(from, 30_000 + _random.NextInt(20_000));
        _contacted.OnAccepted(remote);
        Play(id, _probes.TryGetValue(id, out var probe) ? probe.OnDialBack(new ProbeDialBack
        {
            Local = Multiaddr.Parse("/ip4/10.0.0.2/tcp/4001"),
            Remote = Multiaddr.FromTcp(remote),
            CameByListener = true,
            IsNew = true,
            FromStranger = _contacted.CameAsStranger(remote),
            FromDialedPort = _contacted.WasDialed(remote),
        }) : []);
    });

    private void Say(long id, AutoNatV2DialStatus status, TimeSpan at) => Say(id, AutoNatV2Status.Ok, status, at);

    private void Refuse(long id, AutoNatV2Status status, TimeSpan at) => Say(id, status, AutoNatV2DialStatus.Unused, at);

    private void Say(long id, AutoNatV2Status status, AutoNatV2DialStatus dial, TimeSpan at) => At(at, () =>
    {
        var answer = new AutoNatV2Decoded(new AutoNatV2Message.DialResponse(status, 0, dial), AutoNatMessageFault.None);
        if (_probes.TryGetValue(id, out var probe))
        {
            Play(id, probe.OnMessage(answer, Now));
            At(Now + ProbeMachine.NonceGrace, () => Play(id, probe.OnDeadline(Now)));
        }
    });

    private void Play(long id, IReadOnlyList<ProbeEffect> effects)
    {
        foreach (var ended in effects.OfType<ProbeEffect.Ended>())
        {
            _probes.Remove(id);
            End(id, ended.Result);
        }
    }

    private void End(long id, ProbeResult result)
    {
        _outstanding--;
        Play(Machine.OnEnded(id, result, Now));
    }
}
