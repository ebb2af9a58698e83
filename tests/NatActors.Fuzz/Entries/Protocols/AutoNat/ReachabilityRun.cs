using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;

namespace NatActors.Fuzz.Entries.Protocols.AutoNat;

/// <summary>A <see cref="ReachabilityMachine"/> with small bounds, and the questions and connections as its actor knows them.</summary>
internal sealed class ReachabilityRun(RandomSource random) : TimedRun
{
    private const int MaxWitnesses = 16;
    private const int MaxHistory = 16;

    private static readonly ReachabilityOptions Options = new() { MaxAddresses = 4, MaxServers = 6, MaxDials = 5 };

    private static readonly string[][] Speaks =
    [
        [], [AutoNatProtocol.V2DialRequest], [AutoNatProtocol.V2DialRequest, AutoNatProtocol.Partner], [AutoNatProtocol.V1],
        [AutoNatProtocol.V1, AutoNatProtocol.V2DialRequest],
    ];

    private readonly ReachabilityMachine _machine = new(Options, random);
    private readonly Dictionary<long, PeerId> _connections = [];
    private readonly List<ReachabilityQuestion> _out = [];
    private readonly HashSet<Multiaddr> _confirmed = [];
    private readonly Dictionary<Multiaddr, List<TimeSpan>> _asked = [];
    private bool _anyProof;
    private long _lastQuestion;

    protected override TimeSpan? NextDeadline => _machine.NextDeadline;

    protected override void Deadline(TimeSpan now, ref FuzzDigest digest) => Take(_machine.OnTimer(now), now, ref digest);

