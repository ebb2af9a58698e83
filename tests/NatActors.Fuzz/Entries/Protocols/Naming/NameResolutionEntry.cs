using System.Text;
using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.Naming;

namespace NatActors.Fuzz.Entries.Protocols.Naming;

/// <summary>An address with a name at its head, in a zone that a stranger owns: few questions, few addresses, all on numbers.</summary>
public sealed class NameResolutionEntry : MachineEntry
{
    private static readonly NameResolutionOptions Options = new() { MaxDepth = 3, MaxAddresses = 10, MaxQuestions = 6 };

    private static readonly Multiaddr[] Names =
    [
        .. new[]
        {
            "/dnsaddr/example.org", $"/dnsaddr/example.org/p2p/{Samples.Peers[1]}", "/dns4/example.org/tcp/1",
                "/dns/example.org/udp/1/quic-v1",
            $"/dnsaddr/r.example/p2p/{Samples.Peers[2]}/p2p-circuit/p2p/{Samples.Peers[3]}", "/dns6/example.org",
                "/dnsaddr/b\u00fccher.example",
        }.Select(Multiaddr.Parse),
    ];

    /// <inheritdoc />
    public override string Name => "protocols.naming.resolution";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } = ["begin", "addresses", "texts", "text", "failed"];

    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 4096, AllocatedConstant: 128 * 1024, StepsPerByte: 4096, StepsConstant: 128 * 1024);

    /// <inheritdoc />
    public override int Cost => 60;

    /// <inheritdoc />
    public override int MaxLength => 500;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 0).On(2, 0, 4, 0, 1, 31, 33).On(1, 0, 3, 0, 13, 22).ToArray(),
        new EventScript().On(0, 1).On(2, 0, 2, 0, 37).On(4, 0).ToArray(),
        new EventScript().On(0, 4).On(2, 0, 3, 37, 33, 33).On(2, 0, 3, 33, 31, 32).On(2, 0, 1, 33).On(2, 0, 1, 33).ToArray(),
        new EventScript().On(0, 2).On(1, 0, 3, 0, 13, 22).On(3, [0, .. Encoding.UTF8.GetBytes("dnsaddr=/dnsaddr/x.y/p2p/")]).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new ResolutionRun();

    private sealed class ResolutionRun : IMachineRun
    {
        private readonly List<DnsQuestion> _open = [];
        private NameResolution? _resolution;
        private int _asked;

        public void On(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            if (kind == 0 || _resolution is null)
            {
                _open.Clear();
                _asked = 0;
                _resolution = new NameResolution(arguments.Byte() is var which && which < 128 ? Names[which % Names.Length]
                    : Samples.Address(ref arguments), Options);
            }
            else if (_open.Count > 0)
            {
                var question = arguments.Pick(_open);
                _open.Remove(question);
                _resolution.OnAnswer(question, Answer(kind, ref arguments));
                _resolution.OnAnswer(question, DnsOutcome.Failure("twice"));
            }

            Hold(ref digest);
        }

        public void End(TimeSpan now, ref FuzzDigest digest)
        {
            while (_resolution is not null && _open.Count > 0)
            {
                var question = _open[^1];
                _open.Remove(question);
                _resolution.OnAnswer(question, DnsOutcome.Failure("the end"));
                Hold(ref digest);
            }
        }

        private static DnsOutcome Answer(int kind, ref EventArguments arguments)
        {
            switch (kind)
            {
                case 1:
                    var addresses = new System.Net.IPAddress[arguments.Below(20)];
                    for (var i = 0; i < addresses.Length; i++)
                    {
                        var host = Samples.Host(ref arguments);
                        addresses[i] = new System.Net.IPAddress(host.GetAddressBytes());
                    }

                    return DnsOutcome.Known(addresses);
                case 2:
                    var texts = Samples.AddressList(ref arguments, 20).ConvertAll(a => $"dnsaddr={a}");
                    return new DnsOutcome(DnsOutcomeKind.Found, [], texts, null, "");
                case 3: return new DnsOutcome(DnsOutcomeKind.Found, [], [Encoding.Latin1.GetString(arguments.Rest)], null, "");
                default: return DnsOutcome.Failure("why");
            }
        }

        private void Hold(ref FuzzDigest digest)
        {
            foreach (var question in _resolution!.Questions())
            {
                Require.That(!_open.Contains(question) && ++_asked <= Options.MaxQuestions, "a question is asked twice, or too many");
                _open.Add(question);
            }

            Require.That(_resolution.Result is null == (_open.Count > 0), "a result is there before the answers, or not behind them");
            if (_resolution.Result is { } result)
            {
                Require.That((result.Failure is null) == (result.Addresses.Count > 0), "addresses and a failure at once, or neither");
                Require.That(
                    result.Addresses.Count <= Options.MaxAddresses && result.Addresses.All(a => !a.UsesDns),
                    "too many addresses, or one that is still a name");
                digest.Add(result.Addresses.Count);
                digest.Add(result.Failure);
            }
        }
    }
}
