using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.Connections;

namespace NatActors.Fuzz.Entries.Protocols.AutoNat;

/// <summary>The partners of a server: few are remembered, and those that are asked prove something.</summary>
public sealed class DialBackPartnersEntry : MachineEntry
{
    /// <inheritdoc />
    public override string Name => "protocols.autonat.partners";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } = ["speaks", "gone", "outcome", "choose", "crowd"];

    // A crowd is many connections by one event.
    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 24 * 1024, AllocatedConstant: 256 * 1024, StepsPerByte: 16_384, StepsConstant: 64 * 1024);

    /// <inheritdoc />
    public override int Cost => 60;

    /// <inheritdoc />
    public override int MaxLength => 300;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 1, 0, 1).On(0, 2, 2, 2).On(0, 0, 3, 3).On(3, 5, 4).On(2, 0, 0).On(3, 5, 4).On(1, 1).ToArray(),
        new EventScript().On(4, 3).On(0, 0, 0, 9).On(3, 4, 4).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new PartnersRun(random);

    private sealed class PartnersRun : IMachineRun
    {
        private readonly AutoNatServerPolicy _policy = new(allowPrivate: false, address => address.IsTcp);
        private readonly DialBackPartners _partners;
        private readonly Dictionary<long, TimeSpan> _rests = [];
        private IReadOnlyList<DialBackPartner> _chosen = [];

        public PartnersRun(RandomSource random)
        {
            _policy.SetOwn([Samples.Hosts[5]], [Samples.Hosts[4]]);
            _partners = new DialBackPartners(new HashSet<PeerId> { Samples.Peers[0] }, _policy, random);
        }

        public void On(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            switch (kind)
            {
                case 0:
                    var speaker = new AutoNatClient(Samples.Peer(ref arguments), Samples.Address(ref arguments), false);
                    if (_partners.Count == DialBackPartners.MaxPartners)
                    {
                        // A configured one may take the place of another, whose rest is forgotten with it.
                        _rests.Clear();
                    }

                    _partners.OnSpeaks(speaker, arguments.Byte());
                    break;
                case 1:
                    var gone = arguments.Byte();
                    _partners.OnGone(gone);
                    _rests.Remove(gone);
                    _chosen = [.. _chosen.Where(p => p.Connection != gone)];
                    break;
                case 2 when _chosen.Count > 0:
                    var asked = arguments.Pick(_chosen);
                    var outcome = (DialBackOutcome)arguments.Below(4);
                    _partners.OnOutcome(asked, outcome, now);
                    if (outcome == DialBackOutcome.NotTried)
                    {
                        _rests[asked.Connection] = now + DialBackPartners.Rest;
                    }

                    break;
                case 3:
                    Choose(new AutoNatClient(Samples.Peer(ref arguments), Samples.Address(ref arguments), false), now, ref digest);
                    break;
                case 4:
                    for (var (i, first) = (0, 1000 + (arguments.Byte() * 100)); i < 100; i++)
                    {
                        _partners.OnSpeaks(new AutoNatClient(Samples.Peers[7], Multiaddr.Parse($"/ip4/15.1.{i}.1/tcp/1"), false),
                            first + i);
                    }

                    break;
            }

            if (_partners.Count >= DialBackPartners.MaxPartners)
            {
                // One that has made room for another is forgotten, and how it behaved.
                _rests.Clear();
            }

            Require.That(_partners.Count <= DialBackPartners.MaxPartners, "more partners are remembered than allowed");
        }

        public void End(TimeSpan now, ref FuzzDigest digest) => digest.Add(_partners.Count);

        private void Choose(AutoNatClient client, TimeSpan now, ref FuzzDigest digest)
        {
            _chosen = _partners.Choose(client, now);
            digest.Add(_chosen.Count);
            Require.That(_chosen.Count <= DialBackPartners.AtOnce, "more partners are asked than allowed");
            Require.That(
                _chosen.Select(p => AddressPrefix.Observer(p.Ip)).Distinct().Count() == _chosen.Count,
                "two partners of one network are asked");
            foreach (var partner in _chosen)
            {
                Require.That(
                    partner.Peer != client.Peer && AddressScope.IsPublic(partner.Ip),
                    "a client is its own partner, or one inside a network is asked");
                Require.That(
                    client.Ip is null || AddressPrefix.Observer(client.Ip) != AddressPrefix.Observer(partner.Ip),
                    "a partner beside the client is asked");
                Require.That(
                    !_rests.TryGetValue(partner.Connection, out var until) || until <= now,
                    "a partner that would not dial is asked again at once");
            }
        }
    }
}