    protected override void Event(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
    {
        switch (kind)
        {
            case 0:
                // What is asked about an address is counted while it is one of this node's.
                var candidates = Samples.AddressList(ref arguments, 7);
                var kept = candidates.Select(a => a.WithoutPeerId()).ToHashSet();
                foreach (var gone in _asked.Keys.Where(a => !kept.Contains(a)).ToArray())
                {
                    _asked.Remove(gone);
                }

                Take(_machine.OnCandidates(candidates, now), now, ref digest);
                break;
            case 1: Peer(ref arguments, now, ref digest); break;
            case 2:
                var ended = Connection(ref arguments, out _);
                _connections.Remove(ended);
                Take(_machine.OnConnectionGone(ended, now), now, ref digest);
                break;
            case 3: Stranger(ref arguments, now, ref digest); break;
            case 4:
                _asked.Clear();
                Take(_machine.OnProbeAgain(arguments.Flag() ? Samples.AddressList(ref arguments, 2) : null, now), now, ref digest);
                break;
            case 5:
                _asked.Clear();
                Take(_machine.OnNetworkChanged(now), now, ref digest);
                break;
            case 6 when _out.Count > 0: Answer(ref arguments, now, ref digest); break;
            case 6: Take(_machine.OnEnded(arguments.Byte(), ProbeV1.Failed("nobody asked"), now), now, ref digest); break;
            default: Take(_machine.OnTimer(now), now, ref digest); break;
        }
    }

    protected override void Check(TimeSpan now)
    {
        var verdict = _machine.Verdict;
        Require.That(_out.Count <= Options.MaxOutstanding, "more questions are out than allowed");
        Require.That(_machine.Servers.Count <= Options.MaxServers, "more servers are remembered than allowed");
        Require.That(
            verdict.Addresses.Count <= Options.MaxAddresses && verdict.History.Count <= MaxHistory,
            "more addresses or verdicts are remembered than allowed");
        Require.That(_anyProof || verdict.Verdict != Reachability.Public, "a node is public without any proof");
        Require.That(
            !verdict.FilteringProven || verdict.Verdict == Reachability.Public,
            "filtering is proven of a node that is not public");
        foreach (var address in verdict.Addresses)
        {
            Require.That(
                address.Witnesses.Count <= MaxWitnesses && address.History.Count <= MaxHistory,
                "more witnesses or verdicts are remembered than allowed");
            Require.That(
                (address.Verdict == Reachability.Public) == _confirmed.Contains(address.Address),
                "an address is public and not confirmed, or the reverse");
        }
    }

    protected override void Finish(ref TimeSpan now, ref FuzzDigest digest)
    {
        // Every question ends; then nothing is out.
        foreach (var question in _out.ToArray())
        {
            _out.Remove(question);
            Take(_machine.OnEnded(question.Id, ProbeV1.Failed("the end"), now), now, ref digest);
        }
    }

    private static long Connection(ref EventArguments arguments, out PeerId peer)
    {
        var index = arguments.Below(Samples.Peers.Count);
        peer = Samples.Peers[index];
        return (index * 4) + arguments.Below(4);
    }

    private void Peer(ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
    {
        var id = Connection(ref arguments, out var peer);
        var said = new ProbePeer
        {
            Peer = peer,
            ConnectionId = id,
            Remote = Samples.Address(ref arguments),
            Protocols = arguments.Pick(Speaks),
            Dialed = arguments.Flag(),
            Agent = arguments.Flag() ? "js-libp2p/3" : "go-libp2p",
            Listens = Samples.AddressList(ref arguments, 3),
        };
        _connections[id] = peer;
        Take(_machine.OnPeer(said, now), now, ref digest);
    }

    private void Stranger(ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
    {
        var peer = Samples.Peer(ref arguments);
        var (local, remote) = (Multiaddr.FromTcp(Samples.EndPoint(ref arguments)), Multiaddr.FromTcp(Samples.EndPoint(ref arguments)));
        _anyProof = true;
        Take(_machine.OnStranger(peer, local, remote, now), now, ref digest);
    }

    private void Answer(ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
    {
        var question = arguments.Pick(_out);
        _out.Remove(question);
        var outcome = (WitnessOutcome)arguments.Below(5);
        var trouble = outcome == WitnessOutcome.NoEvidence ? (ProbeTrouble)(1 + arguments.Below(4)) : ProbeTrouble.None;
        _anyProof |= outcome is WitnessOutcome.Reached or WitnessOutcome.ReachedByStranger or WitnessOutcome.ReachedByContactOnly;
        Take(_machine.OnEnded(question.Id, new ProbeResult(outcome, trouble, "it"), now), now, ref digest);
        Take(_machine.OnEnded(question.Id, new ProbeResult(WitnessOutcome.Reached, ProbeTrouble.None, "twice"), now), now, ref digest);
    }

    private void Take(IReadOnlyList<ReachabilityEffect> effects, TimeSpan now, ref FuzzDigest digest)
    {
        foreach (var effect in effects)
        {
            switch (effect)
            {
                case ReachabilityEffect.Ask ask: Asked(ask.Question, now, ref digest); break;
                case ReachabilityEffect.Confirmed confirmed:
                    Require.That(_confirmed.Add(confirmed.Address), "an address is confirmed twice");
                    break;
                case ReachabilityEffect.Lost lost:
                    Require.That(_confirmed.Remove(lost.Address), "an address is lost that was not confirmed");
                    break;
                case ReachabilityEffect.VerdictChanged changed:
                    digest.Add((int)changed.Verdict.Verdict);
                    break;
            }
        }
    }

    private void Asked(ReachabilityQuestion question, TimeSpan now, ref FuzzDigest digest)
    {
        Require.That(question.Id > _lastQuestion, "a question's number is used again");
        _lastQuestion = question.Id;
        _out.Add(question);
        Require.That(
            _connections.TryGetValue(question.ConnectionId, out var peer) && peer == question.Server,
            "a question goes over a connection that is gone");
        Require.That(_out.Count(q => q.Server == question.Server) <= 2, "a server is asked more than two questions at a time");
        Require.That(question.Addresses.Count is > 0 and <= AutoNatV1Codec.MaxAddresses, "a question about nothing, or too much");
        if (!question.IsV1)
        {
            var times = _asked.TryGetValue(question.Addresses[0], out var known) ? known : _asked[question.Addresses[0]] = [];
            times.RemoveAll(at => at <= now - Options.DialWindow);
            times.Add(now);
            Require.That(times.Count <= Options.MaxDials, "servers are asked about an address more often than allowed");
        }

        digest.Add(question.IsV1);
    }
}
