using System.Net;
using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.Connections;
using NatActors.Protocols.KeepAlive;

namespace NatActors.Fuzz.Entries.Protocols.KeepAlive;

/// <summary>Whom a lifetime server helps, with few places: never more mappings than allowed, each token good once and in its
/// time.</summary>
public sealed class LifetimeServerEntry : MachineEntry
{
    private static readonly LifetimeLimits Limits = new() { MappingsPerNetwork = 4, Mappings = 6, AsksPerNetwork = new RateLimit(0.1, 3),
        Asks = new RateLimit(1, 5) };

    /// <inheritdoc />
    public override string Name => "protocols.keepalive.server";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } = ["ask", "token", "bytes", "ended"];

    /// <inheritdoc />
    public override int MaxLength => 400;

    /// <inheritdoc />
    public override int Cost => 20;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 1, 0, 2, 132, 136).On(1, 0).On(1, 0).On(3, 0).On(1, 0).ToArray(),
        new EventScript().On(0, 1, 0, 2, 132, 136).On(0, 1, 0, 1, 132).On(0, 2, 0, 3, 132, 132, 132).On(0, 3, 3, 1, 255)
            .After(EventClock.Seconds(21), 1, 1).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new ServerRun(new LifetimeServerRules(Limits, random, now));

    private sealed class ServerRun(LifetimeServerRules rules) : IMachineRun
    {
        private readonly List<(long Ask, PeerId Peer, AddressPrefix Network, int Mappings)> _running = [];
        private readonly List<(byte[] Token, long Ask, TimeSpan At)> _tokens = [];
        private readonly HashSet<(long, int)> _used = [];

        public void On(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            switch (kind)
            {
                case 0: Ask(ref arguments, now, ref digest); break;
                case 1 when _tokens.Count > 0:
                    var (token, ask, at) = arguments.Pick(_tokens);
                    if (rules.OnToken(token, now) is { } ticket)
                    {
                        Require.That(
                            ticket.Ask == ask && now - at < Limits.TokenLifetime,
                            "a token stands for another ask, or is good for too long");
                        Require.That(
                            _running.Exists(r => r.Ask == ask) && _used.Add((ask, ticket.Mapping)),
                            "a token is good after its ask, or twice");
                        digest.Add(ticket.Silence);
                    }

                    break;
                case 2: Require.That(rules.OnToken(arguments.Rest, now) is null, "a token is guessed"); break;
                case 3 when _running.Count > 0:
                    var ended = arguments.Pick(_running);
                    _running.Remove(ended);
                    rules.OnAskEnded(ended.Ask);
                    rules.OnAskEnded(ended.Ask);
                    break;
            }

            Require.That(
                rules.Mappings == _running.Sum(r => r.Mappings) && rules.Mappings <= Limits.Mappings,
                "more mappings are measured than allowed, or another number");
        }

        public void End(TimeSpan now, ref FuzzDigest digest)
        {
            foreach (var ask in _running)
            {
                rules.OnAskEnded(ask.Ask);
            }

            Require.That(rules.Mappings == 0, "a place stays taken");
        }

        private void Ask(ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            var (peer, host) = (Samples.Peer(ref arguments), Samples.Host(ref arguments));
            var silences = new TimeSpan[arguments.Below(10)];
            for (var i = 0; i < silences.Length; i++)
            {
                silences[i] = arguments.Duration();
            }

            var decision = rules.OnAsk(peer, host, silences, now);
            digest.Add((int)decision.Refusal);
            if (decision.Refusal != LifetimeRefusal.None)
            {
                Require.That(decision.Tokens.Count == 0, "a refusal has tokens");
                return;
            }

            var network = AddressPrefix.Observer(host);
            Require.That(silences.All(s => s >= Limits.ShortestSilence && s <= Limits.LongestSilence), "a silence out of range is granted");
            Require.That(!_running.Exists(r => r.Peer == peer), "a peer measures twice at a time");
            _running.Add((decision.Ask, peer, network, silences.Length));
            Require.That(
                _running.Where(r => r.Network == network).Sum(r => r.Mappings) <= Limits.MappingsPerNetwork,
                "a network has more mappings than allowed");
            Require.That(decision.Tokens.Count == silences.Length, "not every silence has a token");
            _tokens.AddRange(decision.Tokens.Select(t => (t.ToArray(), decision.Ask, now)));
        }
    }
}
